"""Looks at this computer: the interpreter, the libraries, the state database, the clock's company."""

import platform
import shutil
import ssl
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from mailpipe import config
from mailpipe.check.core import Finding, fail, ok, warn
from mailpipe.errors import Exit
from mailpipe.wire import database
from mailpipe.wire.leases import SCHEMA

LEAST_FREE = 100 * 1024 * 1024  # octets; SQLite and Maildirs need room to be safe
# What lower versions are known for: sandbox escapes, mutation XSS, code in documents.
_FLOORS = {"Jinja2": (3, 1, 6), "bleach": (6, 0, 0), "PyYAML": (6, 0, 1)}


def python() -> Iterator[Finding]:
    """The interpreter, and the holes that are known of it.

    They are looked for by what it does, not by its version: distributions mend old versions.
    """
    name = f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}"
    holes = list(_holes())
    for cve, what in holes:
        yield warn(
            "python",
            f"{name}: {cve}: {what}",
            "mailpipe has its own code there, but handlers in Python may not: take the newest patch release",
        )
    if not holes:
        yield ok("python", name)


def _holes() -> Iterator[tuple[str, str]]:
    import email.policy
    import email.utils
    import ipaddress

    if not getattr(email.utils, "supports_strict_parsing", False):
        yield "CVE-2023-27043", "email.utils.parseaddr takes one address for another"
    if not hasattr(email.policy.Policy, "verify_generated_headers"):
        yield "CVE-2024-6923", "email lets line ends in values make headers of their own"
    if ipaddress.ip_address("192.0.0.9").is_private:
        yield "CVE-2024-4032", "ipaddress calls private what is public, and the other way round"


def libraries() -> Iterator[Finding]:
    """The libraries that stand between mail and harm."""
    for name, floor in _FLOORS.items():
        wanted = ".".join(map(str, floor))
        try:
            found = version(name)
        except PackageNotFoundError:
            yield fail("libraries", f"{name} is not installed", f"pip install '{name}>={wanted}'")
            continue
        if _numbers(found) < floor:
            yield fail(
                "libraries", f"{name} {found} has known holes", f"pip install --upgrade '{name}>={wanted}'"
            )
        else:
            yield ok("libraries", f"{name} {found}")


def _numbers(text: str) -> tuple[int, ...]:
    parts = [part for part in text.split(".")[:3] if part.isdigit()]
    return (*map(int, parts), 0, 0, 0)[:3]


def state() -> Iterator[Finding]:
    """The state database: that it can be written, and that there is room."""
    folder = config.state_dir()
    db = database.connect(folder, SCHEMA)
    try:
        with database.guard(folder / database.NAME):
            [mode] = db.execute("PRAGMA journal_mode").fetchone()
        with database.transaction(db):
            pass
    finally:
        db.close()
    if mode != "wal":
        todo = "set XDG_STATE_HOME to a folder on a local disk: databases on network folders break"
        yield fail("state", f"{folder} takes no write-ahead log ({mode})", todo)
    yield ok("state", f"{folder} can be written")
    yield from room(folder)


def room(folder: Path) -> Iterator[Finding]:
    """Whether the disk has room."""
    free = shutil.disk_usage(folder).free
    if free < LEAST_FREE:
        todo = "make room before messages are handed out"
        yield fail("state", f"{folder}: {free // 1024**2} MiB are free", todo, Exit.IO)
