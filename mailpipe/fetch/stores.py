"""Open what fetch reads from: the sources of a store, and the leases of this run."""

import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from mailpipe import config
from mailpipe.config import Settings
from mailpipe.errors import UsageError
from mailpipe.fetch.claims import Claims, Lender
from mailpipe.fetch.core import Source
from mailpipe.fetch.options import Options
from mailpipe.fetch.watch import Pause, Watch, Watched
from mailpipe.mail.stored import Wanted
from mailpipe.stdio import say
from mailpipe.wire.leases import Leases
from mailpipe.wire.location import Location, locate
from mailpipe.wire.waiting import wait

tell = partial(say, "fetch")


def claims(settings: Settings, store: str | None, options: Options) -> Claims:
    """The claims of this run on the messages of a store."""
    leases = Leases(config.state_dir(), holder=f"{os.getpid()}-{secrets.token_hex(8)}", clock=time.time)
    return Claims(
        _among_hosts(leases, locate(settings, store)) if options.claim else leases,
        clock=time.time,
        seconds=options.seconds(watched=os.isatty(1)),
        limit=options.limit,
        over=options.take_over,
        mark={"claimed": True} if options.claim else {},
    )


def _among_hosts(leases: Leases, location: Location) -> Lender:
    if location.protocol != "imap":
        raise UsageError(f"{location.url}: only on an IMAP server can hosts claim messages")
    from mailpipe.wire.imap_claims import ImapClaims
    from mailpipe.wire.imap_link import Link
    from mailpipe.wire.sightings import Sightings

    link = Link(location, time.monotonic)
    return ImapClaims(leases, link, Sightings(config.state_dir(), time.time), clock=time.time)


def sources(settings: Settings, store: str | None, options: Options) -> Iterator[Source]:
    """One source for each folder of the store (without any: its inbox), opened when its turn comes.

    With --watch it is one source without end.
    """
    location = locate(settings, store)
    mailboxes = options.mailbox or (location.folders.inbox,)
    wanted = options.wanted()

    def opened() -> Iterator[Source]:
        return (_source(location, mailbox, wanted) for mailbox in mailboxes)

    return iter([_watched(location, mailboxes, opened, options.every)]) if options.watch else opened()


def _watched(
    location: Location, mailboxes: Sequence[str], opened: Callable[[], Iterator[Source]], every: int
) -> Source:
    return Watched(
        opened,
        _watch(location, mailboxes),
        every=every,
        sleep=pause,
        chance=random.random,
        report=tell,
    )


def pause(seconds: float) -> None:
    """Do nothing for a while; raises ClosedPipe when the reader of stdout goes away meanwhile."""
    wait((), seconds)


def _watch(location: Location, mailboxes: Sequence[str]) -> Watch:
    if location.protocol != "imap":
        return Pause(pause)
    from mailpipe.wire.imap_watch import ImapWatch

    return ImapWatch(location, mailboxes)


def _source(location: Location, mailbox: str, wanted: Wanted) -> Source:
    if location.protocol == "maildir":
        from mailpipe.wire.maildir_source import MaildirSource

        return MaildirSource(location, mailbox, wanted)
    if location.protocol == "mbox":
        from mailpipe.wire.mbox_source import MboxSource

        return MboxSource(location, mailbox, wanted)
    from mailpipe.wire.imap_source import ImapSource

    return ImapSource(location, mailbox, wanted)
