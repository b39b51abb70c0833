"""Looks at the way out: login, extensions, and whether the sender is taken; nothing is sent."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from mailpipe.check import network
from mailpipe.check.core import Finding, Probe, fail, ok, warn
from mailpipe.config import Account, Settings
from mailpipe.errors import Exit, TemporaryError
from mailpipe.mail import addresses
from mailpipe.send import transports
from mailpipe.send.via import Via, via
from mailpipe.wire import esmtp
from mailpipe.wire.smtp_session import Lost, Place, Session, open_session

# What each extension is good for.
_WANTED = {
    "PIPELINING": "without it each message takes several round trips",
    "8BITMIME": "",
    "SMTPUTF8": "without it no mail goes to addresses with other letters than ASCII",
    "SIZE": "",
    "DSN": "",
}


def probes(settings: Settings, account: Account) -> list[Probe]:
    """What to look at; raises UsageError or ConfigError if there is no usable way."""
    if account.smtp is None:
        return []
    where = via(account.smtp.url)
    if not where.networked:
        return [Probe(where.scheme, lambda: _local(where))]
    place = transports.place(settings, account.smtp, where, transports.Wishes())
    found = [Probe("smtp", lambda: _smtp(place, account))]
    if place.host:
        found.insert(0, Probe("smtp: name", lambda: network.dns("smtp: name", place.host, place.proxy)))
    return found


def _local(where: Via) -> Iterator[Finding]:
    path = Path(where.path).expanduser().absolute()
    if where.scheme == "sendmail":
        if not os.access(path, os.X_OK):
            yield fail("sendmail", f"{path} cannot be run", "is a mail server installed?", Exit.UNAVAILABLE)
        else:
            yield ok("sendmail", f"{path} is there")
    elif not os.access(path if path.exists() else path.parent, os.W_OK):
        yield fail("maildir", f"{path} cannot be written", f"mkdir -p {path}", Exit.CANNOT_CREATE)
    else:
        yield ok("maildir", f"{path} can be written")


def _smtp(place: Place, account: Account) -> Iterator[Finding]:
    try:
        session = open_session(place)
        try:
            who = place.credentials.user if place.credentials else "nobody in particular"
            yield ok("smtp: login", f"{place.name}: logged in as {who}")
            yield from network.tls("smtp: tls", session.link, datetime.now(UTC))
            yield from _abilities(session)
            yield from _sender(session, account)
        finally:
            session.close(politely=True)
    except Lost as exc:
        raise TemporaryError(f"{place.name}: {exc}") from exc


def _abilities(session: Session) -> Iterator[Finding]:
    offered = session.terms.offered
    size = esmtp.size_limit(offered)
    said = [name for name in _WANTED if name in offered and name != "SIZE"]
    said += [f"SIZE {size}"] if size else []
    yield ok("smtp: extensions", ", ".join(said) or "none")
    for name, why in _WANTED.items():
        if why and name not in offered:
            yield warn("smtp: extensions", f"the server has no {name}", why)


def _sender(session: Session, account: Account) -> Iterator[Finding]:
    parsed = addresses.parse(account.from_ or "", [])
    if len(parsed) != 1 or not parsed[0].email or not parsed[0].email.isascii():
        return
    reply = session.ask(f"MAIL FROM:<{parsed[0].email}>".encode("ascii"))
    if reply.positive:
        yield ok("smtp: sender", f"{parsed[0].email} may send")
        session.ask(b"RSET")
    else:
        todo = "let this user send as that address, or change from"
        status = Exit.NO_PERMISSION if reply.permanent else Exit.TEMPORARY
        yield fail("smtp: sender", f"{parsed[0].email} is refused: {reply.text()}", todo, status)
