"""The command line of leases."""

from collections.abc import Callable, Iterable, Iterator

import click

from mailpipe.config import Settings
from mailpipe.record import Record, Transform
from mailpipe.stage import Plan, stage


@stage(
    "leases",
    examples="""
# Which messages does a run have in hand?
mailpipe leases | jq .uid

# A run was killed: let the next one have its messages at once
mailpipe leases --release-all
""",
)
@click.argument("store", metavar="[ACCOUNT|URL]", required=False)
@click.option(
    "--release",
    multiple=True,
    metavar="ID",
    help="End the lease of this id, or of the only one that begins so.",
)
@click.option("--release-all", is_flag=True, help="End every lease that holds.")
@click.option(
    "--remembered",
    is_flag=True,
    help="Also list messages that nobody has, but whose attempts or outcome are remembered.",
)
def command(
    settings: Settings, store: str | None, release: tuple[str, ...], release_all: bool, remembered: bool
) -> Transform | Plan:
    """Show which messages are leased, and release them.

    fetch leases each message that it hands out, so that no other run on this host takes it as well.
    settle ends the lease; so does time (fetch --lease), after a run that was killed. Without an account
    or URL the leases of all stores are listed: on a terminal as a table, else as JSON Lines with id,
    state (leased, ended, free, settled), mailbox, uid, uidValidity, attempts, pid, running (whether
    that process is still there), until and seconds (how much is left).

    A lease that is released can be taken by the next fetch at once. Do it only when its run is dead:
    else the message is handled twice. Attempts are kept.
    """
    from mailpipe.leases import book

    def transform(_records: Iterable[Record]) -> Iterator[Record]:
        return book.run(settings, store, release, every=release_all, remembered=remembered)

    if not book.watched():
        return transform
    return Plan(transform, encode=_table())


def _table() -> Callable[[Record], bytes]:
    from mailpipe.leases import core

    lines = iter([core.head()])

    def encode(said: Record) -> bytes:
        return (next(lines, "") + core.row(said)).encode("utf-8", "backslashreplace")

    return encode
