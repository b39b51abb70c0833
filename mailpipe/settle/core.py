"""settle: each routed message goes where its outcome says, many together, in input order."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from mailpipe.errors import DataError, RecordError, RetryableRecordError, UsageError, WorldError
from mailpipe.record import Record, batches, failed
from mailpipe.settle.decide import Intent, Settled, concerns, decide

BATCH = 2000  # messages that are moved together when they are at hand

Result = Settled | RecordError


class Mailboxes(Protocol):
    """Where messages are put away."""

    def put(self, intents: Sequence[Intent], /) -> Iterator[tuple[int, Result]]:
        """Carry out intents of one store and one outcome; yield index and result as they are known.

        Never removes a message before its copy is confirmed.  Raises WorldError; what was yielded
        until then has happened.
        """
        ...

    def finish(self) -> None:
        """Complete what an earlier run left between copy and removal.  Raises WorldError."""
        ...

    def close(self) -> None:
        """Give up connections."""
        ...


def settle(records: Iterable[Record], *, mailboxes: Mailboxes, max_attempts: int) -> Iterator[Record]:
    """Yield each record with ``settled``: what was done with its message.

    A record with an ``error`` of an earlier stage keeps it; its message is put away all the same.
    """
    try:
        for batch in batches(records, BATCH):
            yield from _settled(batch, mailboxes, max_attempts)
        mailboxes.finish()
    finally:
        mailboxes.close()


def _settled(batch: Sequence[Record], mailboxes: Mailboxes, max_attempts: int) -> Iterator[Record]:
    intents: dict[int, Intent] = {}
    results: dict[int, Result] = {}
    for number, record in enumerate(batch):
        if concerns(record):
            try:
                intents[number] = decide(record, max_attempts)
            except RecordError as exc:
                results[number] = exc
    end = _carry_out(intents, results, mailboxes)
    for number, record in enumerate(batch):
        yield _outcome(record, intents.get(number), results.get(number))
    if end is not None:
        raise end


def _carry_out(
    intents: dict[int, Intent], results: dict[int, Result], mailboxes: Mailboxes
) -> WorldError | None:
    """Fill ``results``; return what ended it before its end."""
    groups: dict[tuple[object, str], list[int]] = {}
    for number, intent in intents.items():
        groups.setdefault((intent.store, intent.outcome), []).append(number)
    for numbers in groups.values():
        try:
            for index, result in mailboxes.put([intents[number] for number in numbers]):
                results[numbers[index]] = result
        except (UsageError, DataError) as exc:  # this source is unusable, which says nothing of others
            for number in numbers:
                results[number] = RecordError(str(exc), slug="no-source")
        except WorldError as exc:
            for number in intents.keys() - results.keys():
                results[number] = RetryableRecordError(f"not settled: {exc.detail}")
            return exc
    return None


def _outcome(record: Record, intent: Intent | None, result: Result | None) -> Record:
    if result is None:
        return record
    if isinstance(result, Settled):
        return {**record, "settled": result.as_member(intent)} if intent else record
    if "error" in record:  # the first error says more than that its message could not be put away
        return {**record, "settled": {"error": result.as_record("settle")}}
    return failed(record, result, "settle")
