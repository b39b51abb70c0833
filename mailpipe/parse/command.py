"""The command line of parse."""

import re
from functools import partial
from typing import Any

import click

from mailpipe import jsonl
from mailpipe.config import Settings
from mailpipe.parse.input import read
from mailpipe.record import Transform
from mailpipe.stage import Plan, stage

_SIZE = re.compile(r"(\d{1,12})\s*([KMG]?)(?:i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def octets(_context: click.Context, _parameter: click.Parameter, value: str) -> int:
    """A size such as ``500K`` or ``47M`` in octets."""
    match = _SIZE.fullmatch(value.strip())
    if match is None:
        raise click.BadParameter(f"{value!r} is not a size like 500K or 47M")
    return int(match[1]) * _UNITS[match[2].upper()]


@stage(
    "parse",
    examples="""
# What a partner has answered
mailpipe fetch --peek | mailpipe parse | jq '{from, subject, data, reply}'
# One message, an mbox, a Maildir: no account is needed
mailpipe parse < answer.eml | jq -r .text
mailpipe parse answer.eml | jq .headers
# Data with the types of a JSON Schema, and what is wrong with them
mailpipe parse --schema check.schema.json answer.eml | jq '{data, dataErrors}'
# Keep attachments as files, named by their digest
mailpipe parse --attachments files answer.eml | jq -r '.attachments[] | "\\(.path) \\(.name)"'
# All of an mbox with all processors; attached messages too
mailpipe parse --jobs 0 --nested answer.eml | jq '.attachments[].nested.subject'
# HTML that a page of your own may show
mailpipe parse --safe-html answer.eml | jq -r .safeHtml
""",
    read=read,
)
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(allow_dash=True))
@click.option(
    "--attachments",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Keep attachments as files in DIR; the record has their path instead of their content.",
)
@click.option(
    "--safe-html",
    is_flag=True,
    help="Add safeHtml: the HTML made inert for showing in a page; nothing in it runs or fetches.",
)
@click.option("--no-content", is_flag=True, help="Describe attachments, but leave their content out.")
@click.option(
    "--only-type",
    metavar="TYPE",
    multiple=True,
    help="Give content only of attachments of this type, like image/*; describe the others. Repeatable.",
)
@click.option(
    "--nested", is_flag=True, help="Read attached messages too: each into nested of its attachment."
)
@click.option(
    "--vocabulary",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Names of fields and values in other languages, YAML.  [the configuration's]",
)
@click.option(
    "--schema",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="JSON Schema, in JSON or YAML, that data is held against.",
)
@click.option(
    "--account",
    metavar="NAME",
    help="Account whose key signs refs, for messages that fetch has not read.  [the default account]",
)
@click.option("--keep-raw", is_flag=True, help="Keep raw, the message as it came.")
@click.option(
    "--max-size",
    callback=octets,
    default="50M",
    show_default=True,
    metavar="SIZE",
    help="Of a larger message only the beginning is read.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=0),
    default=1,
    show_default=True,
    metavar="N",
    help="Processes that read messages at the same time, 0 for one per processor; the order stays.",
)
def command(settings: Settings, files: tuple[str, ...], jobs: int, **flags: Any) -> Plan:
    """Turn messages into dependable JSON.

    Reads the records of fetch, or one raw message, or an mbox on standard input; or FILEs, each a
    message, an mbox, JSON Lines or a Maildir. Every message becomes one record with the properties
    of a JMAP Email (RFC 8621), with its text and html decoded, and with its attachments.

    There is no message that fails: whatever was wrong with it, and what was made of it, is named in
    defects. Attached messages stay attachments; nothing in them is taken for this message's own, and
    --nested reads them into records of their own. Files that were written into the text (uuencode, yEnc) or
    packed into a winmail.dat are attachments like all others. Nothing is fetched, and no archive is opened.

    sniffedType says what an attachment is by its first octets, whatever the sender calls it; --only-type
    goes by it where it is known.

    The text is taken apart into reply, quoted and signature. Structured data comes from a JSON or
    YAML part, else from what people typed in the reply, through the vocabulary: dataSource says which.

    auth says whether the account's own border servers vouch for the author, crypto what was signed and
    encrypted with S/MIME, which is opened with the account's keys (smime in mailpipe-config(5)).
    Invitations and answers to them are in calendar, positions of all kinds in geo.

    With --schema, data that people typed gets the names and types that a JSON Schema (draft 2020-12)
    wants, where there is no doubt: "12500" is an integer, "12 500 km" is none, yes is true in thirty
    languages. What else is meant is said in the schema beside a type: x-group: " ", x-decimal: ",",
    x-unit: [km], x-separator: "," for lists. JSON is checked as it is. What is wrong all the same is
    in dataErrors, by path; the record flows on, and a rule decides.
    """
    from mailpipe.parse import chosen, core, sources

    transform: Transform = partial(core.parse, options=chosen.options(settings, **flags))
    encode = jsonl.encode
    if jobs != 1:
        from mailpipe.parse import jobs as processes

        transform = processes.spread(transform, jobs or processes.processors(), "parse")
        encode = processes.encode
    whole = (lambda stdin: transform(sources.records(files, stdin))) if files else transform
    return Plan(whole, encode)
