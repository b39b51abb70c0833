"""A message as it lies in a mailbox: what a source hands to fetch."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from mailpipe.errors import RecordError

# RFC 8621 section 4.1.1: system flags become JMAP keywords; \Deleted and \Recent have none.
_KEYWORDS = {
    "\\seen": "$seen",
    "\\answered": "$answered",
    "\\flagged": "$flagged",
    "\\draft": "$draft",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which messages to read: ``max_size`` in octets, ``since`` by day of arrival.

    ``headers`` are names and texts: a field of that name has to hold the text, without regard to
    case.  ``search`` is a search key in the language of IMAP.
    """

    max_size: int
    unseen: bool = False
    since: date | None = None
    headers: tuple[tuple[str, str], ...] = ()
    search: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One message and its place.

    ``key`` names it within its mailbox for ever (``uid`` as text); ``box`` names the mailbox for
    ever, with its UIDVALIDITY.  ``raw`` is None when ``problem`` says why it was not read.
    """

    box: str
    key: str
    place: dict[str, Any]
    size: int
    received_at: datetime | None
    keywords: dict[str, bool] = field(default_factory=dict)
    raw: bytes | None = None
    problem: RecordError | None = None


def keywords(flags: list[str]) -> dict[str, bool]:
    """JMAP keywords of IMAP flags: lower-cased, system flags with a dollar sign."""
    found = {}
    for flag in flags:
        name = flag.lower()
        if name in _KEYWORDS:
            found[_KEYWORDS[name]] = True
        elif not name.startswith("\\"):
            found[name] = True
    return found


def too_large(size: int, limit: int) -> RecordError:
    """The problem of a message that is not read because of its size, both in octets."""
    return RecordError(
        f"the message has {size} octets, the limit is {limit}",
        slug="limit:size",
        hint="raise --max-size, or handle it by hand in the failed folder",
    )
