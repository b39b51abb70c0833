"""Reads and ends leases in the state database of this host."""

import os
import time
from collections.abc import Iterator, Sequence
from functools import partial

from mailpipe import config
from mailpipe.config import Settings
from mailpipe.leases import core
from mailpipe.leases.core import Lease
from mailpipe.record import Record
from mailpipe.stdio import say
from mailpipe.wire.leases import Leases
from mailpipe.wire.location import locate

tell = partial(say, "leases")


def watched() -> bool:
    """Whether a person looks at stdout."""
    return os.isatty(1)


def run(
    settings: Settings, store: str | None, names: Sequence[str], *, every: bool, remembered: bool
) -> Iterator[Record]:
    """Yield the leases of a store (without any: of all), those released as they are after it.

    Raises UsageError, InputOutputError or TemporaryError.
    """
    book = Leases(config.state_dir(), holder=f"{os.getpid()}-leases", clock=time.time)
    known = _read(book, settings, store)
    released = [lease for lease in known if lease.state == "leased"] if every else core.chosen(known, names)
    for lease in released:
        if lease.running and lease.state == "leased":
            tell(f"{lease.id}: its run still works: the message may be handled twice")
        book.release(lease.box, [lease.message])
    if every or names:
        wanted = {lease.id for lease in released}
        yield from (one.said for one in _read(book, settings, store) if one.id in wanted)
        return
    yield from (one.said for one in known if remembered or one.state in ("leased", "ended"))


def _read(book: Leases, settings: Settings, store: str | None) -> list[Lease]:
    entries = book.entries()
    if store is not None:
        prefix = locate(settings, store).url + "/"
        entries = [entry for entry in entries if entry.box.startswith(prefix)]
    return core.described(entries, time.time(), _runs)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True  # somebody else's, so it is there; or no process of ours
    return True
