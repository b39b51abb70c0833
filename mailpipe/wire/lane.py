"""Drive the transactions of one connection: what is under way on it, what is out, what is in doubt."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from mailpipe.mail.parcel import Parcel, Receipt
from mailpipe.mail.reply import Reply
from mailpipe.wire.smtp_session import Lost, Session
from mailpipe.wire.transaction import NO_ANSWER, Ended, Last, Step, Transaction, Want, transaction

CLOSING = 421  # the server is about to close the connection (RFC 5321 section 3.8)

Clock = Callable[[], float]


@dataclass(slots=True)
class Passage:
    """One parcel on one connection; ``end`` counts the connection's octets up to its final dot."""

    parcel: Parcel
    steps: Transaction
    wanted: int = 0
    replies: list[Reply] = field(default_factory=list)
    end: int = 0


class Lane:
    """One connection and what is under way on it: a parcel whose dot is out, the next behind it.

    ``ending`` are the parcels whose final dot is in what :meth:`flush` will send.
    """

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.ending: list[Parcel] = []
        self._clock = clock
        self._ended = Ended()
        self._under_way: deque[Passage] = deque()
        self._out: list[bytes] = []
        self._unsent = memoryview(b"")
        self._queued = 0
        self._deadline = 0.0
        self._unwritten: Passage | None = None
        self._limits = session.place.timeouts

    @property
    def idle(self) -> bool:
        """Whether nothing is under way."""
        return not self._under_way

    @property
    def free(self) -> bool:
        """Whether it may take a parcel now: behind the end of the last one, where the server allows it."""
        under_way = self._under_way
        if not under_way:
            return True
        return len(under_way) == 1 and under_way[0].end > 0 and self.session.terms.pipelining

    @property
    def parcels(self) -> list[Parcel]:
        """What is under way and could still be done anew: the server has not seen its end."""
        return [passage.parcel for passage in self._under_way if not self._seen(passage)]

    @property
    def bound(self) -> bool:
        """Whether an end is on its way or was seen, to which there is no answer yet."""
        return any(p.end and p.parcel not in self.ending for p in self._under_way)

    @property
    def full(self) -> bool:
        """Whether there are octets that the network has not taken yet."""
        return bool(self._unsent)

    @property
    def ready(self) -> bool:
        """Whether there is something to flush."""
        return bool(self._out)

    def _seen(self, passage: Passage) -> bool:
        return 0 < passage.end <= self._queued - len(self._unsent) - sum(map(len, self._out))

    def left(self) -> float:
        """Seconds until the server is too late."""
        return self._deadline - self._clock()

    def start(self, parcel: Parcel) -> Receipt | None:
        """Begin a parcel; its first commands go out with the next :meth:`flush`."""
        passage = Passage(parcel, transaction(parcel, self.session.terms, self._ended))
        self._under_way.append(passage)
        return self._advance(passage, ())

    def flush(self) -> None:
        """Write what has gathered, as far as the network takes it; raises Lost."""
        if self._out:
            self._unsent = memoryview(b"".join([self._unsent, *self._out]))
            self._out.clear()
            self.ending.clear()
            self._wait_anew()
        self.drain()

    def drain(self) -> None:
        """Go on writing what was flushed before; raises Lost."""
        while self._unsent:
            taken = self.session.write(self._unsent)
            if not taken:
                return
            self._unsent = self._unsent[taken:]
            self._wait_anew()
        if self._unwritten is not None:
            passage, self._unwritten = self._unwritten, None
            self._advance(passage, ())

    def _wait_anew(self) -> None:
        ended = bool(self._under_way) and self._under_way[0].end > 0
        self._deadline = self._clock() + (self._limits.dot if ended else self._limits.command)

    def take(self, receipts: list[Receipt]) -> None:
        """Read what is there and go on with it as far as possible; raises Lost behind the last receipt."""
        self.session.receive_now()
        self._wait_anew()
        under_way = self._under_way
        for reply in self.session.replies():
            passage = under_way[0] if under_way else None
            if passage is None or not passage.wanted or (reply.code == CLOSING and not passage.end):
                # Many servers take only so many messages on one connection: the next may do.
                raise Lost(reply.text(), reply)
            passage.replies.append(reply)
            if len(passage.replies) == passage.wanted:
                receipt = self._advance(passage, passage.replies)
                if receipt is not None:
                    receipts.append(receipt)

    def check(self) -> None:
        """Raise Lost when the server is too late."""
        if self.left() <= 0:
            raise Lost("no answer in time")

    def given_up(self, why: Lost) -> list[Receipt]:
        """What became of the parcels whose end the server has seen, when there will be no answer."""
        text = f"4.4.2 {why}, after the end of the message"
        receipts: list[Receipt] = []
        for passage in filter(self._seen, list(self._under_way)):
            missing = passage.wanted - len(passage.replies)
            replies = [*passage.replies, *[Reply(NO_ANSWER, (text,))] * missing]
            receipt = self._advance(passage, replies)
            assert receipt is not None
            receipts.append(receipt)
        return receipts

    def _advance(self, passage: Passage, replies: "list[Reply] | tuple[()]") -> Receipt | None:
        passage.wanted = 0
        try:
            step: Step = passage.steps.send(replies) if replies else next(passage.steps)
            while True:
                if isinstance(step, bytes):
                    self._put(step)
                elif isinstance(step, Last):
                    self._put(step.octets)
                    passage.end = self._queued
                    self.ending.append(passage.parcel)
                elif step is Want.WRITTEN:
                    self._unwritten = passage
                    return None
                else:
                    assert isinstance(step, int)
                    passage.wanted, passage.replies = step, []
                    return None
                step = next(passage.steps)
        except StopIteration as end:
            self._under_way.remove(passage)
            return Receipt(passage.parcel, end.value)

    def _put(self, octets: bytes) -> None:
        self._out.append(octets)
        self._queued += len(octets)
