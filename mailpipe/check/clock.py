"""Compares the clock of this computer with that of the mail server."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from mailpipe.check.core import Finding, ok, warn
from mailpipe.wire.imap import Session
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_message import moment
from mailpipe.wire.imap_syntax import pairs

CLOSE = timedelta(seconds=60)  # signatures of webhooks, leases and tokens allow for some minutes
_TODO = "let NTP set the clock of this computer"


def by_own(session: Session, uid: int, before: datetime) -> Iterator[Finding]:
    """By the time that the server has given to a message of ours, just now."""
    arrived = _arrived(session, "UID FETCH", uid)
    if arrived is None:
        return
    off = arrived - before
    if abs(off) > CLOSE:
        yield warn("clock", f"the server's clock differs by {off.total_seconds():.0f} s", _TODO)
    else:
        yield ok("clock", f"the server's clock differs by {off.total_seconds():.0f} s")


def by_newest(link: Link, inbox: str, now: datetime) -> Iterator[Finding]:
    """By the newest message, which cannot have arrived in the future."""
    folder = link.enter(inbox, read_only=True)
    arrived = _arrived(link.session(), "FETCH", folder.exists) if folder.exists else None
    if arrived is not None and arrived - now > CLOSE:
        ahead = (arrived - now).total_seconds()
        yield warn("clock", f"the newest message arrived {ahead:.0f} s in the future", _TODO)
    else:
        yield Finding("clock", "note", "the server's clock is not measured", "check --prepare does it")


def _arrived(session: Session, command: str, number: int) -> datetime | None:
    for answer in session.command(command, str(number), "(INTERNALDATE)"):
        if answer.kind == "FETCH" and answer.values:
            found = moment(pairs(answer.values[0]).get("INTERNALDATE"))
            if found is not None:
                return found
    return None
