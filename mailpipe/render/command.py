"""The render command: options to a plan."""

from functools import partial
from typing import Any

import click

from mailpipe.config import Settings
from mailpipe.stage import Plan, stage


def overrides(
    from_: str | None,
    to: tuple[str, ...],
    subject: str | None,
    lang: str | None,
    attach: tuple[str, ...],
    json_part: str | None = None,
    markdown: bool = False,
    track: str | None = None,
) -> dict[str, list[str]]:
    """What is given by flag, by the key of the front matter that it replaces."""
    given = {"from": from_, "subject": subject, "lang": lang, "part": json_part, "track": track}
    given["markdown"] = "true" if markdown else None
    found = {key: [value] for key, value in given.items() if value is not None}
    if attach:
        found["attachments"] = list(attach)
    return found | {"to": list(to), "cc": [], "bcc": []} if to else found


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

# What people will read
mailpipe render check.md < data.jsonl | jq -r .text
""",
)
@click.argument("template", type=click.Path(dir_okay=False))
@click.option("--account", metavar="NAME", help="Account whose From is used where the template has none.")
@click.option("--from", "from_", metavar="ADDRESS", help="Sender, instead of the template's.")
@click.option(
    "--to", multiple=True, metavar="ADDRESS", help="Recipient, instead of the template's to, cc and bcc."
)
@click.option("--subject", metavar="TEXT", help="Subject, instead of the template's.")
@click.option("--lang", metavar="TAG", help="Language tag, such as fr, instead of the template's.")
@click.option("--base", type=click.Path(dir_okay=False), help="HTML file around the content.")
@click.option("--attach", multiple=True, metavar="PATH", help="File to attach, instead of the template's.")
@click.option(
    "--attach-root", type=click.Path(file_okay=False), help="Folder below which files are attached."
)
@click.option(
    "--json-part",
    type=click.Choice(["alternative", "attachment", "none"]),
    help="Where the data go: between text and HTML, beside them, or nowhere.  [alternative]",
)
@click.option("--markdown", is_flag=True, help="Send the Markdown, too, as text/markdown.")
@click.option("--reply", is_flag=True, help="Answer parsed messages, which are read instead of data.")
@click.option(
    "--track", metavar="URL", help="Server of `mailpipe track serve` that is told of opens.  [the template's]"
)
@click.option("--limit", type=click.IntRange(min=0), metavar="N", help="Stop after N records.")
@click.option("--eml", is_flag=True, help="Write one message itself (RFC 5322) instead of records.")
def command(
    settings: Settings,
    template: str,
    account: str | None,
    base: str | None,
    attach_root: str | None,
    reply: bool,
    limit: int | None,
    eml: bool,
    **given: Any,
) -> Plan:
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

    With SOURCE_DATE_EPOCH in the environment the same input makes the same octets.
    """
    from mailpipe.render import core, outside
    from mailpipe.render.files import load
    from mailpipe.render.template import Template

    filled = Template(load(template, base, attach_root), outside.secret(), overrides(**given))
    around = outside.outside()
    plan = partial(
        core.render,
        template=filled,
        sender=outside.sender(settings, account),
        outside=around,
        limit=limit,
        replies=reply,
        copier=outside.copier(settings, filled, around.unique),
    )
    return Plan(plan, encode=outside.single()) if eml else Plan(plan)
