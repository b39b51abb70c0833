"""send: each message at most once, each receipt durable before it is written, in input order.

Who is still to be sent to is decide.py's job, the order of acts and receipts convey.py's, and how
a message travels the transport's.
"""

from collections.abc import Collection, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from mailpipe.errors import RecordError
from mailpipe.mail.parcel import Deliver, Entry, Events, Intent, Parcel
from mailpipe.record import Record, batches, failed, has_failed
from mailpipe.send import outcome
from mailpipe.send.convey import Conveyance, Down, Job, Ledger
from mailpipe.send.decide import decide
from mailpipe.send.envelope import Envelope
from mailpipe.send.patience import Patience

ROOM = 200  # messages that may wait for another try without stopping the others
BATCH = 256  # records decided on together when they are at hand


class Memory(Ledger, Protocol):
    """A ledger that can also be asked."""

    def known(self, parcels: Collection[Parcel], /) -> Mapping[Parcel, Mapping[str, Entry]]:
        """What is known of the parcels' recipients; may raise WorldError."""


class Pack(Protocol):
    """Makes a parcel of a record, and says who will not get it; raises RecordError."""

    def __call__(self, record: Record, /) -> tuple[Parcel, Envelope, outcome.Statuses]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants; ``resolves`` says that the transport finds out about unknowns itself.

    ``rate`` is messages per second, 0 for as fast as can be.  ``rehearsal`` names where messages
    would go: nothing is sent and nothing kept.
    """

    keep_raw: bool = False
    resend_unknown: bool = False
    resend_refused: bool = False
    resolves: bool = False
    ordered: bool = True
    rate: float = 0.0
    rehearsal: str | None = None


def send(
    records: Iterable[Record],
    *,
    deliver: Deliver,
    ledger: Memory,
    pack: Pack,
    options: Options,
    patience: Patience,
) -> Iterator[Record]:
    """Yield each record with its ``deliveryStatus``, after what it says is on disk.

    Raises WorldError; when the server is gone, behind the records in hand, which are put off.
    """
    stage = Sending(ledger, pack, options, patience)
    limit = min(BATCH, max(1, int(options.rate))) if options.rate else BATCH
    for batch in batches(records, limit):
        broken: Down | None = None
        for jobs in stage.groups(batch):
            try:
                yield from stage.carried(jobs, deliver if broken is None else _gone(broken))
            except Down as exc:
                broken = broken or exc
                patience.wait = 0.0
        if broken is not None:
            raise broken.cause
    try:
        yield from stage.rest(deliver)
    except Down as exc:
        raise exc.cause from exc


def _gone(broken: Down) -> Deliver:
    """A transport that is known to be down, for what else is in hand."""

    def deliver(parcels: Sequence[Parcel], /) -> Events:
        if parcels:
            raise broken.cause
        yield Intent(())

    return deliver


class Sending:
    """Makes jobs of records and has them carried; keeps what waits for another try."""

    def __init__(self, ledger: Memory, pack: Pack, options: Options, patience: Patience) -> None:
        self._ledger = ledger
        self._pack = pack
        self._options = options
        self._patience = patience
        self._waiting: list[Job] = []
        self._next = 0.0

    def carried(self, jobs: list[Job], deliver: Deliver) -> Iterator[Record]:
        """Yield the results of these jobs; without order, those put off may come with later ones."""
        patience = self._patience
        self._pace(sum(job.parcel is not None for job in jobs))
        now = patience.clock()
        again = [job for job in self._waiting if job.due <= now]
        self._waiting = [job for job in self._waiting if job.due > now]
        yield from self._round([*again, *jobs], deliver, waits=self._options.ordered)

    def rest(self, deliver: Deliver) -> Iterator[Record]:
        """Yield the results of what still waits; there are no more records."""
        waiting, self._waiting = self._waiting, []
        yield from self._round(waiting, deliver, waits=True)

    def _round(self, jobs: list[Job], deliver: Deliver, *, waits: bool) -> Iterator[Record]:
        way = Conveyance(self._ledger, jobs, self._patience, ordered=self._options.ordered)
        self._again([job for job in jobs if job.later is not None])
        down = yield from self._once(way, deliver)
        while way.later and (waits or down or len(self._waiting) > ROOM):
            until = min(job.due for job in way.later)
            if not self._patience.lasts(until) or (down and not down.cause.retryable):
                yield from way.give_up()
                break
            self._patience.pause(until)
            self._again(way.later)
            down = yield from self._once(way, deliver)
        self._waiting += way.later
        if down is not None:
            raise down

    def _once(self, way: Conveyance, deliver: Deliver) -> Generator[Record, None, Down | None]:
        try:
            yield from way.run(deliver)
        except Down as exc:
            return exc
        return None

    def _again(self, jobs: list[Job]) -> None:
        """Decide anew on jobs that were put off; the ledger knows what became of them."""
        known = self._ledger.known([job.whole for job in jobs if job.whole is not None])
        for job in jobs:
            if job.whole is not None:
                job.later, job.parcel = None, job.whole
                self._decide(job, job.whole, known.get(job.whole, {}))

    def _pace(self, count: int) -> None:
        """Keep to the rate; whoever wants the run to end does not wait for that."""
        if not self._options.rate:
            return
        now = self._patience.clock()
        if self._next > now:
            self._patience.pace(self._next)
        self._next = max(now, self._next) + count / self._options.rate

    def groups(self, batch: Sequence[Record]) -> Iterator[list[Job]]:
        """Jobs that can be done together: no message for one recipient twice in a group.

        The second of two is decided on when the first is known, so its group comes later.
        """
        jobs: list[Job] = []
        taken: set[tuple[str, str]] = set()
        for record in batch:
            job, names = self._packed(record)
            if not taken.isdisjoint(names):
                yield self._decided(jobs)
                jobs, taken = [], set()
            taken.update(names)
            jobs.append(job)
        yield self._decided(jobs)

    def _packed(self, record: Record) -> tuple[Job, list[tuple[str, str]]]:
        if has_failed(record):
            return Job(record, result=record), []
        try:
            parcel, envelope, barred = self._pack(record)
        except RecordError as exc:
            return Job(record, result=failed(record, exc, outcome.STAGE)), []
        names = [(parcel.key, recipient.lower()) for recipient in parcel.recipients]
        return Job(record, parcel=parcel, whole=parcel, given=envelope.given, barred=barred), names

    def _decided(self, jobs: list[Job]) -> list[Job]:
        known = self._ledger.known([job.parcel for job in jobs if job.parcel is not None])
        for job in jobs:
            if job.parcel is not None:
                self._decide(job, job.parcel, known.get(job.parcel, {}))
        return jobs

    def _decide(self, job: Job, parcel: Parcel, known: Mapping[str, Entry]) -> None:
        options = self._options
        try:
            decision = decide(parcel, known, options, resolves=options.resolves)
        except RecordError as exc:
            job.parcel, job.result = None, failed(job.record, exc, outcome.STAGE)
            return
        job.finish = partial(self._finished, job, decision.stored)
        if not decision.go:
            job.parcel, job.result = None, job.finish({})
        elif options.rehearsal is not None:
            job.parcel, job.result = None, self._rehearsed(job, parcel, decision.go)
        elif known:
            job.parcel = replace(
                parcel,
                recipients=decision.go,
                doubtful=decision.doubtful,
                attempts=max(entry.attempts for entry in known.values()),
                first=min(entry.first for entry in known.values()),
            )

    def _finished(self, job: Job, stored: outcome.Statuses, fresh: outcome.Statuses) -> Record:
        statuses: dict[str, Mapping[str, Any]] = {}
        for address, spelled in job.given.items():
            status = fresh.get(address) or stored.get(address) or job.barred.get(address)
            statuses[spelled] = status if status else outcome.unknown()
        replayed = bool(stored) and not fresh
        return outcome.finished(job.record, statuses, replayed=replayed, keep_raw=self._options.keep_raw)

    def _rehearsed(self, job: Job, parcel: Parcel, go: Sequence[str]) -> Record:
        told = {
            "via": self._options.rehearsal,
            "mailFrom": {"email": parcel.sender},
            "rcptTo": [{"email": job.given[address]} for address in go],
            "size": len(parcel.message),
        }
        return outcome.rehearsed(job.record, told, job.barred, keep_raw=self._options.keep_raw)
