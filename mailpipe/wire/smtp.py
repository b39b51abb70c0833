"""Send through SMTP or LMTP on some connections: one write per step, one wait for all of them."""

import select
import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from mailpipe.errors import WorldError
from mailpipe.mail.parcel import Events, Intent, Parcel, Receipt, Stop
from mailpipe.mail.reply import Fate, Reply, local_reply, refusal
from mailpipe.wire.smtp_session import Lost, Place, Session, Unsent, open_session
from mailpipe.wire.transaction import Ended, Step, Transaction, Want, transaction

CLOSING = 421  # the server is about to close the connection (RFC 5321 section 3.8)

ANOTHER_SECONDS = 5.0  # how long one more connection may take to be ready

Clock = Callable[[], float]


@dataclass(slots=True)
class Passage:
    """One parcel on one connection."""

    parcel: Parcel
    steps: Transaction
    dotted: bool = False


class Lane:
    """One connection and what is under way on it: a parcel whose dot is out, the next behind it."""

    def __init__(self, session: Session, clock: Clock) -> None:
        self.session = session
        self.loaded: Passage | None = None
        self._clock = clock
        self._ended = Ended()
        self._under_way: deque[Passage] = deque()
        self._out: list[bytes] = []
        self._deadline = 0.0

    @property
    def idle(self) -> bool:
        """Whether it may take a parcel now."""
        return not self._under_way

    @property
    def parcels(self) -> list[Parcel]:
        """What is under way and could still be done anew: no dot has gone out for it."""
        return [passage.parcel for passage in self._under_way if not passage.dotted]

    @property
    def in_doubt(self) -> list[Parcel]:
        """What is under way after its dot."""
        return [passage.parcel for passage in self._under_way if passage.dotted]

    @property
    def waits(self) -> bool:
        """Whether the server has to say something."""
        return bool(self._under_way) and (self.loaded is None or self._under_way[0] is not self.loaded)

    def left(self) -> float:
        """Seconds until the server is too late."""
        return self._deadline - self._clock()

    def start(self, parcel: Parcel) -> list[Receipt]:
        """Begin a parcel; its first commands go out with the next :meth:`flush`."""
        steps = transaction(parcel, self.session.terms, self._ended)
        passage = Passage(parcel, steps)
        self._under_way.append(passage)
        return self._advance(passage, None)

    def go(self) -> None:
        """Send the final dot of the loaded parcel, with what was started behind it."""
        assert self.loaded is not None
        passage, self.loaded = self.loaded, None
        passage.dotted = True
        self._advance(passage, None)

    def flush(self) -> None:
        """Write what has gathered, in one write; raises Lost."""
        if not self._out:
            return
        data, self._out = b"".join(self._out), []
        limits = self.session.place.timeouts
        self._deadline = self._clock() + (limits.dot if self.in_doubt else limits.command)
        try:
            self.session.send(data)
        except Unsent:
            for passage in self._under_way:
                passage.dotted = False
            raise

    def take(self) -> Iterator[Receipt]:
        """Read what is there and go on with it as far as possible; raises Lost behind the last receipt."""
        self.session.receive(self.left())
        while self.waits and (reply := self.session.taken()) is not None:
            passage = self._under_way[0]
            if reply.code == CLOSING and not passage.dotted:
                # Many servers take only so many messages on one connection: the next may do.
                raise Lost(reply.text(), reply)
            yield from self._advance(passage, reply)
        self.flush()

    def _advance(self, passage: Passage, reply: Reply | None) -> list[Receipt]:
        try:
            step: Step = passage.steps.send(reply) if reply else next(passage.steps)
            while isinstance(step, bytes):
                self._out.append(step)
                step = next(passage.steps)
        except StopIteration as end:
            self._under_way.remove(passage)
            return [Receipt(passage.parcel, end.value)]
        if step is Want.GO:
            self.loaded = passage
        return []


