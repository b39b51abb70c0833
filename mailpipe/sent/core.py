"""sent: one copy of each sent message in the Sent folder; what fails here is a warning."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

from mailpipe.errors import RecordError, WorldError
from mailpipe.record import Record, failed
from mailpipe.sent.decide import SKIPPED, Copy, Kept, concerns, decide

PATIENCE = 2  # failures in a row after which the store is not tried any more


class Store(Protocol):
    """Where copies are kept."""

    def keep(self, copy: Copy, /) -> Kept:
        """Append a copy unless one is there, flagged as read.  Raises WorldError."""
        ...

    def close(self) -> None:
        """Give up the connection."""
        ...


def sent(
    records: Iterable[Record],
    *,
    store: Store,
    now: Callable[[], datetime],
    report: Callable[[str], None],
    skip: bool = False,
) -> Iterator[Record]:
    """Yield each record with ``sentCopy``; with ``skip`` nothing is kept.

    The mail is sent: a copy that cannot be made is told in ``sentCopy`` and by ``report``, and is no error.
    """
    failures = 0
    last = ""
    try:
        for number, record in enumerate(records, 1):
            if not concerns(record):
                yield record
                continue
            try:
                wanted = SKIPPED if skip else decide(record, now())
            except RecordError as exc:
                yield failed(record, exc, "sent")
                continue
            if isinstance(wanted, Copy):
                kept, last = _kept(store, wanted, last if failures >= PATIENCE else "")
                failures = failures + 1 if last else 0
            else:
                kept = wanted
            if kept.detail:
                what = "copies are left over" if kept.appended or kept.uid else "no copy"
                report(f"record {number}: {what} ({kept.reason}): {kept.detail}")
            yield {**record, "sentCopy": kept.as_member()}
    finally:
        store.close()


def _kept(store: Store, wanted: Copy, broken: str) -> tuple[Kept, str]:
    """What became of the copy, and the failure that may come again."""
    try:
        if not broken:
            return store.keep(wanted), ""
    except WorldError as exc:
        broken = str(exc)
    return Kept(appended=False, reason="failed", detail=broken), broken
