"""send: each message at most once, each receipt durable before it is written, in input order.

Who is still to be sent to is decide.py's job, the order of acts and receipts convey.py's, and how
a message travels the transport's.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from mailpipe.errors import RecordError
from mailpipe.mail.parcel import Deliver, Entry, Parcel
from mailpipe.record import Record, batches, failed
from mailpipe.send import outcome
from mailpipe.send.convey import Conveyance, Job, Ledger
from mailpipe.send.decide import decide
from mailpipe.send.envelope import Envelope

BATCH = 256  # records decided on together when they are at hand


class Memory(Ledger, Protocol):
    """A ledger that can also be asked."""

    def known(self, parcels: Collection[Parcel], /) -> Mapping[Parcel, Mapping[str, Entry]]:
        """What is known of the parcels' recipients; may raise WorldError."""


class Pack(Protocol):
    """Makes a parcel of a record; raises RecordError."""

    def __call__(self, record: Record, /) -> tuple[Parcel, Envelope]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user wants; ``resolves`` says that the transport finds out about unknowns itself."""

    keep_raw: bool = False
    resend_unknown: bool = False
    resend_refused: bool = False
    resolves: bool = False


def send(
    records: Iterable[Record], *, deliver: Deliver, ledger: Memory, pack: Pack, options: Options
) -> Iterator[Record]:
    """Yield each record with its ``deliveryStatus``, after what it says is on disk."""
    stage = Sending(ledger, pack, options)
    for batch in batches(records, BATCH):
        for jobs in stage.groups(batch):
            yield from Conveyance(ledger, jobs).run(deliver)


class Sending:
    """Makes jobs of records; nothing is kept from one batch to the next."""

    def __init__(self, ledger: Memory, pack: Pack, options: Options) -> None:
        self._ledger = ledger
        self._pack = pack
        self._options = options

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
        if "error" in record:
            return Job(record, result=record), []
        try:
            parcel, envelope = self._pack(record)
        except RecordError as exc:
            return Job(record, result=failed(record, exc, outcome.STAGE)), []
        names = [(parcel.key, recipient.lower()) for recipient in parcel.recipients]
        return Job(record, parcel=parcel, given=envelope.given), names

    def _decided(self, jobs: list[Job]) -> list[Job]:
        known = self._ledger.known([job.parcel for job in jobs if job.parcel is not None])
        for job in jobs:
            if job.parcel is not None:
                self._decide(job, job.parcel, known.get(job.parcel, {}))
        return jobs

    def _decide(self, job: Job, parcel: Parcel, known: Mapping[str, Entry]) -> None:
        if not known:
            job.finish = partial(self._finished, job.record, job.given, {})
            return
        options = self._options
        try:
            decision = decide(parcel, known, options, resolves=options.resolves)
        except RecordError as exc:
            job.parcel, job.result = None, failed(job.record, exc, outcome.STAGE)
            return
        job.finish = partial(self._finished, job.record, job.given, decision.stored)
        if decision.go:
            job.parcel = replace(parcel, recipients=decision.go, doubtful=decision.doubtful)
        else:
            job.parcel, job.result = None, job.finish({})

    def _finished(
        self, record: Record, given: Mapping[str, str], stored: outcome.Statuses, fresh: outcome.Statuses
    ) -> Record:
        statuses: dict[str, Mapping[str, Any]] = {}
        for address, spelled in given.items():
            status = fresh.get(address) or stored.get(address)
            statuses[spelled] = status if status else outcome.unknown()
        return outcome.finished(record, statuses, replayed=not fresh, keep_raw=self._options.keep_raw)
