"""The render command: options to a plan."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.record import Transform
from mailpipe.render.flags import message_flags, messages
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
def command(settings: Settings, eml: bool, lint: bool, output_dir: str | None, **given: Any) -> Plan:
    """Fill a template with data: one message per object.

    TEMPLATE is Markdown (.md), reStructuredText (.rst, with the extra rst), HTML (.html) or plain text
    (.txt) with YAML front matter: from, to, cc, bcc, replyTo, subject, ref, lang, headers, attachments,
    data, schema, markdown, idempotencyKey, base, logo.
    All of it is filled with Jinja: a member of the object is {{ plate }}, one inside another
    {{ vehicle.plate }}, the whole {{ data }}.  A name that is not in the data is an error.  null prints
    nothing, true and false as in JSON, numbers as they were written.

    schema names a JSON Schema, JSON or YAML, beside the template (extra schema): data that do not follow
    it make an error that names every violation.

    Beside check.md, check.fr.md is used where lang is fr; its front matter has only what differs.  The
    filters date, time, datetime, number, percent, currency and plural write values as that language
    does: {{ due | date }}, {{ price | currency("EUR") }}, {{ n | plural(one="# day", other="# days") }}.
    They need the extra i18n.

    What the data hold arrives as these characters, never as Markdown, HTML, a header or a second
    recipient; {{ text | markdown }} reads a value as Markdown on purpose.

    Each message carries the object three times: as text, as JSON and as HTML.  With a ref, replies
    come back to an address of the resource, and the subject shows it in brackets.

    With --reply each record is a parsed message, and what is rendered is the answer: to whom, subject,
    In-Reply-To and References come from it, {{ data.status }} is what was found in it.  What must not be
    answered (RFC 3834), such as mail of machines, becomes a record that says why.

    With --track, or track in the front matter, a message becomes one record for each of its recipients:
    the same header and the same Message-ID, and as the last element of the HTML an invisible picture
    with an address of its own. `mailpipe track serve` is what answers there. This tells who opens
    mail, processes personal data and needs a legal basis; see mailpipe-track(1). track may be a
    mapping: {url: ..., except: [addresses without picture], unsubscribe: true}; the last one adds
    List-Unsubscribe (RFC 8058), which then differs from copy to copy. An empty url is no tracking.

    --lint names HTML that is clipped (over 102 kB), lines over 998 octets, a missing text part, links that
    lead nowhere or elsewhere than they say, pictures without alt text, names that look like another
    address, files that servers block. It looks at the message alone and asks no server; findings are
    no errors and do not change the status.

    With SOURCE_DATE_EPOCH in the environment the same input makes the same octets.
    """
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
