"""fetch: messages of a mailbox as records, each handed out by one run only."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Protocol

from mailpipe.fetch.claims import Claims
from mailpipe.mail.stored import Stored
from mailpipe.record import Record


class Source(Protocol):
    """A mailbox that can be read."""

    def messages(self, take: Callable[[str, Sequence[str]], Sequence[str]], /) -> Generator[Stored]:
        """Each message that ``take(box, keys)`` grants, in the mailbox's order; changes nothing.

        May leave out granted messages that are gone.  Raises WorldError.
        """
        ...


def fetch(
    _records: Iterable[Record], *, sources: Iterable[Source], claims: Claims, report: Callable[[str], None]
) -> Iterator[Record]:
    """Yield one record for each message that ``claims`` grants.

    When the reader goes away, what it was not handed is given back.  ``report`` gets sentences for
    people, at the end.
    """
    try:
        for source in sources:
            with closing(source.messages(claims.take)) as messages:
                for message in messages:
                    attempt = claims.hand_out(message.box, message.key)
                    if attempt is not None:
                        yield record_of(message, attempt, claims.mark)
                    if claims.complete:
                        break
            if claims.complete:
                break
    finally:
        claims.close()
    if claims.refused:
        report(claims.refused)


def record_of(message: Stored, attempt: int, mark: Mapping[str, bool]) -> Record:
    """The record of one message, with ``raw`` as octets; ``attempt`` is 0 when it was only looked at."""
    source: dict[str, Any] = {name: value for name, value in message.place.items() if value is not None}
    if attempt:
        source |= {"attempt": attempt, **mark}
    record: Record = {
        "source": source,
        "receivedAt": utc(message.received_at) if message.received_at else None,
        "size": message.size,
        "keywords": message.keywords,
    }
    if message.problem is not None:
        return {**record, "error": message.problem.as_record("fetch")}
    raw = message.raw or b""
    return {"id": "sha256:" + hashlib.sha256(raw).hexdigest(), **record, "raw": raw}


def utc(moment: datetime) -> str:
    """A JMAP UTCDate (RFC 8620 section 1.4)."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
