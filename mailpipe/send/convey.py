"""Keep act and receipt together: intent on disk, act, outcome on disk, line out."""

import hashlib
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from mailpipe.errors import TemporaryError, UnavailableError, WorldError
from mailpipe.mail.parcel import Act, Deliver, Event, Events, Intent, Parcel, Receipt, Stop
from mailpipe.mail.reply import local_reply, refusal
from mailpipe.record import Record, failed
from mailpipe.send import outcome
from mailpipe.send.decide import in_flight
from mailpipe.send.outcome import Statuses
from mailpipe.send.patience import Patience


class Ledger(Protocol):
    """What was intended and what came of it, on disk.  Every method may raise WorldError."""

    def note(self, parcel: Parcel, statuses: Statuses, /) -> None:
        """Take an outcome; it is durable after the next :meth:`commit`."""

    def postpone(self, name: str, key: str, record: Record, due: float, /) -> None:
        """Keep a record to try again from ``due`` on; durable after the next :meth:`commit`."""

    def settle(self, name: str, /) -> None:
        """Forget a record that was kept, if it was."""

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
    """One record on its way through; ``result`` is set once nothing can change it any more.

    ``parcel`` is what is to be done of the ``whole``.  ``given`` are its recipients and how the
    record spells them, ``barred`` those of them who get nothing.
    ``later`` is the result of a message that was put off, which may be tried again from ``due`` on.
    """

    record: Record
    result: Record | None = None
    parcel: Parcel | None = None
    whole: Parcel | None = None
    given: Mapping[str, str] = field(default_factory=dict)
    barred: Statuses = field(default_factory=dict)
    finish: Callable[[Statuses], Record] | None = None
    later: Record | None = None
    due: float = 0.0

    @property
    def name(self) -> str:
        """What the file of a postponed record is called."""
        assert self.parcel is not None
        named = "\0".join([self.parcel.key, *sorted(self.given)]).lower()
        return hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:32]


class Down(Exception):
    """Raised when the transport cannot go on, but might later; ``cause`` is what it said."""

    def __init__(self, cause: WorldError) -> None:
        super().__init__(cause)
        self.cause = cause


class Conveyance:
    """The way of some records through a transport, in one round or several.

    One commit makes the outcomes so far and the next intents durable; the lines of those outcomes
    are written before the next act.  Whoever closes the generator at any of these lines leaves a
    ledger that tells the truth: what was only intended is withdrawn, what is under way is awaited.
    """

    def __init__(
        self, ledger: Ledger, jobs: Sequence[Job], patience: Patience, *, ordered: bool = True
    ) -> None:
        self._ledger = ledger
        self._patience = patience
        self._ordered = ordered
        self._queue = deque(jobs)
        self._owners: dict[Parcel, Job] = {}
        self._noted: list[tuple[Job, Record, bool]] = []
        self._intended: set[Parcel] = set()
        self._acted: set[Parcel] = set()

    @property
    def later(self) -> list[Job]:
        """What was put off and may be tried again."""
        return [job for job in self._queue if job.later is not None]

    def run(self, deliver: Deliver) -> Iterator[Record]:
        """Carry what has no result yet; yield results, in order if that is wanted.

        Raises Down, and WorldError when there is more wrong than the transport; both come after
        all results there are.
        """
        yield from self._ready()
        self._owners = {job.parcel: job for job in self._queue if job.parcel and job.result is None}
        if not self._owners:
            return
        events = deliver(list(self._owners))
        try:
            yield from self._drive(events)
        except Down as exc:
            self._wind_up(events)
            self._report(exc.cause)
            yield from self._ready()
            raise
        except WorldError:
            self._wind_up(events)
            yield from [job.result for job in self._queue if job.result is not None]
            raise
        finally:
            self._wind_up(events)

    def give_up(self) -> Iterator[Record]:
        """Yield the results of what was put off and is not tried again by this run."""
        for job in self._queue:
            job.result = job.result or job.later
        yield from self._ready()

    def _drive(self, events: Events) -> Iterator[Record]:
        event = _next(events, None)
        while event is not None:
            going: Collection[Parcel] | None = None
            if isinstance(event, Receipt):
                self._note(event)
            elif isinstance(event, Act):
                self._ledger.mark(event.parcels)
                self._intended.difference_update(event.parcels)
                self._acted.update(event.parcels)
            else:
                going = self._commit(event)
                yield from self._ready()
                if not event.ahead:
                    self._intended.difference_update(going)
                    self._acted.update(going)
            event = _next(events, going)
        self._commit(Intent(()))
        yield from self._ready()
        if any(job.result is None and job.later is None for job in self._queue):
            raise RuntimeError("a transport has given no receipt")

    def _note(self, receipt: Receipt) -> None:
        parcel, fates = receipt
        self._intended.discard(parcel)
        self._acted.discard(parcel)
        self._told(parcel, {address: fate.delivery_status() for address, fate in fates.items()})

    def _told(self, parcel: Parcel, fresh: Statuses) -> None:
        job = self._owners.pop(parcel)
        assert job.finish is not None
        fresh = self._patience.judged(parcel, fresh)
        self._ledger.note(parcel, fresh)
        again = any(status["action"] == "delayed" for status in fresh.values())
        if again:
            job.due = self._patience.due(parcel)
            self._ledger.postpone(job.name, parcel.key, job.record, job.due)
        elif parcel.attempts:
            self._ledger.settle(job.name)
        self._noted.append((job, job.finish(fresh), again))

    def _report(self, cause: WorldError) -> None:
        """Tell of everything in hand that it was put off, because the server is not there."""
        reply = local_reply(421, f"4.4.1 {cause.detail}")
        for parcel, job in list(self._owners.items()):
            if parcel in self._acted:
                job.result = job.finish({}) if job.finish else None  # the ledger has it as unknown
            else:
                status = refusal(reply).delivery_status()
                self._told(parcel, dict.fromkeys(parcel.recipients, status))
        self._commit(Intent(()))

    def _commit(self, intent: Intent) -> Collection[Parcel]:
        refused = self._ledger.commit(intent.parcels, ahead=intent.ahead)
        for job, result, again in self._noted:
            job.result, job.later = (None, result) if again else (result, None)
        self._noted.clear()
        for parcel in refused:
            job = self._owners.pop(parcel)
            job.result = failed(job.record, in_flight(), outcome.STAGE)
        going = [parcel for parcel in intent.parcels if parcel not in refused] if refused else intent.parcels
        self._intended.update(going)
        return going

    def _ready(self) -> Iterator[Record]:
        queue = self._queue
        while queue and (result := queue[0].result) is not None:
            queue.popleft()
            yield result
        if self._ordered or not any(job.result for job in queue):
            return
        done = [job for job in queue if job.result is not None]
        self._queue = deque(job for job in queue if job.result is None)
        yield from [job.result for job in done if job.result is not None]

    def _wind_up(self, events: Events) -> None:
        """Leave the ledger right, whatever ended the run; after a normal end nothing is left to do.

        Errors are not raised: the first one is the one to tell, and what could not be noted stays
        an intent, which is the truth.
        """
        with suppress(WorldError, Down):
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
            event = _next(events, None)


def _next(events: Events, going: Collection[Parcel] | None) -> Event | None:
    try:
        return next(events) if going is None else events.send(going)
    except StopIteration:
        return None
    except (TemporaryError, UnavailableError) as exc:
        raise Down(exc) from exc


def _stopped(events: Events) -> Event | None:
    try:
        return events.throw(Stop())
    except (StopIteration, Stop):
        return None
