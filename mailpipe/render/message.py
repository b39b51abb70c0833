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
from mailpipe.mail.smime import Sealer
from mailpipe.record import Record
from mailpipe.render import entity, headers, sealing
from mailpipe.render.answer import Answer, answer
from mailpipe.render.template import Filled, Template

MAX_KEY = 500  # characters of an idempotency key, as send takes it


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


class Draft(NamedTuple):
    """A message before it is signed, encrypted and written: the same once more makes the same octets."""

    fields: list[bytes]
    parts: entity.Parts
    seal: sealing.Wanted
    people: dict[str, list[str]]
    key: str


class Writer:
    """Writes messages of one sender: to whom the template says, or as answers to parsed messages."""

    def __init__(
        self, sender: Sender, outside: Outside, *, replies: bool = False, sealer: Sealer | None = None
    ) -> None:
        self._sender = sender
        self._outside = outside
        self._replies = replies
        self._lock = sealing.Lock(sealer)
        self._identities: dict[str, Identity] = {}
        self._moment = outside.now()
        self._dates = dated(self._moment)

    def record(self, template: Template, given: Record) -> Record:
        """The record of one object's message, or of the answer to one; raises :class:`RecordError`."""
        try:
            with self._outside.budget:
                answered = answer(given, self._is_own) if self._replies else None
                chosen = template.variant(given)
                if chosen.check:
                    chosen.check(answered.data if answered else given)
                return self._record(chosen, given, chosen.fill(given), answered)
        except UnicodeEncodeError as exc:
            raise RecordError("the data have half a character (a lone surrogate)", slug="bad-text") from exc

    def _record(
        self, template: Template, data: dict[str, Any], filled: Filled, answered: Answer | None
    ) -> Record:
        sender = self._from(filled)
        identity = self._identity(sender.domain)
        if answered:
            data, filled = answered.data, answering(filled, answered, template.name)
        people = {key: unique(filled.addresses.get(key, ())) for key in ("to", "cc", "bcc")}
        recipients = unique(each for key in people for each in people[key])
        if not recipients:
            raise RecordError("the message has no recipient", slug="no-recipient", hint="set to, cc or bcc")
        people["replyTo"] = reply_to(filled, sender, identity)
        subject = marked(filled.subject, filled.ref)
        parts = entity.Parts.of(template, data, filled)
        fields = opening(sender, people, subject)
        key = self._outside.unique(b"".join([*fields, *parts.octets()]))
        sent_at, date = self._now()
        message_id = identity.message_id(key, sender.domain)
        links = Links(filled, identity, answered)
        fields += closing(filled, date, message_id, links)
        addresses = {name: [each.email for each in boxes] for name, boxes in people.items()}
        self._draft = Draft(fields, parts, filled.seal, {**addresses, "from": [sender.email]}, key)
        raw = self._written(self._draft)
        return {
            **({} if data is None else {"data": data}),
            "from": [sender.as_record()],
            **described(filled, people, links),
            "subject": subject,
            "sentAt": sent_at,
            "messageId": [message_id],
            "text": filled.text,
            "html": filled.html,
            "envelope": envelope(None if answered else sender, recipients),
            "size": len(raw),
            "raw": pybase64.b64encode(raw).decode("ascii"),
        }

    def again(self, html: str) -> bytes:
        """The octets of the last message with other HTML, signed and encrypted as it was."""
        draft = self._draft
        parts = draft.parts.with_html(html, steady=draft.seal.sign)
        return self._written(draft._replace(parts=parts))

    def _written(self, draft: "Draft") -> bytes:
        content = self._lock.sealed(draft.parts.joined(draft.key), draft.seal, draft.people, draft.key)
        return compose.message(draft.fields, content)

    def _is_own(self, email: str) -> bool:
        """Whether mail to an address comes back to us."""
        own = self._sender.from_.email if self._sender.from_ else ""
        identity = self._identity(self._sender.domain or email.rpartition("@")[2])
        return email.lower() == own.lower() or identity.find_address(email) is not None

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


def envelope(sender: Mailbox | None, recipients: Iterable[Mailbox]) -> Record:
    """Who is told to carry the message, and to whom (RFC 8621 section 7).

    Without a sender nobody is told of a failure, as it must be with automatic answers: the report of a
    failure would be answered again (RFC 3834 section 3.3).
    """
    return {
        "mailFrom": {"email": sender.email if sender else ""},
        "rcptTo": [{"email": each.email} for each in recipients],
    }


def answering(filled: Filled, answered: Answer, template: str) -> Filled:
    """What the template leaves open, derived from the message that is answered."""
    named = any(filled.addresses.get(key) for key in ("to", "cc", "bcc"))
    # An answer is made again when a handler is tried again; sent it is once.
    key = f"{template} in reply to {answered.key}"[:MAX_KEY] if answered.key else ""
    return filled._replace(
        addresses=filled.addresses if named else {**filled.addresses, "to": answered.to},
        subject=filled.subject or answered.subject,
        ref=filled.ref or answered.ref,
        key=filled.key or key,
    )


def described(filled: Filled, people: dict[str, list[Mailbox]], links: "Links") -> Record:
    """The members that not every message has."""
    given = {
        "ref": None if filled.ref is None else {"id": filled.ref},
        **{name: [each.as_record() for each in boxes] for name, boxes in people.items()},
        "inReplyTo": links.in_reply_to,
        "references": links.references,
        "attachments": [each.properties for each in filled.attachments],
        "idempotencyKey": filled.key,
    }
    return {name: value for name, value in given.items() if value}


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


class Links:
    """The ids of In-Reply-To and References: the resource's anchor, what is answered, the author's own."""

    def __init__(self, filled: Filled, identity: Identity, answered: Answer | None) -> None:
        anchor = [] if filled.ref is None else [identity.anchor(filled.ref)]
        replied = answered.in_reply_to if answered else []
        earlier = answered.references if answered else []
        self.in_reply_to = list(dict.fromkeys([*replied, *_own_ids(filled, "in-reply-to")]))
        self.references = list(dict.fromkeys([*anchor, *earlier, *_own_ids(filled, "references")]))
        self.is_answer = answered is not None


def _own_ids(filled: Filled, wanted: str) -> list[str]:
    return [each for name, value in filled.headers if name.lower() == wanted for each in headers.ids(value)]


def opening(sender: Mailbox, people: dict[str, list[Mailbox]], subject: str) -> list[bytes]:
    """The header fields that people read.  Bcc is not among them: it is in the envelope alone."""
    fields = [encode.addresses("From", [sender])]
    for name, key in (("To", "to"), ("Cc", "cc"), ("Reply-To", "replyTo")):
        if people[key]:
            fields.append(encode.addresses(name, people[key]))
    fields.append(encode.text("Subject", subject))
    return fields


def closing(filled: Filled, date: bytes, message_id: str, links: Links) -> list[bytes]:
    """The header fields that programs read, and the author's own."""
    fields = [date, encode.identifiers("Message-ID", [message_id])]
    if links.in_reply_to:
        fields.append(encode.identifiers("In-Reply-To", links.in_reply_to))
    if links.references:
        fields.append(encode.identifiers("References", links.references))
    if filled.lang:
        fields.append(encode.structured("Content-Language", filled.lang))
    own = [(name, value) for name, value in filled.headers if name.lower() not in headers.IDS]
    if links.is_answer and not any(name.lower() == "auto-submitted" for name, _value in own):
        fields.append(b"Auto-Submitted: auto-replied\r\n")  # RFC 3834 section 5
    return [*fields, *(headers.field(name, value) for name, value in own)]
