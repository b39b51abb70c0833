"""Stream messages: sizes first, then bodies in two batches at a time, each message as it arrives.

The length of a literal is what counts, never the look of a line; a message is given out only when
the answer that holds it is complete.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mailpipe.errors import ProtocolError
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_message import BODY, BODY_END, Fetched, head, number, quick_head
from mailpipe.wire.imap_names import uid_set
from mailpipe.wire.imap_syntax import Answer, Oversize, pairs

GROUP = 500  # messages whose sizes are asked for together: a set of them stays below 8192 octets
BATCH = 500  # messages whose bodies are asked for together
BATCH_OCTETS = 8 * 1024 * 1024
IN_FLIGHT = 2  # body commands
SLACK = 16 * 1024 * 1024  # octets that a message may have more than the server told


@dataclass(slots=True)
class _Command:
    """A command without its tagged answer; ``waiting`` are the UIDs that have not been answered."""

    tag: str
    waiting: dict[int, Fetched | None]
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
        self._ready: deque[Fetched] = deque()
        self._running: deque[_Command] = deque()

    def messages(self) -> Generator[Fetched]:
        """Each message, nearly in the order of UIDs; raises WorldError."""
        while True:
            self._ask_bodies()
            while self._ready and self._ready[0].size > self._max_size:
                yield self._ready.popleft()
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

    def _batch(self) -> dict[int, Fetched | None]:
        batch: dict[int, Fetched | None] = {}
        octets = 0
        while self._ready and len(batch) < BATCH and self._ready[0].size <= self._max_size:
            octets += self._ready[0].size
            if batch and octets > BATCH_OCTETS:
                break
            message = self._ready.popleft()
            batch[message.uid] = message
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
        line = self._session.channel.line()
        found = BODY.fullmatch(line)
        if found is not None and int(found[2]) <= self._max_size:
            yield from self._body(line, int(found[1]), int(found[2]))
            return
        message = quick_head(line)
        if message is None:
            yield from self._answered(self._answer(line))
        else:
            self._sized(message)

    def _body(self, line: bytes, uid: int, size: int) -> Iterator[Fetched]:
        channel = self._session.channel
        raw = channel.exactly(size)
        end = channel.line()
        if end != BODY_END:
            yield from self._answered(self._answer(line, raw, end))
            return
        for command in self._running:
            message = command.waiting.get(uid)
            if message is not None:
                del command.waiting[uid]
                message.size, message.raw = size, raw
                yield message
                return

    def _sized(self, message: Fetched) -> None:
        """Take note of a message whose size was asked for; others are no news of ours."""
        for command in self._running:
            if command.sizes and message.uid in command.waiting:
                del command.waiting[message.uid]
                self._ready.append(message)

    def _answer(self, *read: bytes) -> Answer:
        return self._session.answer(body=self._max_size, hard=2 * self._max_size + SLACK, read=read)

    def _answered(self, answer: Answer) -> Iterator[Fetched]:
        if answer.tag == "*":
            if answer.kind == "FETCH" and answer.values:
                yield from self._fetched(pairs(answer.values[0]))
            return
        command = self._running.popleft()
        if answer.tag != command.tag:
            raise ProtocolError(f"{self._session.name} answers {answer.tag!r} before {command.tag!r}")
        if answer.kind == "BAD":
            raise Refused(self._session.name, "UID FETCH", answer).as_error()
        for uid, message in command.waiting.items():
            if answer.kind == "OK" or answer.code == "EXPUNGEISSUED" or message is None:
                self._gone(uid)
            else:
                message.missing = f"{self._session.name}: {answer.text}"
                yield message

    def _fetched(self, items: dict[str, Any]) -> Iterator[Fetched]:
        """What one FETCH answer gives; those that we did not ask for give nothing."""
        uid = number(items.get("UID"))
        for command in self._running:
            if uid not in command.waiting:
                continue
            if command.sizes and "RFC822.SIZE" in items:
                self._sized(head(items))
                return
            message = command.waiting[uid]
            if message is not None and "BODY[]" in items:
                del command.waiting[uid]
                yield _with_body(message, items["BODY[]"])
                return


def _with_body(message: Fetched, body: Any) -> Fetched:
    if isinstance(body, Oversize):
        message.size = body.size
    elif body is None:
        message.missing = "the server has no body for this message"
    elif isinstance(body, bytes):
        message.size, message.raw = len(body), body
    else:
        raise ProtocolError("the server sends a message that is no string")
    return message
