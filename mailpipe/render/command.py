"""The render command: options to a plan."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.record import Transform
from mailpipe.render.flags import message_flags, messages
from mailpipe.render.manual import HELP, described
from mailpipe.stage import Plan, stage
from mailpipe.stdio import say


@stage(
    "render",
    examples="""
# See the first message as it would be sent
mailpipe render check.md --limit 1 --eml < data.jsonl

# One message for each vehicle, to myself
mailpipe render check.md --to me@example.com < data.jsonl | mailpipe send --via maildir:out

# Thank everybody who has answered; machines and mailing lists get nothing
mailpipe parse answer.eml | mailpipe render --reply thanks.md | jq '{to, subject, inReplyTo}'

# A copy for each recipient, with a pixel of its own
mailpipe render check.md --track https://t.example.com < data.jsonl | jq -c '{messageId, track}'

# What mail programs and filters will stumble over
mailpipe render check.md --lint < data.jsonl | jq '{subject, lint}'

# One file for each message, for looking at or for another program
mailpipe render check.md --output-dir messages < data.jsonl | jq -r .path

# What people will read
mailpipe render check.md < data.jsonl | jq -r .text
""",
)
@message_flags
@click.option(
    "--track", metavar="URL", help="Server of `mailpipe track serve` that is told of opens.  [the template's]"
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Stop after N records.")
@click.option(
    "--lint",
    is_flag=True,
    help="Say what readers or filters will stumble over, on stderr and as member lint.",
)
@click.option(
    "--output-dir",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Write each message into DIR, too: 000001.eml is that of the first record.",
)
@click.option("--eml", is_flag=True, help="Write one message itself (RFC 5322) instead of records.")
@described(HELP)
def command(settings: Settings, eml: bool, lint: bool, output_dir: str | None, **given: Any) -> Plan:
    rendered = messages(settings, **given)
    if lint:
        from mailpipe.render.lint import linted

        rendered = then(rendered, partial(linted, say=partial(say, "render")))
    if output_dir:
        from mailpipe.render.folder import written

        rendered = then(rendered, partial(written, folder=Path(output_dir)))
    if not eml:
        return Plan(rendered)
    from mailpipe.render.outside import single

    return Plan(rendered, encode=single())


def then(first: Transform, second: Transform) -> Transform:
    """The second after the first."""
    return lambda records: second(first(records))
