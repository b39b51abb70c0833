"""Send through SMTP or LMTP on some connections: one write per step, one wait for all of them."""

import select
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from mailpipe.errors import WorldError
from mailpipe.mail.parcel import Act, Event, Events, Intent, Parcel, Receipt, Stop
from mailpipe.mail.reply import local_reply, refusal
from mailpipe.wire.lane import CLOSING, Clock, Lane
from mailpipe.wire.smtp_session import Lost, Place, Session, open_session

ANOTHER_SECONDS = 5.0  # how long one more connection may take to be ready
QUIET_SECONDS = 0.1  # when nothing happens for so long, receipts there are get written
FIRST, WINDOW = 8, 256  # parcels intended together: to begin with, and at most
BRISK, SLOW = 0.05, 0.2  # seconds: the window grows while it lasts shorter, shrinks while longer

_IN, _OUT = select.POLLIN, select.POLLIN | select.POLLOUT


class Smtp:
    """A transport by SMTP or LMTP, on at most ``connections`` connections that are kept.

    Parcels are intended ahead, as many as go out in about a tenth of a second.  A connection that
    breaks before the final dot costs nothing: the parcel is tried once more on a new one.  After
    the dot nobody knows, and nothing is tried.  Raises WorldError when no connection can be had.
    """

    def __init__(self, place: Place, *, connections: int = 1, clock: Clock = time.monotonic) -> None:
        self._place = place
        self._wanted = connections
        self._clock = clock
        self._lanes: dict[int, Lane] = {}
        self._poll = select.poll()
        self._blocked: set[int] = set()
        self._queue: deque[Parcel] = deque()
        self._allowed: deque[Parcel] = deque()
        self._again: set[Parcel] = set()
        self._receipts: list[Receipt] = []
        self._window = max(FIRST, connections)
        self._unwritten = False

    def __call__(self, parcels: Sequence[Parcel], /) -> Events:
        self._queue, self._allowed = deque(parcels), deque()
        self._again.clear()
        self._receipts.clear()
        asked = 0.0
        try:
            while self._queue or self._allowed or self._busy():
                self._open()
                if self._queue and len(self._allowed) < len(self._lanes):
                    asked = self._adapt(asked)
                    yield from self._ask()
                yield from self._round()
        except Stop:
            yield from self._last_answers()
        except WorldError:
            yield from self._put_off(self._allowed)
            raise

    def close(self) -> None:
        """Take leave of the server."""
        for lane in self._lanes.values():
            lane.session.close(politely=lane.idle)
        self._lanes.clear()

    def _busy(self) -> bool:
        return not all(lane.idle for lane in self._lanes.values())

    def _adapt(self, asked: float) -> float:
        """Choose how many parcels to intend next, by how long it took to do the last ones."""
        now = self._clock()
        if asked and now - asked < BRISK:
            self._window = min(WINDOW, 2 * self._window)
        elif asked and now - asked > SLOW:
            self._window //= 2
        self._window = max(self._window, len(self._lanes))
        return now

    def _ask(self) -> Iterator[Event]:
        window = [self._queue.popleft() for _ in range(min(self._window, len(self._queue)))]
        self._unwritten = False
        going: set[Parcel] = set((yield Intent(window, ahead=True)) or ())
        self._allowed.extend(parcel for parcel in window if parcel in going)

    def _round(self) -> Iterator[Event]:
        """Give every connection its next work, announce the ends among it, write, wait, read."""
        for lane in self._lanes.values():
            self._feed(lane)
        acts = [parcel for lane in self._lanes.values() for parcel in lane.ending]
        if acts:
            yield Act(acts)
        for lane in [lane for lane in self._lanes.values() if lane.ready]:
            self._carried(lane, lane.flush)
        if self._busy():
            yield from self._told()
            if not self._answered(QUIET_SECONDS) and self._unwritten:
                self._unwritten = False
                yield Intent(())
        yield from self._told()

    def _told(self) -> Iterator[Receipt]:
        if self._receipts:
            receipts, self._receipts = self._receipts, []
            self._unwritten = True
            yield from receipts

    def _feed(self, lane: Lane) -> None:
        while self._allowed and lane.free:
            receipt = lane.start(self._allowed.popleft())
            if receipt is not None:
                self._receipts.append(receipt)

    def _open(self) -> None:
        """Have a connection; and another while there is more work than they can take."""
        more = len(self._queue) + len(self._allowed)
        while len(self._lanes) < self._wanted and sum(map(_idle, self._lanes.values())) < more:
            try:
                session = self._opened()
            except WorldError:
                if not self._lanes:
                    raise
                self._wanted = len(self._lanes)  # a server may allow fewer than we would like
                return
            self._lanes[session.link.fileno()] = Lane(session, self._clock)
            self._poll.register(session.link.fileno(), _IN)

    def _opened(self) -> Session:
        if not self._lanes:
            return open_session(self._place)
        # While another connection waits, a server that lets us wait is one that allows no more.
        limits = self._place.timeouts
        hasty = replace(limits, command=min(limits.command, limits.connect, ANOTHER_SECONDS))
        session = open_session(replace(self._place, timeouts=hasty))
        session.place = self._place
        return session

    def _answered(self, seconds: float) -> bool:
        """Wait until one of the servers' sides moves, and go on with each that did."""
        self._watch()
        left = min(lane.left() for lane in self._lanes.values() if not lane.idle)
        moved = self._poll.poll(1000 * max(0.0, min(left, seconds)) + 1)
        for number, event in moved:
            lane = self._lanes[number]
            if event & select.POLLOUT:
                self._carried(lane, lane.drain)
            if event & ~select.POLLOUT and number in self._lanes:
                self._carried(lane, partial(lane.take, self._receipts))
        if left <= seconds:
            for lane in [lane for lane in self._lanes.values() if not lane.idle]:
                self._carried(lane, lane.check)
        return bool(moved)

    def _watch(self) -> None:
        """Wait for room to write only where something is to be written."""
        blocked = {number for number, lane in self._lanes.items() if lane.full}
        for number in blocked ^ self._blocked:
            if number in self._lanes:
                self._poll.modify(number, _OUT if number in blocked else _IN)
        self._blocked = blocked

    def _carried(self, lane: Lane, act: Callable[[], None]) -> None:
        try:
            act()
        except Lost as exc:
            self._lost(lane, exc)

    def _lost(self, lane: Lane, why: Lost) -> None:
        self._drop(lane)
        self._receipts += lane.given_up(why)
        for parcel in reversed(lane.parcels):
            if parcel in self._again:
                self._receipts.append(_put_off(parcel, why))
            else:
                self._again.add(parcel)
                self._allowed.appendleft(parcel)

    def _drop(self, lane: Lane) -> None:
        number = lane.session.link.fileno()
        self._poll.unregister(number)
        del self._lanes[number]
        lane.session.close()

    def _last_answers(self) -> Iterator[Receipt]:
        """Start nothing more; wait for the answers to dots that have gone out."""
        while any(lane.bound for lane in self._lanes.values()):
            for lane in [lane for lane in self._lanes.values() if not lane.bound]:
                yield from self._let_go(lane)
            self._answered(QUIET_SECONDS)
            yield from self._told()
        for lane in list(self._lanes.values()):
            yield from self._let_go(lane)
        yield from self._put_off(self._allowed)

    def _let_go(self, lane: Lane) -> Iterator[Receipt]:
        if not lane.idle:
            self._drop(lane)
            yield from self._put_off(lane.parcels)

    def _put_off(self, parcels: Sequence[Parcel]) -> Iterator[Receipt]:
        """Tell of parcels that were to be tried again and will not be: no dot went out for them."""
        for parcel in parcels:
            if parcel in self._again:
                yield _put_off(parcel, Lost("connection lost"))


def _idle(lane: Lane) -> bool:
    return lane.idle


def _put_off(parcel: Parcel, why: Lost) -> Receipt:
    reply = why.reply or local_reply(CLOSING, f"4.4.2 {why}, before the end of the message")
    return Receipt(parcel, dict.fromkeys(parcel.recipients, refusal(reply)))
