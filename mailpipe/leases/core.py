"""Describes leases for people and programs; pure."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol

from mailpipe.errors import UsageError

SHORTEST = 4  # characters of an id that may be given
_ID = 12  # characters of an id that are shown
_PID = re.compile(r"(\d+)(?:-|$)")
_VALIDITY = re.compile(r"(?P<store>.+);UIDVALIDITY=(?P<validity>\d+)$")
COLUMNS = (("ID", 14), ("STATE", 9), ("LEFT", 9), ("TRIES", 6), ("RUN", 15), ("MESSAGE", 0))


class Entry(Protocol):
    """A row of the state database, see mailpipe.wire.leases."""

    @property
    def box(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def holder(self) -> str | None: ...
    @property
    def until(self) -> float | None: ...
    @property
    def attempts(self) -> int: ...
    @property
    def settled(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Lease:
    """One entry, and what is to be said of it."""

    box: str
    message: str
    id: str
    state: str
    running: bool | None
    said: dict[str, Any]


def described(entries: Iterable[Entry], now: float, runs: Callable[[int], bool]) -> list[Lease]:
    """Each entry as a lease; ``runs`` tells whether a process of this host is there."""
    return [_lease(entry, now, runs) for entry in entries]


def _lease(entry: Entry, now: float, runs: Callable[[int], bool]) -> Lease:
    name = sha256(f"{entry.box}\0{entry.message}".encode("utf-8", "surrogatepass")).hexdigest()[:_ID]
    pid = _PID.match(entry.holder or "")
    number = int(pid[1]) if pid else None
    running = None if number is None else runs(number)
    state = _state(entry, now)
    box = _VALIDITY.match(entry.box)
    said: dict[str, Any] = {
        "id": name,
        "state": state,
        "mailbox": box["store"] if box else entry.box,
        "uidValidity": int(box["validity"]) if box else None,
        "uid": entry.message,
        "attempts": entry.attempts,
        "pid": number,
        "running": running,
        "until": _moment(entry.until),
        "seconds": None if entry.until is None else round(entry.until - now),
        "settled": entry.settled,
    }
    kept = {key: value for key, value in said.items() if value is not None}
    return Lease(entry.box, entry.message, name, state, running, kept)


def _state(entry: Entry, now: float) -> str:
    if entry.settled is not None:
        return "settled"
    if entry.until is None:
        return "free"
    return "leased" if entry.until > now else "ended"


def _moment(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")


def chosen(leases: Sequence[Lease], names: Sequence[str]) -> list[Lease]:
    """The leases of these ids, or beginnings of ids; raises UsageError for what is none or several."""
    found = []
    for name in names:
        fitting = [lease for lease in leases if lease.id.startswith(name.lower())]
        if len(name) < SHORTEST or len(fitting) > 1:
            raise UsageError(f"{name!r} may be several leases", hint="give more of the id")
        if not fitting:
            raise UsageError(f"there is no lease {name!r}", hint="'mailpipe leases' lists them")
        found += fitting
    return found


def head() -> str:
    """The first line of the table."""
    return _row([title for title, _width in COLUMNS])


def row(said: dict[str, Any]) -> str:
    """A line of the table; control characters of a folder's name are not printed."""
    run = f"{said['pid']}{'' if said.get('running') else ' (dead)'}" if "pid" in said else "-"
    left = f"{said['seconds']} s" if "seconds" in said else "-"
    name = "".join(char if char.isprintable() else "?" for char in f"{said['mailbox']} {said['uid']}")
    return _row([said["id"], said["state"], left, str(said["attempts"]), run, name])


def _row(cells: list[str]) -> str:
    padded = [cell.ljust(width) for cell, (_title, width) in zip(cells, COLUMNS, strict=True)]
    return "".join(padded).rstrip() + "\n"