class Smtp:
    """A transport by SMTP or LMTP, on at most ``connections`` connections that are kept.

    A connection that breaks before the final dot costs nothing: the parcel is tried once more on a
    new one.  After the dot nobody knows, and nothing is tried.  Raises WorldError when no
    connection can be had.
    """

    def __init__(self, place: Place, *, connections: int = 1, clock: Clock = time.monotonic) -> None:
        self._place = place
        self._wanted = connections
        self._clock = clock
        self._lanes: list[Lane] = []
        self._queue: deque[Parcel] = deque()
        self._again: set[Parcel] = set()

    def __call__(self, parcels: Sequence[Parcel], /) -> Events:
        self._queue = deque(parcels)
        self._again.clear()
        try:
            while self._queue or self._busy():
                yield from self._fed()
                yield from self._answers(self._lanes)
                loaded = [lane for lane in self._lanes if lane.loaded]
                if loaded:
                    going = yield Intent([lane.loaded.parcel for lane in loaded if lane.loaded])
                    yield from self._gone(loaded, going or ())
        except Stop:
            yield from self._last_answers()
        except WorldError:
            yield from self._put_off()
            raise

    def close(self) -> None:
        """Take leave of the server."""
        for lane in self._lanes:
            lane.session.close(politely=lane.idle)
        self._lanes.clear()

    def _busy(self) -> bool:
        return not all(lane.idle for lane in self._lanes)

    def _fed(self) -> Iterator[Receipt]:
        """Give work to every connection that has none, and open another while there is more."""
        for lane in list(self._lanes):
            yield from self._begun(lane)
        while self._queue and len(self._lanes) < self._wanted:
            try:
                lane = Lane(self._opened(), self._clock)
            except WorldError:
                if not self._lanes:
                    raise
                self._wanted = len(self._lanes)  # a server may allow fewer than we would like
                return
            self._lanes.append(lane)
            yield from self._begun(lane)

    def _opened(self) -> Session:
        if not self._lanes:
            return open_session(self._place)
        # While another connection waits, a server that lets us wait is one that allows no more.
        limits = self._place.timeouts
        hasty = replace(limits, command=min(limits.command, limits.connect, ANOTHER_SECONDS))
        session = open_session(replace(self._place, timeouts=hasty))
        session.place = self._place
        return session

    def _begun(self, lane: Lane) -> Iterator[Receipt]:
        while self._queue and lane.idle:
            yield from lane.start(self._queue.popleft())
        yield from self._flushed(lane)

    def _flushed(self, lane: Lane) -> Iterator[Receipt]:
        try:
            lane.flush()
        except Lost as exc:
            yield from self._lost(lane, exc)

    def _answers(self, lanes: Sequence[Lane]) -> Iterator[Receipt]:
        """Wait until one of the servers' sides moves, and go on with each that did."""
        waiting = [lane for lane in lanes if lane.waits]
        for lane in _moved(waiting):
            try:
                yield from lane.take()
            except Lost as exc:
                yield from self._lost(lane, exc)

    def _gone(self, loaded: Sequence[Lane], going: Collection[Parcel]) -> Iterator[Receipt]:
        """Send the final dots, each with the next parcel's commands right behind it."""
        for lane in loaded:
            assert lane.loaded is not None
            if lane.loaded.parcel not in going:
                self._drop(lane)
            elif _moved([lane], wait=False):
                # Nothing is due from the server before the dot: it has closed, or is about to.
                yield from self._lost(lane, Lost("the server gave up before the end of the message"))
            else:
                lane.go()
                if lane.session.terms.pipelining and self._queue:
                    yield from lane.start(self._queue.popleft())
                yield from self._flushed(lane)

    def _drop(self, lane: Lane) -> None:
        """Forget a connection, and with it every message whose end the server has not seen."""
        self._lanes.remove(lane)
        lane.session.close()

    def _lost(self, lane: Lane, why: Lost) -> Iterator[Receipt]:
        self._drop(lane)
        for parcel in lane.in_doubt:
            fate = Fate(None, local_reply(451, f"4.4.2 {why}, after the end of the message"))
            yield Receipt(parcel, dict.fromkeys(parcel.recipients, fate))
        for parcel in reversed(lane.parcels):
            if parcel in self._again:
                yield _put_off(parcel, why)
            else:
                self._again.add(parcel)
                self._queue.appendleft(parcel)

    def _last_answers(self) -> Iterator[Receipt]:
        """Start nothing more; wait for the answers to dots that have gone out."""
        while lanes := [lane for lane in self._lanes if lane.in_doubt]:
            yield from self._answers(lanes)
        for lane in [lane for lane in self._lanes if not lane.idle]:
            self._drop(lane)
        yield from self._put_off()

    def _put_off(self) -> Iterator[Receipt]:
        """Tell of parcels that were to be tried again and will not be: no dot went out for them."""
        for parcel in self._queue:
            if parcel in self._again:
                yield _put_off(parcel, Lost("connection lost"))
        self._queue.clear()


def _put_off(parcel: Parcel, why: Lost) -> Receipt:
    reply = why.reply or local_reply(CLOSING, f"4.4.2 {why}, before the end of the message")
    return Receipt(parcel, dict.fromkeys(parcel.recipients, refusal(reply)))


def _moved(lanes: Sequence[Lane], *, wait: bool = True) -> list[Lane]:
    """The lanes on which something was received, or the time for it is over."""
    if not lanes:
        return []
    links = {lane.session.link: lane for lane in lanes}
    ready = [lane for lane in lanes if lane.session.buffered()]
    seconds = 0.0 if ready or not wait else max(0.0, min(lane.left() for lane in lanes))
    readable, _, _ = select.select(list(links), [], [], seconds)
    moved = {id(lane): lane for lane in [*ready, *(links[link] for link in readable)]}
    late = [lane for lane in lanes if wait and lane.left() <= 0]
    return list((moved | {id(lane): lane for lane in late}).values())
