"""Put the commands of track together: configuration, database, clock, and how a report is written."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

from mailpipe import jsonl
from mailpipe.config import Settings
from mailpipe.errors import ConfigError, UsageError
from mailpipe.record import Record
from mailpipe.stage import Plan
from mailpipe.track import core
from mailpipe.wire.registry import opened
from mailpipe.wire.trackkeys import keys


@contextmanager
def database(settings: Settings) -> Iterator[core.Opens]:
    """The database of opens, for a while."""
    found = opened(settings)
    try:
        yield found
    finally:
        found.close()


def moment(since: str | None) -> float:
    """The time that --since means, in seconds since the epoch."""
    return 0.0 if since is None else core.moment(since, datetime.now().astimezone())


def run(
    settings: Settings,
    listen: str,
    keep: float | None,
    networks: Mapping[str, tuple[str, ...]],
    report: Callable[[str], None],
) -> None:
    """Run the server; raises WorldError."""
    host, port = _place(listen)
    found = opened(settings)
    try:
        from mailpipe.track import serve
        from mailpipe.track.app import Policy
    except ImportError as exc:
        hint = "pip install 'mailpipe[track]'"
        raise ConfigError(f"the server needs {exc.name}, which is not installed", hint=hint) from exc
    policy = Policy(
        keys=keys(settings),
        own=[ip_network(one) for one in networks["own"]],
        observers=[ip_network(one) for one in networks["observer"]],
        behind_proxy=bool(networks["behind"]),
        clock=serve.wall_clock,
    )
    place = serve.Listen(host=host, port=port, proxies=networks["behind"], keep_days=keep)
    try:
        serve.serve(place, policy, found, report)
    finally:
        found.close()


def _place(listen: str) -> tuple[str, int]:
    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdigit() or int(port) > 65535:
        raise UsageError(f"{listen!r} is not HOST:PORT", hint="such as 127.0.0.1:8025 or [::1]:8025")
    return host.removeprefix("[").removesuffix("]") or "127.0.0.1", int(port)


def reporting(settings: Settings, since: str | None, form: str | None) -> Plan:
    """The report in the form that is asked for, or that fits standard output."""
    start = moment(since)
    form = form or ("table" if os.isatty(1) else "jsonl")

    def records(_records: Iterable[Record]) -> Iterator[Record]:
        with database(settings) as opens:
            yield from core.report(opens, start)

    if form == "table":
        from mailpipe.track.table import Table

        return Plan(records, encode=Table(shutil.get_terminal_size((120, 0)).columns).line)
    if form == "html":
        return Plan(_page(settings, start), encode=lambda record: str(record["html"]).encode())
    return Plan(records, encode=jsonl.encode)


def _page(settings: Settings, start: float) -> Callable[[Iterable[Record]], Iterator[Record]]:
    def page(_records: Iterable[Record]) -> Iterator[Record]:
        from mailpipe.track.page import page

        with database(settings) as opens:
            made = page(core.report(opens, start), core.events(opens, start), datetime.now(UTC))
        yield {"html": made}

    return page
