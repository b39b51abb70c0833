"""The command line of settle."""

from functools import partial

import click

from mailpipe.config import Settings
from mailpipe.record import Transform
from mailpipe.stage import stage

MAX_ATTEMPTS = 10


@stage(
    "settle",
    examples="""
# The last stage: nothing leaves the inbox before this
mailpipe fetch | mailpipe parse | mailpipe route rules.yaml | mailpipe settle > settled.jsonl
# What did not go well
mailpipe settle < routed.jsonl | jq -c 'select(.settled.outcome == "failed") | .id'
""",
    acts=True,
)
@click.option(
    "--processed", metavar="FOLDER", help="Folder for what is processed.  [the account's, or processed]"
)
@click.option("--failed", metavar="FOLDER", help="Folder for what has failed.  [the account's, or failed]")
@click.option(
    "--max-attempts",
    type=click.IntRange(min=1),
    default=MAX_ATTEMPTS,
    show_default=True,
    metavar="N",
    help="A message deferred at its Nth attempt has failed.",
)
@click.option("--why", metavar="ID", help="Only tell why the message with that id has failed.")
def command(
    settings: Settings, processed: str | None, failed: str | None, max_attempts: int, why: str | None
) -> Transform:
    """Move routed messages to the processed or failed folder.

    The outcome is route.outcome: processed and failed go to the folders of those names, which are
    made when they are missing; deferred stays where it is and is free for the next fetch. A message
    that an earlier stage could not handle (its record has an error) goes to failed, so that a person
    sees it, or is deferred where the error says that trying again may help.

    A message is removed from its mailbox only after the server has confirmed its copy, and by its
    UID alone: what other people have flagged as deleted stays. If the UIDVALIDITY of the mailbox is
    not the one that fetch saw, nothing is touched. On a server without UIDPLUS (RFC 4315) the message is
    copied, flagged as deleted and left there. An mbox file is never changed: that a message is
    settled is noted in the state database, and fetch leaves it out from then on.

    A failed message carries the reason as a keyword, such as $Mailpipe-no-rule-matched, where the server
    keeps keywords; --why ID tells all that is known of it, by its id or the beginning of it.

    settled in the output tells what was done: outcome, action (moved, already, gone, flagged, left,
    noted), mailbox, uid and uidValidity.
    """
    from mailpipe.settle import core
    from mailpipe.settle import stores as opened

    if why is not None:
        found = opened.why(why)
        return lambda _records: iter(found)
    stores = opened.Stores(settings, processed=processed, failed=failed)
    return partial(core.settle, mailboxes=stores, max_attempts=max_attempts)
