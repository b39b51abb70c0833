"""Writes what a template has made of a record as a message, with its envelope and its identity."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, NamedTuple

import pybase64

from mailpipe.errors import ConfigError, RecordError
from mailpipe.mail import compose, encode
from mailpipe.mail.identity import Identity, short
from mailpipe.mail.mailbox import Mailbox
from mailpipe.record import Record
from mailpipe.render import headers
from mailpipe.render.data import part as data_part
from mailpipe.render.template import Filled, Template


class Sender(NamedTuple):
    """Who sends: the address when the template names none, the application, its domain and keys.

    Without a domain replies go to the domain of From.
    """

    from_: Mailbox | None = None
    app: str = "mailpipe"
    domain: str | None = None
    keys: tuple[bytes, ...] = ()


class Outside(NamedTuple):
    """What comes from outside: the time, the unique part of Message-IDs and boundaries, and patience.

    ``unique`` is given the content, so that a reproducible run can derive it.  Each message is made
    within ``budget``.
    """

    now: Callable[[], datetime]
    unique: Callable[[bytes], str]
    budget: AbstractContextManager[None] = nullcontext()


class Writer:
    """Writes messages of one sender."""

    def __init__(self, sender: Sender, outside: Outside) -> None:
        self._sender = sender
        self._outside = outside
        self._identities: dict[str, Identity] = {}
        self._moment = outside.now()
        self._dates = dated(self._moment)

    def record(self, template: Template, data: dict[str, Any]) -> Record:
        """The record of the message for one data object; raises :class:`RecordError`."""
        try:
            with self._outside.budget:
                chosen = template.variant(data)
                return self._record(chosen, data, chosen.fill(data))
        except UnicodeEncodeError as exc:
            raise RecordError("the data have half a character (a lone surrogate)", slug="bad-text") from exc

    def _record(self, template: Template, data: dict[str, Any], filled: Filled) -> Record:
        sender = self._from(filled)
        identity = self._identity(sender.domain)
        people = {key: unique(filled.addresses.get(key, ())) for key in ("to", "cc", "bcc")}
        recipients = unique(each for key in people for each in people[key])
        if not recipients:
            raise RecordError("the message has no recipient", slug="no-recipient", hint="set to, cc or bcc")
        people["replyTo"] = reply_to(filled, sender, identity)
        subject = marked(filled.subject, filled.ref)
        parts = alternatives(template, data, filled)
        fields = opening(sender, people, subject)
        key = self._outside.unique(b"".join([*fields, *parts, *(each.part for each in filled.attachments)]))
        sent_at, date = self._now()
        message_id = identity.message_id(key, sender.domain)
        references = related(filled, identity)
        fields += closing(filled, date, message_id, references)
        raw = compose.message(fields, body(parts, filled, key))
        given = {
            "ref": None if filled.ref is None else {"id": filled.ref},
            **{name: [each.as_record() for each in boxes] for name, boxes in people.items()},
            "references": references,
            "attachments": [each.properties for each in filled.attachments],
        }
        return {
            "data": data,
            "from": [sender.as_record()],
            **{name: value for name, value in given.items() if value},
            "subject": subject,
            "sentAt": sent_at,
            "messageId": [message_id],
            "text": filled.text,
            "html": filled.html,
            "envelope": envelope(sender, recipients),
            "size": len(raw),
            "raw": pybase64.b64encode(raw).decode("ascii"),
        }

    def _now(self) -> tuple[str, bytes]:
        """The time of sending as JSON has it and as a field; written anew when the clock has moved on."""
        moment = self._outside.now()
        if moment != self._moment:
            self._moment, self._dates = moment, dated(moment)
        return self._dates

    def _from(self, filled: Filled) -> Mailbox:
        given = filled.addresses.get("from", [])
        if len(given) > 1:
            raise RecordError("from: a message has one sender", slug="bad-address")
        sender = given[0] if given else self._sender.from_
        if sender is None:
            raise ConfigError(
                "nobody is named as the sender",
                hint="set from in the account, or in the template's front matter, or give --from",
            )
        return sender

    def _identity(self, domain: str) -> Identity:
        """Whose replies come back: the configured domain, or that of From."""
        domain = self._sender.domain or domain
        identity = self._identities.get(domain)
        if identity is None:
            identity = Identity(self._sender.app, domain, self._sender.keys)
            self._identities[domain] = identity
        return identity


def dated(moment: datetime) -> tuple[str, bytes]:
    """A moment as JSON has it (RFC 3339) and as a Date field."""
    return moment.isoformat(), f"Date: {compose.date(moment)}\r\n".encode()


def unique(mailboxes: Iterable[Mailbox]) -> list[Mailbox]:
    """Each mailbox once, where it comes first; capitals make no difference."""
    found: dict[str, Mailbox] = {}
    for each in mailboxes:
        found.setdefault(each.key, each)
    return list(found.values())


def alternatives(template: Template, data: dict[str, Any], filled: Filled) -> list[bytes]:
    """The same content as text, as data unless they stay at home, and as HTML."""
    attached = data_part(data, template.data_format, template.data_fields)
    text = compose.text_part("text/plain", filled.text)
    html = compose.text_part("text/html", filled.html)
    return [text, html] if attached is None else [text, attached, html]


def body(parts: list[bytes], filled: Filled, key: str) -> bytes:
    """The alternatives, best last (RFC 2046 section 5.1.4), its pictures with it, and the attachments."""
    html = compose.multipart("related", [parts[-1], *filled.inline], key, '; type="text/html"')
    content = compose.multipart("alternative", [*parts[:-1], html], key)
    return compose.multipart("mixed", [content, *(each.part for each in filled.attachments)], key)


def envelope(sender: Mailbox, recipients: Iterable[Mailbox]) -> Record:
    """Who is told to carry the message, and to whom (RFC 8621 section 7)."""
    return {
        "mailFrom": {"email": sender.email},
        "rcptTo": [{"email": each.email} for each in recipients],
    }


def reply_to(filled: Filled, sender: Mailbox, identity: Identity) -> list[Mailbox]:
    """Where replies go: as the author says, else to the address of the resource."""
    given = filled.addresses.get("replyTo", [])
    if given or filled.ref is None:
        return given
    return [Mailbox(sender.name, identity.address(filled.ref))]


def marked(subject: str, ref: str | None) -> str:
    """The subject with the short ref in brackets before it, unless it is there already."""
    if ref is None or f"[{short(ref)}]" in subject:
        return subject
    return f"[{short(ref)}] {subject}"


def related(filled: Filled, identity: Identity) -> list[str]:
    """The ids of References: the anchor of the resource, then those that the author adds."""
    anchor = [] if filled.ref is None else [identity.anchor(filled.ref)]
    own = [
        each for name, value in filled.headers if name.lower() == "references" for each in headers.ids(value)
    ]
    return [*anchor, *own]


def opening(sender: Mailbox, people: dict[str, list[Mailbox]], subject: str) -> list[bytes]:
    """The header fields that people read.  Bcc is not among them: it is in the envelope alone."""
    fields = [encode.addresses("From", [sender])]
    for name, key in (("To", "to"), ("Cc", "cc"), ("Reply-To", "replyTo")):
        if people[key]:
            fields.append(encode.addresses(name, people[key]))
    fields.append(encode.text("Subject", subject))
    return fields


def closing(filled: Filled, date: bytes, message_id: str, references: list[str]) -> list[bytes]:
    """The header fields that programs read, and the author's own."""
    fields = [
        date,
        encode.identifiers("Message-ID", [message_id]),
    ]
    if references:
        fields.append(encode.identifiers("References", references))
    if filled.lang:
        fields.append(encode.structured("Content-Language", filled.lang))
    fields += [headers.field(name, value) for name, value in filled.headers if name.lower() != "references"]
    return fields
