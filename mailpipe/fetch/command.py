"""The command line of fetch."""

import re
from functools import partial
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.stage import Plan, stage

MAX_SIZE = "47M"  # in base64 this fits the 64 MiB of one line
LEASE = 900  # seconds
EVERY = 300
LONGEST_IDLE = 1500  # a server may end an IDLE of half an hour (RFC 2177), and a firewall does so in silence
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def octets(_ctx: click.Context, _param: click.Parameter, value: str) -> int:
    """A size in octets: ``1000000``, ``500K``, ``47M``, ``1G``."""
    parsed = re.fullmatch(r"(\d{1,15})([KMG]?)", value.strip().upper())
    if parsed is None:
        raise click.BadParameter(f"{value!r} is not a size like 500K or 47M")
    return int(parsed[1]) * _UNITS[parsed[2]]


def field(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> list[tuple[str, str]]:
    """Header fields as ``NAME:TEXT``."""
    found = []
    for value in values:
        name, colon, text = value.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name) or not text.strip().isprintable():
            raise click.BadParameter(f"{value!r} is not NAME:TEXT, as in Subject:invoice")
        found.append((name, text.strip()))
    return found


@stage(
    "fetch",
    examples="""
# Look at what has arrived, without taking it
mailpipe fetch --peek | mailpipe parse
# Take everything, give it to its handlers, and put it away
mailpipe fetch partners | mailpipe parse | mailpipe route rules.yaml | mailpipe settle
# Only what one partner wrote about one matter
mailpipe fetch --from atelier@example.net --header Subject:AB-123 --peek partners
# Ten messages of a local Maildir, the oldest first
mailpipe fetch --limit 10 maildir:in | mailpipe parse
""",
)
@click.argument("store", metavar="[ACCOUNT|URL]", required=False)
@click.option("--mailbox", multiple=True, metavar="NAME", help="Folder to read; may be given again.  [INBOX]")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Stop after N messages.")
@click.option("--peek", is_flag=True, help="Only look: lease nothing. Done anyway on a terminal.")
@click.option(
    "--lease",
    type=click.IntRange(min=1),
    default=LEASE,
    show_default=True,
    metavar="SECONDS",
    help="How long no other run gets the same messages.",
)
@click.option(
    "--claim", is_flag=True, help="Claim messages on the server too: several hosts read one mailbox."
)
@click.option("--take-over", is_flag=True, help="Also take what another run, now dead, has leased.")
@click.option("--watch", is_flag=True, help="Go on for ever: hand out what arrives as it arrives.")
@click.option(
    "--every",
    type=click.IntRange(1, LONGEST_IDLE),
    default=EVERY,
    show_default=True,
    metavar="SECONDS",
    help="Longest time between two looks of --watch.",
)
@click.option(
    "--max-size",
    callback=octets,
    default=MAX_SIZE,
    show_default=True,
    metavar="SIZE",
    help="A larger message is not read, but an error.",
)
@click.option("--unseen", is_flag=True, help="Only messages that nobody has read.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Only arrived on that day or later.",
)
@click.option(
    "--from",
    "sender",
    multiple=True,
    metavar="TEXT",
    help="Only with TEXT in From, such as an address; again: both.",
)
@click.option(
    "--header",
    multiple=True,
    callback=field,
    metavar="NAME:TEXT",
    help="Only with TEXT in that header field; again: both.",
)
@click.option("--search", metavar="KEYS", help="Only what these IMAP search keys find (RFC 3501).")
def command(settings: Settings, store: str | None, **given: Any) -> Plan:
    """Read messages from a mailbox without changing it.

    The store is the name of an account, imap://USER@HOST, imaps://USER@HOST, maildir:DIR or
    mbox:FILE; without one it is the default account. Each message becomes one record with its
    octets in raw, its place in source, and the digest of its octets as id.

    A message that is handed out is leased: no other run on this host gets it until settle has put
    it away, or the lease has run out. Whatever happens after fetch, the message stays where it is:
    only settle moves it. Messages flagged as deleted are not read. A message larger than the limit
    is not read either: its record has an error, and settle puts it into the failed folder.

    --unseen, --since, --from, --header and --search all have to hold. They choose as a server's SEARCH
    does, by a part of the text in a header field, which proves nothing about who wrote: route's rules
    look at addresses.

    With --claim hosts exclude each other as well: each message is claimed on the server by a keyword,
    $MailpipeClaimed, which is set on condition that nobody was quicker (CONDSTORE, RFC 7162). Every host
    has to read with --claim. A claim that does not change for as long as --lease says is dead, and its
    message is taken by the next run that looks; settle takes the keyword away.

    With --watch fetch does not end. The server tells of news (IDLE, RFC 2177), and the folder is searched
    again after every word of it, and every --every seconds in any case; without IDLE, and for files,
    only then. A lost connection is made anew, after a growing pause; after ten failures in a row, and
    where trying again cannot help, the run ends with their status, so that a service manager sees it.

    The folder NAME of a Maildir is its Maildir++ directory .NAME. A bare URL without account takes
    its password from the environment variable MAILPIPE_IMAP_PASSWORD.
    """
    from mailpipe.fetch import core, lines, stores
    from mailpipe.fetch.options import Options

    options = Options(**given)
    sources = stores.sources(settings, store, options)
    claims = stores.claims(settings, store, options)
    return Plan(partial(core.fetch, sources=sources, claims=claims, report=stores.tell), lines.encode)
