"""Stream messages: sizes first, then bodies in two batches at a time, each message as it arrives.

The length of a literal is what counts, never the look of a line; a message is given out only when
the answer that holds it is complete.
"""

import re
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from mailpipe.errors import ProtocolError
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_names import uid_set
from mailpipe.wire.imap_syntax import Oversize, pairs

GROUP = 500  # messages whose sizes are asked for together
BATCH = 100  # messages whose bodies are asked for together
BATCH_OCTETS = 4 * 1024 * 1024
IN_FLIGHT = 2  # body commands
SLACK = 16 * 1024 * 1024  # octets that a message may have more than the server told

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])([01]\d|2[0-3])([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """One message; ``raw`` is None when it is too large or, with ``missing``, when there is no body."""

    uid: int
    size: int
    flags: list[str]
    received_at: datetime | None
    raw: bytes | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    uid: int
    size: int
    flags: list[str]
    received_at: datetime | None

    def found(self, raw: bytes | None, missing: str = "") -> Fetched:
        return Fetched(
            uid=self.uid,
            size=self.size,
            flags=self.flags,
            received_at=self.received_at,
            raw=raw,
            missing=missing,
        )


@dataclass(slots=True)
class _Command:
    """A command without its tagged answer; ``waiting`` are the UIDs that have not been answered."""

    tag: str
    waiting: dict[int, _Head | None]
    sizes: bool = False


class Stream:
    """The messages of some groups of UIDs.

    ``groups`` may be computed while messages arrive, but not by commands on this session.  ``gone``
    is told the UIDs that turned out not to exist any more.
    """

    def __init__(
        self,
        session: Session,
        groups: Iterable[Sequence[int]],
        *,
        max_size: int,
        gone: Callable[[int], None],
    ) -> None:
        self._session = session
        self._groups = iter(groups)
        self._max_size = max_size
        self._gone = gone
        self._ready: deque[_Head] = deque()
        self._running: deque[_Command] = deque()

    def messages(self) -> Generator[Fetched]:
        """Each message, nearly in the order of UIDs; raises WorldError."""
        while True:
            self._ask_bodies()
            while self._ready and self._ready[0].size > self._max_size:
                yield self._ready.popleft().found(None)
                self._ask_bodies()
            self._ask_sizes()
            if not self._running:
                return
            yield from self._read()

    def _ask_bodies(self) -> None:
        while sum(not one.sizes for one in self._running) < IN_FLIGHT:
            batch = self._batch()
            if not batch:
                return
            tag = self._session.start("UID FETCH", uid_set(batch), "(UID BODY.PEEK[])")
            self._running.append(_Command(tag, waiting=batch))

    def _batch(self) -> dict[int, _Head | None]:
        batch: dict[int, _Head | None] = {}
        octets = 0
        while self._ready and len(batch) < BATCH and self._ready[0].size <= self._max_size:
            octets += self._ready[0].size
            if batch and octets > BATCH_OCTETS:
                break
            head = self._ready.popleft()
            batch[head.uid] = head
        return batch

    def _ask_sizes(self) -> None:
        """Ask for the next sizes while bodies arrive, so that there is never a pause between."""
        if len(self._ready) >= BATCH or any(one.sizes for one in self._running):
            return
        group = next(self._groups, None)
        if group:
            tag = self._session.start("UID FETCH", uid_set(group), "(UID FLAGS INTERNALDATE RFC822.SIZE)")
            self._running.append(_Command(tag, sizes=True, waiting=dict.fromkeys(group)))

    def _read(self) -> Iterator[Fetched]:
        answer = self._session.answer(body=self._max_size, hard=2 * self._max_size + SLACK)
        if answer.tag == "*":
            if answer.kind == "FETCH" and answer.values:
                yield from self._fetched(pairs(answer.values[0]))
            return
        command = self._running.popleft()
        if answer.tag != command.tag:
            raise ProtocolError(f"{self._session.name} answers {answer.tag!r} before {command.tag!r}")
        if answer.kind == "BAD":
            raise Refused(self._session.name, "UID FETCH", answer).as_error()
        for uid, head in command.waiting.items():
            if answer.kind == "OK" or answer.code == "EXPUNGEISSUED" or head is None:
                self._gone(uid)
            else:
                yield head.found(None, missing=f"{self._session.name}: {answer.text}")

    def _fetched(self, items: dict[str, Any]) -> Iterator[Fetched]:
        """What one FETCH answer gives; those that we did not ask for give nothing."""
        uid = _number(items.get("UID"))
        for command in self._running:
            if uid not in command.waiting:
                continue
            if command.sizes and "RFC822.SIZE" in items:
                del command.waiting[uid]
                self._ready.append(_head(uid, items))
                return
            head = command.waiting[uid]
            if head is not None and "BODY[]" in items:
                del command.waiting[uid]
                yield _with_body(head, items["BODY[]"])
                return


def _with_body(head: _Head, body: Any) -> Fetched:
    if isinstance(body, Oversize):
        return replace(head, size=body.size).found(None)
    if body is None:
        return head.found(None, missing="the server has no body for this message")
    if not isinstance(body, bytes):
        raise ProtocolError("the server sends a message that is no string")
    return replace(head, size=len(body)).found(body)


def _head(uid: int, items: dict[str, Any]) -> _Head:
    flags = items.get("FLAGS")
    return _Head(
        uid=uid,
        size=_number(items["RFC822.SIZE"]),
        flags=[str(flag) for flag in flags] if isinstance(flags, list) else [],
        received_at=moment(items.get("INTERNALDATE")),
    )


def _number(value: Any) -> int:
    return int(value) if isinstance(value, str) and value.isdigit() else 0


def moment(value: Any) -> datetime | None:
    """The time of a ``date-time`` (RFC 3501 section 9); None for what is not one."""
    found = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = (part.decode() for part in found.groups())
    offset = timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1)
    try:
        return datetime(
            int(year),
            _MONTHS.index(month.lower()) // 4 + 1,
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),
            tzinfo=timezone(offset),
        )
    except ValueError:
        return None
