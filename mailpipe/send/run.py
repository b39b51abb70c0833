"""Put send together: transport, ledger, clock and randomness, opened with the first record."""

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import datetime
from functools import partial

from mailpipe import config
from mailpipe.config import Settings
from mailpipe.mail.compose import date
from mailpipe.record import Record, Transform
from mailpipe.send import core, outcome
from mailpipe.send.parcels import Packing
from mailpipe.send.transports import Wishes, route
from mailpipe.stdio import say


def transform(
    settings: Settings,
    via: str | None,
    account: str | None,
    wishes: Wishes,
    *,
    keep_raw: bool,
    resend_unknown: bool,
    resend_refused: bool,
) -> Transform:
    """The stage; raises UsageError or ConfigError before anything is read."""
    way = route(settings, via, account, wishes)
    options = core.Options(
        keep_raw=keep_raw,
        resend_unknown=resend_unknown,
        resend_refused=resend_refused,
        resolves=way.resolves,
    )
    packing = Packing(new_id=new_id, date=lambda: date(datetime.now().astimezone()))

    def send(records: Iterable[Record]) -> Iterator[Record]:
        from mailpipe.wire.ledger import Ledger
        from mailpipe.wire.registry import Registry, registering

        # No state directory, no sending: this fails before a server hears of us.
        with (
            closing(Ledger(config.state_dir(), scope=way.scope, clock=time.time)) as ledger,
            closing(way.transport) as transport,
            closing(Registry(settings, time.time)) as registry,
        ):
            outcomes = core.send(
                records, deliver=transport, ledger=ledger, pack=packing.pack, options=options
            )
            yield from registering(outcomes, registry, partial(say, outcome.STAGE))

    return send


def new_id(sender: str) -> str:
    """A Message-ID for a message that came without; it tells nothing about this host."""
    domain = sender.rpartition("@")[2]
    return f"{uuid.uuid4()}@{domain if domain and '[' not in domain else 'localhost'}"
