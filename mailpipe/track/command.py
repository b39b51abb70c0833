"""The command line of track: serve, events, report and register."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.errors import UsageError
from mailpipe.record import Record, Transform
from mailpipe.stage import Plan, StageCommand, stage
from mailpipe.stdio import say

POLL = 0.5  # seconds between two looks for new events
FORMATS = ["table", "jsonl", "html"]


class TrackGroup(click.Group):
    """The four commands; a wrong name is told with the nearest one."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        StageCommand.format_epilog(self, ctx, formatter)  # type: ignore[arg-type]

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            from mailpipe.config import suggest

            raise click.UsageError(
                f"no command {args[0]!r}; {suggest(args[0], self.commands, 'commands')}", ctx
            )
        return super().resolve_command(ctx, args)


EXAMPLES = """\
# Send tracked mail, and see who was sent to and who has opened it
mailpipe render check.md --track https://t.example.com < data.jsonl | mailpipe send > sent.jsonl
mailpipe track report --format table
"""


@click.group(
    "track", cls=TrackGroup, invoke_without_command=True, no_args_is_help=False, epilog=EXAMPLES.rstrip()
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Record who opens mail, and show it.

    `mailpipe render --track URL` makes a copy of each message for each recipient, with a picture of one
    invisible point. When a mail program loads it from `mailpipe track serve` at that URL, this is an event.
    `mailpipe send` keeps which token is whose. `mailpipe track events` and `mailpipe track report` show
    what was opened.

    An open is a hint, never proof: many mail programs load no pictures, and proxies and scanners load
    them without anybody. Each event says what is known about who has fetched it.

    Whoever does this processes personal data and reads from the terminal equipment of others. In the
    European Union this needs a legal basis, as a rule the consent of each recipient (Directive
    2002/58/EC article 5(3), Regulation (EU) 2016/679 article 6). It is off unless it is asked for;
    those who have not agreed are left out with track: {except: ...} in the front matter. Addresses of
    clients are kept without their last part, and --keep forgets everything after some days.
    """
    if ctx.invoked_subcommand is None:
        raise UsageError("no command given", hint="try 'mailpipe track --help'")


def network(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Check addresses and networks."""
    from ipaddress import ip_network

    for value in values:
        try:
            ip_network(value)
        except ValueError as exc:
            raise click.BadParameter(str(exc)) from exc
    return values


@stage(
    "track serve",
    examples="""
# Serve pixels for some seconds, and fetch one that nobody was sent: it looks like any other
mailpipe track serve --listen 127.0.0.1:8025 2> serve.log &
sleep 5; curl -s http://127.0.0.1:8025/o/none.gif | wc -c; kill $!
""",
)
@click.option(
    "--listen",
    metavar="HOST:PORT",
    default="127.0.0.1:8025",
    show_default=True,
    help="Where to listen; port 0 is any free one, and standard error tells which.",
)
@click.option(
    "--own",
    metavar="NETWORK",
    multiple=True,
    callback=network,
    help="Network whose opens are our own, such as 192.0.2.0/24.",
)
@click.option(
    "--behind",
    metavar="NETWORK",
    multiple=True,
    callback=network,
    help="Reverse proxy whose X-Forwarded-For is believed.",
)
@click.option(
    "--observer",
    metavar="NETWORK",
    multiple=True,
    default=["127.0.0.0/8", "::1"],
    callback=network,
    help="Who may read /metrics.  [this host]",
)
@click.option(
    "--keep", type=click.FloatRange(min=0, min_open=True), metavar="DAYS", help="Forget what is older."
)
def serve(settings: Settings, listen: str, keep: float | None, **networks: tuple[str, ...]) -> Transform:
    """Serve pixels, and keep who opens what.

    GET /o/TOKEN.gif is answered with a picture of one transparent point that nobody may keep, always,
    and in the same time, whatever the token. If the token is one of ours, that is an event in the
    database of opens: an SQLite file in the state folder, or the PostgreSQL database of the
    configuration. POST /u/TOKEN unsubscribes with one click (RFC 8058); GET shows a button. GET
    /health tells whether events can be written, GET /metrics counts them for Prometheus.

    It speaks plain HTTP: put it behind a web server that has the certificate, and name that one with
    --behind. SIGTERM ends it when all that was answered is in the database.
    """

    def serving(_records: Iterable[Record]) -> Iterator[Record]:
        from mailpipe.track.setup import run

        run(settings, listen, keep, networks, partial(say, "track serve"))
        yield from ()

    return serving


@stage(
    "track events",
    examples="""
# Who has opened what in the last seven days
mailpipe track events --since 7d | jq -c 'select(.class == "human") | [.recipient, .openedAt]'
""",
)
@click.option("--since", metavar="TIME", help="Only newer ones: 2026-11-20, 2026-11-20T09:12, 36h, 7d.")
@click.option("--follow", is_flag=True, help="Go on with what is opened from now on, until interrupted.")
def events(settings: Settings, since: str | None, follow: bool) -> Transform:
    """Write what was opened, one record for each event.

    A record has messageId and recipient, by which it joins with that of the sent message, openedAt,
    ip (shortened), userAgent, and class with the rule that gave it: human, proxy (a server that
    fetches when its user opens), prefetch (one that fetches beforehand), scanner, or self.
    deliveryStatus has displayed: yes for human and proxy, else unknown. Opens of one recipient in the
    same minute are one event, with a count.
    """

    def reading(_records: Iterable[Record]) -> Iterator[Record]:
        import time

        from mailpipe.track import core
        from mailpipe.track.setup import database, moment

        with database(settings) as opens:
            yield from core.events(opens, moment(since), partial(time.sleep, POLL) if follow else None)

    return reading


@stage(
    "track report",
    examples="""
# Who has not opened what was sent to them
mailpipe track report | jq -r 'select(.openedAt == null) | .recipient'
# The same and more as a page with plots
mailpipe track report --format html > report.html
""",
)
@click.option("--since", metavar="TIME", help="Only newer ones: 2026-11-20, 2026-11-20T09:12, 36h, 7d.")
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="How it is written.  [table on a terminal, else jsonl]",
)
def report(settings: Settings, since: str | None, form: str | None) -> Plan:
    """Show for each message and recipient whether it was opened.

    As a table for people, as records with the same members as those of events, or as a page of HTML
    with plots that needs nothing from elsewhere.
    """
    from mailpipe.track.setup import reporting

    return reporting(settings, since, form)


@stage(
    "track register",
    examples="""
# Keep whose the tokens are where send could not
mailpipe render check.md --track https://t.example.com < data.jsonl | mailpipe send | mailpipe track register
""",
    acts=True,
)
def register(settings: Settings) -> Transform:
    """Keep which token is whose, from records of sent messages.

    `mailpipe send` does so by itself at the moment a message is accepted; this is for records of which
    it says registered: false, and for another database. The same once more changes nothing.
    """

    def registering(records: Iterable[Record]) -> Iterator[Record]:
        import time
        from contextlib import closing

        from mailpipe.track import core
        from mailpipe.wire.registry import Registry, concerns

        with closing(Registry(settings, time.time)) as registry:
            yield from core.register(records, registry.add, concerns)

    return registering


def _add(**commands: Any) -> None:
    for name, made in commands.items():
        command.add_command(made, name)


_add(serve=serve, events=events, report=report, register=register)
