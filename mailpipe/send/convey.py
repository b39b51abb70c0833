"""Keep act and receipt together: intent on disk, act, outcome on disk, line out."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from mailpipe.errors import WorldError
from mailpipe.mail.parcel import Act, Deliver, Event, Events, Intent, Parcel, Receipt, Stop
from mailpipe.record import Record, failed
from mailpipe.send import outcome
from mailpipe.send.decide import in_flight
from mailpipe.send.outcome import Statuses


class Ledger(Protocol):
    """What was intended and what came of it, on disk.  Every method may raise WorldError."""

    def note(self, parcel: Parcel, statuses: Statuses, /) -> None:
        """Take an outcome; it is durable after the next :meth:`commit`."""

    def withdraw(self, parcels: Collection[Parcel], /) -> None:
        """Take back intents that were not carried out; durable after the next :meth:`commit`."""

    def commit(self, intents: Sequence[Parcel] = (), /, *, ahead: bool = False) -> Collection[Parcel]:
        """Make what was noted and these intents durable, together.

        Gives back the intents that are not ours to carry out, because another run came first.
        ``ahead``: they are carried out one after the other, each behind a :meth:`mark`.
        """

    def mark(self, parcels: Sequence[Parcel], /) -> None:
        """Tell that intents are carried out now; whoever kills this process finds the mark."""


@dataclass(slots=True)
class Job:
    """One record on its way through; ``result`` is set once nothing can change it any more."""

    record: Record
    result: Record | None = None
    parcel: Parcel | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    finish: Callable[[Statuses], Record] | None = None


class Conveyance:
    """The way of some records through a transport.

    One commit makes the outcomes so far and the next intents durable; the lines of those outcomes
    are written before the next act.  Whoever closes the generator at any of these lines leaves a
    ledger that tells the truth: what was only intended is withdrawn, what is under way is awaited.
    """

    def __init__(self, ledger: Ledger, jobs: Sequence[Job]) -> None:
        self._ledger = ledger
        self._queue = deque(jobs)
        self._owners = {job.parcel: job for job in jobs if job.parcel is not None}
        self._noted: list[tuple[Job, Record]] = []
        self._intended: set[Parcel] = set()

    def run(self, deliver: Deliver) -> Iterator[Record]:
        """Yield the results in order; a WorldError comes after all results there are."""
        yield from self._ready()
        if not self._owners:
            return
        events = deliver(list(self._owners))
        try:
            yield from self._drive(events)
        except WorldError:
            self._wind_up(events)
            yield from [job.result for job in self._queue if job.result is not None]
            raise
        finally:
            self._wind_up(events)

    def _drive(self, events: Events) -> Iterator[Record]:
        event = next(events, None)
        while event is not None:
            if isinstance(event, Receipt):
                self._note(event)
            elif isinstance(event, Act):
                self._ledger.mark(event.parcels)
                self._intended.difference_update(event.parcels)
            else:
                going = self._commit(event)
                yield from self._ready()
                if not event.ahead:
                    self._intended.difference_update(going)
                event = _resumed(events, going)
                continue
            event = next(events, None)
        self._commit(Intent(()))
        yield from self._ready()
        if self._queue:
            raise RuntimeError("a transport has given no receipt")

    def _note(self, receipt: Receipt) -> None:
        parcel, fates = receipt
        job = self._owners[parcel]
        assert job.finish is not None
        fresh = {address: fate.delivery_status() for address, fate in fates.items()}
        self._ledger.note(parcel, fresh)
        self._intended.discard(parcel)
        self._noted.append((job, job.finish(fresh)))

    def _commit(self, intent: Intent) -> Collection[Parcel]:
        refused = self._ledger.commit(intent.parcels, ahead=intent.ahead)
        for job, result in self._noted:
            job.result = result
        self._noted.clear()
        for parcel in refused:
            job = self._owners[parcel]
            job.result = failed(job.record, in_flight(), outcome.STAGE)
        going = [parcel for parcel in intent.parcels if parcel not in refused] if refused else intent.parcels
        self._intended.update(going)
        return going

    def _ready(self) -> Iterator[Record]:
        while self._queue and self._queue[0].result is not None:
            job = self._queue.popleft()
            assert job.result is not None
            yield job.result

    def _wind_up(self, events: Events) -> None:
        """Leave the ledger right, whatever ended the run; after a normal end nothing is left to do.

        Errors are not raised: the first one is the one to tell, and what could not be noted stays
        an intent, which is the truth.
        """
        with suppress(WorldError):
            self._drain(events)
        withdrawn, self._intended = self._intended, set()
        with suppress(WorldError):
            if withdrawn:
                self._ledger.withdraw(withdrawn)
            if withdrawn or self._noted:
                self._commit(Intent(()))

    def _drain(self, events: Events) -> None:
        event = _stopped(events)
        while event is not None:
            if isinstance(event, Receipt):
                self._note(event)
            event = next(events, None)


def _resumed(events: Events, going: Collection[Parcel]) -> Event | None:
    try:
        return events.send(going)
    except StopIteration:
        return None


def _stopped(events: Events) -> Event | None:
    try:
        return events.throw(Stop())
    except (StopIteration, Stop):
        return None
