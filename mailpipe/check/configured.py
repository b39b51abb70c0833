"""Looks at the configuration: the file, the account, and whether its secrets can be read."""

from collections.abc import Iterator

from mailpipe.check.core import Finding, fail, ok, warn
from mailpipe.config import Account, Secret, Settings, default_path
from mailpipe.mail import addresses


def account(settings: Settings, name: str | None) -> Account:
    """The account that is looked at; raises ConfigError."""
    return settings.account(name)


def file(settings: Settings, name: str | None) -> Iterator[Finding]:
    """The file and what it says of the account."""
    path = settings.path or default_path()
    chosen = account(settings, name)
    yield ok("config", f"{path}: account {chosen.name!r}")
    yield from _sender(settings, chosen)
    if chosen.ref_key is None:
        todo = (
            "make a key (openssl rand -hex 32 > ref.key; chmod 600 ref.key) and add refKey: {file: ref.key}"
        )
        yield warn("config", "without refKey anybody can guess his way into a resource", todo)
    if not chosen.trust.authserv_ids:
        todo = "name your own border servers: trust: {authservIds: [mx.example.com]}"
        yield Finding("config", "note", "auth.verified will always be null", todo)
    for kind, server in (("imap", chosen.imap), ("smtp", chosen.smtp)):
        if server is None:
            yield Finding("config", "note", f"no {kind} server: the account cannot {_VERB[kind]}")


_VERB = {"imap": "fetch, settle or keep sent copies", "smtp": "send"}


def _sender(settings: Settings, chosen: Account) -> Iterator[Finding]:
    if chosen.from_ is None:
        yield Finding("config", "note", "no from: each template has to say it")
        return
    defects: list[str] = []
    parsed = addresses.parse(chosen.from_, defects)
    if len(parsed) != 1 or not parsed[0].email or "@" not in parsed[0].email:
        yield fail("config", f"from is no single address: {chosen.from_}", "write Name <address@example.com>")
        return
    domain = parsed[0].email.rpartition("@")[2]
    wanted = settings.config.domain
    if wanted and wanted.lower() != domain.lower():
        yield Finding("config", "note", f"from is at {domain}, replies go to {wanted}: is that meant?")


def secrets(chosen: Account) -> Iterator[Finding]:
    """Whether each secret can be read; it is shown nowhere."""
    named: dict[str, Secret | None] = {"refKey": chosen.ref_key}
    for kind, server in (("imap", chosen.imap), ("smtp", chosen.smtp)):
        if server is not None:
            named |= {f"{kind}.password": server.password, f"{kind}.token": server.token}
    for name, secret in named.items():
        if secret is None:
            continue
        text = secret.read()
        if not text:
            yield fail("secrets", f"{name} is empty", "look at what its command or file gives")
        else:
            yield ok("secrets", f"{name} can be read")
        if text != text.strip():
            yield warn("secrets", f"{name} begins or ends with a space", "take it out unless it is meant")
