"""The preview command: options to a plan."""

from functools import partial
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.render.flags import message_flags, messages
from mailpipe.stage import Plan, stage


@stage(
    "preview",
    examples="""
# The first messages as a page
mailpipe preview check.md < data.jsonl > preview.html

# What an answer to this mail would look like
mailpipe parse answer.eml | mailpipe preview --reply thanks.md > answer.html
""",
)
@message_flags
@click.option(
    "--limit",
    type=click.IntRange(min=1, max=200),
    default=5,
    show_default=True,
    metavar="N",
    help="Show the first N records.",
)
@click.option("--output", type=click.Path(dir_okay=False), help="Write the page to FILE instead of stdout.")
@click.option(
    "--open", "opened", is_flag=True, help="Open the page in the browser of $BROWSER or the desktop."
)
def command(settings: Settings, limit: int, output: str | None, opened: bool, **given: Any) -> Plan:
    """Look at rendered mail in a browser before it is sent.

    Reads data objects as render does, and takes the options of render that say what a message is made
    of. Writes one self-contained HTML page: for each message its HTML on a desktop, on a phone and on a
    phone in dark mode, its text, its data, its header, its parts, and what render --lint has found, side
    by side. A record that cannot be rendered is shown with its error, and makes the status 1.

    The page has no script and asks no server for anything: mail is shown in sandboxed frames in which
    it can do nothing, and pictures on servers stay unseen.

    With --open and without --output the page is a file in the folder for temporary files; $TMPDIR moves it.
    """
    from mailpipe.preview import core, page

    transform = partial(
        core.preview,
        render=messages(settings, limit=limit, **given),
        show=page.writer(output, opened=opened),
    )
    return Plan(transform, encode=core.encode)
