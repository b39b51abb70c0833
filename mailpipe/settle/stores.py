"""Find the mailbox of each intent, keep it open, and keep leases and outcomes in step."""

import os
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol

from mailpipe import config
from mailpipe.config import Settings
from mailpipe.errors import ConfigError, RecordError
from mailpipe.settle.decide import Intent, Settled
from mailpipe.wire.leases import Leases
from mailpipe.wire.location import Location, box, locate, of_account

Result = Settled | RecordError
Store = tuple[str | None, str, str, int | None]


class Place(Protocol):
    """One open mailbox."""

    def put(self, intents: Sequence[Intent], folder: str, /) -> Iterator[tuple[int, Result]]:
        """Move messages to a folder; index and result of each, as they are known."""
        ...

    def close(self) -> None:
        """Give it up."""
        ...


class Stores:
    """The mailboxes of one run; ``processed`` and ``failed`` are folders instead of the account's."""

    def __init__(self, settings: Settings, *, processed: str | None, failed: str | None) -> None:
        self._settings = settings
        self._processed = processed
        self._failed = failed
        self._open: dict[Store, Place] = {}

    @cached_property
    def _leases(self) -> Leases:
        return Leases(config.state_dir(), holder=f"settle-{os.getpid()}", clock=time.time)

    def put(self, intents: Sequence[Intent]) -> Iterator[tuple[int, Result]]:
        """See :class:`mailpipe.settle.core.Mailboxes`."""
        outcome, store = intents[0].outcome, intents[0].store
        location = self._location(store)
        where = box(location.url, store[2], store[3])
        if outcome == "deferred":
            self._leases.release(where, [intent.key for intent in intents])
            yield from enumerate(Settled(mailbox=store[2], action="left") for _ in intents)
            return
        if location.protocol == "mbox":
            self._leases.note_settled(where, [intent.key for intent in intents], outcome)
            yield from enumerate(Settled(mailbox=store[2], action="noted") for _ in intents)
            return
        folder = (
            (self._processed or location.folders.processed)
            if outcome == "processed"
            else (self._failed or location.folders.failed)
        )
        settled: list[str] = []
        try:
            for index, result in self._place(store, location).put(intents, folder):
                if isinstance(result, Settled):
                    settled.append(intents[index].key)
                yield index, result
        finally:
            self._leases.forget(where, settled)

    def finish(self) -> None:
        """See :class:`mailpipe.settle.core.Mailboxes`."""

    def close(self) -> None:
        """See :class:`mailpipe.settle.core.Mailboxes`."""
        for place in self._open.values():
            place.close()

    def _location(self, store: Store) -> Location:
        account, url, _mailbox, _validity = store
        if account is None:
            return locate(self._settings, url)
        found = of_account(self._settings.account(account))
        if found.url != url:
            raise ConfigError(
                f"the message lies in {url}, but account {account!r} is now {found.url}",
                hint="settle it with the configuration that fetched it",
            )
        return found

    def _place(self, store: Store, location: Location) -> Place:
        if store not in self._open:
            self._open[store] = _opened(location, store)
        return self._open[store]


def _opened(location: Location, store: Store) -> Place:
    from mailpipe.settle.maildir_place import MaildirPlace

    return MaildirPlace(location.path, store[2])
