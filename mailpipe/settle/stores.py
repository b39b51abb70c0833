"""Find the mailbox of each intent, keep it open, and keep leases and outcomes in step."""

import os
import time
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol

from mailpipe import config
from mailpipe.config import Settings
from mailpipe.errors import ConfigError, DataError, NoInputError, RecordError
from mailpipe.record import Record
from mailpipe.settle.decide import Intent, Settled
from mailpipe.wire.failures import Failure, Failures
from mailpipe.wire.leases import Leases
from mailpipe.wire.location import Location, box, locate, of_account, of_url
from mailpipe.wire.placements import Placements

Result = Settled | RecordError
Store = tuple[str | None, str, str, int | None]


class Place(Protocol):
    """One open mailbox; every method may raise WorldError."""

    def put(self, intents: Sequence[Intent], folder: str, /) -> Iterator[tuple[int, Result]]:
        """Move messages to a folder; index and result of each, as they are known."""
        ...

    def unclaim(self, keys: Sequence[str], /) -> None:
        """Let other hosts have messages that stay."""
        ...

    def complete(self) -> None:
        """Remove originals whose copies an earlier run had confirmed."""
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

    @cached_property
    def _failures(self) -> Failures:
        return Failures(config.state_dir(), time.time)

    @cached_property
    def _placements(self) -> Placements:
        return Placements(config.state_dir())

    def put(self, intents: Sequence[Intent]) -> Iterator[tuple[int, Result]]:
        """See :class:`mailpipe.settle.core.Mailboxes`."""
        outcome, store = intents[0].outcome, intents[0].store
        location = self._location(store)
        where = box(location.url, store[2], store[3])
        keys = [intent.key for intent in intents]
        if outcome == "deferred":
            claimed = [intent.key for intent in intents if intent.claimed]
            if claimed:
                self._place(store, location).unclaim(claimed)
            for blameless in (False, True):
                some = [intent.key for intent in intents if intent.blameless is blameless]
                self._leases.release(where, some, counted=not blameless)
            yield from enumerate([Settled(mailbox=store[2], action="left")] * len(keys))
        elif location.protocol == "mbox":
            self._leases.note_settled(where, keys, outcome)
            yield from enumerate([Settled(mailbox=store[2], action="noted")] * len(keys))
        else:
            yield from self._moved(intents, location, where)

    def _moved(
        self, intents: Sequence[Intent], location: Location, where: str
    ) -> Iterator[tuple[int, Result]]:
        folders = location.folders
        if intents[0].outcome == "processed":
            folder = self._processed or folders.processed
        else:
            folder = self._failed or folders.failed
            self._failures.note(_failure(intent, folder) for intent in intents)
        done: list[str] = []
        try:
            for index, result in self._place(intents[0].store, location).put(intents, folder):
                if isinstance(result, Settled):
                    done.append(intents[index].key)
                yield index, result
        finally:
            self._leases.forget(where, done)

    def finish(self) -> None:
        """See :class:`mailpipe.settle.core.Mailboxes`."""
        left: set[Store] = {
            (row.account, row.url, row.mailbox, row.validity) for row in self._placements.confirmed()
        }
        for store in left:
            try:
                location = self._location(store)
            except ConfigError:
                continue  # that account is not configured any more
            self._place(store, location).complete()

    def close(self) -> None:
        """See :class:`mailpipe.settle.core.Mailboxes`."""
        for place in self._open.values():
            place.close()

    def _location(self, store: Store) -> Location:
        account, url, _mailbox, _validity = store
        if account is None:
            of_url(url)  # what is no URL must not be taken for the name of an account
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
            self._open[store] = self._opened(store, location)
        return self._open[store]

    def _opened(self, store: Store, location: Location) -> Place:
        account, url, mailbox, validity = store
        if location.protocol == "maildir":
            from mailpipe.settle.maildir_place import MaildirPlace

            return MaildirPlace(location.path, mailbox)
        from mailpipe.settle.imap_place import ImapPlace
        from mailpipe.wire.imap_link import Link

        if validity is None:
            raise DataError(f"a message of {url} comes without source.uidValidity", hint="fetch it again")
        return ImapPlace(Link(location, time.monotonic), account, mailbox, validity, self._placements)


def _failure(intent: Intent, folder: str) -> Failure:
    _, url, mailbox, _ = intent.store
    return Failure(
        id=intent.digest or f"{url}/{mailbox}/{intent.key}",
        reason=intent.reason or "route says failed",
        url=url,
        mailbox=mailbox,
        uid=intent.key,
        folder=folder,
    )


def why(wanted: str) -> list[Record]:
    """What is known of a failed message; raises NoInputError when nothing is."""
    found = Failures(config.state_dir(), time.time).of(wanted)
    if not found:
        raise NoInputError(f"no message with the id {wanted!r} has failed on this host")
    return found
