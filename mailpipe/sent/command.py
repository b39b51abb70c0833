"""The command line of sent."""

from datetime import UTC, datetime
from functools import partial

import click

from mailpipe.config import Settings
from mailpipe.record import Transform
from mailpipe.sent.modes import MODES, Mode
from mailpipe.stage import stage
from mailpipe.stdio import say


@stage(
    "sent",
    examples="""
# Send, and keep copies where the account's Sent folder is
mailpipe render check.md < data.jsonl | mailpipe send --keep-raw | mailpipe sent
# Into a local Maildir instead
mailpipe render check.md < data.jsonl | mailpipe send --via maildir:out --keep-raw | mailpipe sent maildir:in
""",
    acts=True,
)
@click.argument("store", metavar="[ACCOUNT|URL]", required=False)
@click.option(
    "--folder", metavar="NAME", help="Folder for the copies.  [the account's; else the server's own]"
)
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="auto",
    show_default=True,
    help="Whether to append a copy, to reconcile those of the provider, or to do nothing.",
)
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=5.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a provider may take to file a copy that is to be reconciled.",
)
def command(settings: Settings, store: str | None, folder: str | None, mode: Mode, wait: float) -> Transform:
    """Put a copy of sent messages into the Sent folder.

    The store is the name of an account, imap://USER@HOST, imaps://USER@HOST or maildir:DIR; without
    one it is the default account. Reads what `mailpipe send --keep-raw` writes. A message is copied
    when at least one recipient may have got it, flagged as read, with its own date, and only once:
    a copy with the same Message-ID that is there already is left alone.

    The folder is the one that the account names, or the one that the server marks as \\\\Sent, or one
    with a usual name; it is made when there is none. The copy has Bcc and no pixel, so
    a signature over the pixel does not hold in it.

    With --mode auto, nothing is appended where Gmail and Microsoft 365 keep a copy by themselves,
    unless a folder is named. Of tracked mail (`mailpipe render --track`) such a provider keeps a copy
    for each recipient: these are reconciled. In every folder for sent mail, messages with exactly
    this Message-ID and a pixel of ours are looked for; one message without pixel is appended, with
    their From, To and Cc; then they are removed, on Gmail by way of the trash. What else is there
    stays. --mode reconcile looks for copies of every message, --mode append for none, and --mode skip
    does nothing. A second run changes nothing.

    The mail is sent whatever happens here: a copy that cannot be made is told on stderr and in
    sentCopy, and does not change the exit status.
    """
    from mailpipe.sent import core
    from mailpipe.sent.stores import opened

    return partial(
        core.sent,
        store=opened(settings, store, folder, mode, wait),
        skip=mode == "skip",
        now=lambda: datetime.now(UTC),
        report=partial(say, "sent"),
    )
