"""Put send together: transport, ledger, clock and randomness, opened with the first record."""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from mailpipe import config
from mailpipe.config import Settings
from mailpipe.errors import RecordError, UsageError
from mailpipe.record import Record, Transform
from mailpipe.send import core, outcome
from mailpipe.send.aim import Aim, aim
from mailpipe.send.parcels import Packing
from mailpipe.send.patience import Patience
from mailpipe.send.transports import Route, Wishes, route
from mailpipe.stdio import say

if TYPE_CHECKING:
    from mailpipe.wire.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the command line asks for, besides where to send; times in seconds."""

    options: core.Options
    redirect: str | None = None
    allow_domain: tuple[str, ...] = ()
    max_age: float = 0.0
    wait: float = 0.0
    retry: str | None = None


def asked(given: dict[str, Any]) -> tuple[Wishes, Request]:
    """What the options of the command ask for, of the network and of the run."""
    options = core.Options(
        keep_raw=given["keep_raw"],
        resend_unknown=given["on_unknown"] == "resend",
        resend_refused=given["on_refused"] == "resend",
        ordered=not given["unordered"],
        rate=given["rate"] or 0.0,
        rehearsal="" if given["dry_run"] else None,
    )
    own = {field.name: given[field.name] for field in fields(Request) if field.name in given}
    network = {field.name: given[field.name] for field in fields(Wishes)}
    return Wishes(**network), Request(options=options, **own)


def transform(
    settings: Settings, via: str | None, account: str | None, wishes: Wishes, request: Request
) -> Transform:
    """The stage; raises UsageError or ConfigError before anything is read."""
    way = route(settings, via, account, wishes)
    try:
        target = aim(request.redirect, request.allow_domain)
    except RecordError as exc:
        raise UsageError(f"--redirect: {exc.detail}") from exc
    if request.options.rehearsal is not None:
        request = replace(request, options=replace(request.options, rehearsal=way.via))
    return partial(_send, settings=settings, way=way, request=request, target=target)


def _send(
    records: Iterable[Record], *, settings: Settings, way: Route, request: Request, target: Aim
) -> Iterator[Record]:
    from mailpipe.wire.ledger import Ledger
    from mailpipe.wire.registry import Registry, registering

    scope = way.scope + target.scope
    # No state directory, no sending: this fails before a server hears of us.
    with (
        closing(Ledger(config.state_dir(), scope=scope, via=way.via, clock=time.time)) as ledger,
        closing(way.transport) as transport,
        closing(Registry(settings, time.time)) as registry,
    ):
        outcomes = core.send(
            records if request.retry is None else _postponed(ledger, request.retry),
            deliver=transport,
            ledger=ledger,
            pack=Packing(new_id=new_id, date=date, aim=target).pack,
            options=replace(request.options, resolves=way.resolves),
            patience=_patience(request, getattr(records, "stopping", bool)),
        )
        if request.options.rehearsal is None:
            outcomes = registering(outcomes, registry, partial(say, outcome.STAGE))
        yield from outcomes
        ledger.purge()


def _patience(request: Request, stopping: Callable[[], bool]) -> Patience:
    return Patience(
        clock=time.time,
        random=random.random,
        sleep=time.sleep,
        max_age=request.max_age,
        wait=request.wait,
        stopping=stopping,
    )


def status() -> Transform:
    """What the ledger holds open; nothing is read and nobody is connected to."""

    def listed(_records: Iterable[Record]) -> Iterator[Record]:
        from mailpipe.wire.held import held

        return held(config.state_dir(), time.time)

    return listed


def _postponed(ledger: "Ledger", which: str) -> Iterator[Record]:
    """The records that were put off and are to be tried again."""
    yield from ledger.due(everything=which == "all")
    count, first = ledger.waiting()
    if count and which != "all":
        when = datetime.fromtimestamp(first).astimezone().isoformat(" ", "seconds")
        say(outcome.STAGE, f"{count} put off, not to be tried before {when}; --retry all does not wait")


def date() -> str:
    """The text of a Date field, for a message that came without."""
    from mailpipe.mail import compose

    return compose.date(datetime.now().astimezone())


def new_id(sender: str) -> str:
    """A Message-ID for a message that came without; it tells nothing about this host."""
    import uuid

    domain = sender.rpartition("@")[2]
    return f"{uuid.uuid4()}@{domain if domain and '[' not in domain else 'localhost'}"
