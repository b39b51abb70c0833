"""What flows through a pipe: the record, the transform, and the failure policy, written once.

A record is a JMAP Email object (RFC 8621 section 4) with a few members of ours, see
mailpipe-record(5).  Stages add members with ``{**record, "name": value}`` and never change or
drop what they do not know.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

from mailpipe.errors import RecordError

VERSION = 1

Record = dict[str, Any]
Step = Callable[[Record], Record]
Transform = Callable[[Iterable[Record]], Iterator[Record]]


@runtime_checkable
class Pending(Protocol):
    """An input that can tell whether its next record can be had without waiting."""

    def pending(self) -> bool: ...


def each(stage: str, step: Step) -> Transform:
    """Make a transform of a step for one record.

    A record that has failed already passes untouched; one for which ``step`` raises
    :class:`RecordError` flows on as it came, with ``error``.  Every other exception ends the stage.
    """

    def transform(records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            yield record if has_failed(record) else attempt(stage, step, record)

    return transform


def has_failed(record: Record) -> bool:
    """Whether an earlier stage, or the reader, has refused this record.

    An ``error`` member of another shape is somebody's data, not ours.
    """
    error = record.get("error")
    return isinstance(error, dict) and "stage" in error and "type" in error


def attempt(stage: str, step: Step, record: Record) -> Record:
    """``step(record)``, or the record with ``error`` if the step refuses it."""
    try:
        return step(record)
    except RecordError as exc:
        return failed(record, exc, stage)


def failed(record: Record, exc: RecordError, stage: str) -> Record:
    """The record as it came, with ``error``."""
    return {**record, "error": exc.as_record(stage)}


def batches(records: Iterable[Record], limit: int) -> Iterator[list[Record]]:
    """Group records that are at hand, at most ``limit`` together, without ever waiting for one more.

    An input that cannot tell whether more is at hand (see :class:`Pending`) is taken one by one, so
    that a record never waits for its successor.
    """
    source = iter(records)
    pending = source.pending if isinstance(source, Pending) else None
    for first in source:
        batch = [first]
        while len(batch) < limit and pending is not None and pending():
            following = next(source, None)
            if following is None:
                break
            batch.append(following)
        yield batch
