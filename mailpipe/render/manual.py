"""Holds what render says of itself: its --help, and the text of its man page."""

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])

HELP = """Fill a template with data: one message per object.

TEMPLATE is Markdown (.md), reStructuredText (.rst, with the extra rst), HTML (.html) or plain text
(.txt) with YAML front matter: from, to, cc, bcc, replyTo, subject, ref, lang, headers, attachments,
data, schema, markdown, idempotencyKey, base, logo, sign, encrypt.
All of it is filled with Jinja: a member of the object is {{ plate }}, one inside another
{{ vehicle.plate }}, the whole {{ data }}.  A name that is not in the data is an error.  null prints
nothing, true and false as in JSON, numbers as they were written.

schema names a JSON Schema, JSON or YAML, beside the template: data that do not follow
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
mapping: {url: ..., except: [addresses without picture], unsubscribe: true, sealed: true}. unsubscribe
adds List-Unsubscribe (RFC 8058), which then differs from copy to copy. What is signed or encrypted is
tracked only with sealed: each copy is then signed and encrypted by itself. An empty url is no tracking.

sign: true signs the message with the certificate of the account (S/MIME; smime in
mailpipe-config(5)), encrypt: true encrypts it to the certificates of its recipients and to our own;
with both it is signed within. They may be templates: encrypt: "{{ partner.secure }}". A certificate that
has expired, is not made for it, or belongs to another key or address is an error, and so is an encrypted
message with bcc: all its readers would see whose keys open it. The subject is never encrypted, nor is
the record: text, html and data in it stay as they are.

--lint names HTML that is clipped (over 102 kB), lines over 998 octets, a missing text part, links that
lead nowhere or elsewhere than they say, pictures without alt text, names that look like another
address, files that servers block. It looks at the message alone and asks no server; findings are
no errors and do not change the status.

With SOURCE_DATE_EPOCH in the environment the same input makes the same octets.
"""


def described(text: str) -> Callable[[F], F]:
    """Give a command a text that is longer than a docstring should be."""

    def decorate(command: F) -> F:
        command.__doc__ = text
        return command

    return decorate
