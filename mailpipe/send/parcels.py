"""Make a parcel of a record: its message ready for the wire, its envelope checked, its key known."""

import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pybase64

from mailpipe import jsonl
from mailpipe.errors import RecordError
from mailpipe.mail.parcel import Parcel
from mailpipe.record import Record
from mailpipe.send import message
from mailpipe.send.aim import Aim
from mailpipe.send.envelope import Envelope, envelope
from mailpipe.send.outcome import Statuses

MAX_KEY = 500  # characters of an idempotency key
HINT = "run `mailpipe render` first, or give one raw message"

# What makes two renderings the same content: Message-ID, Date and boundaries are new each time.
_CONTENT = ("from", "to", "cc", "bcc", "subject", "text", "data")


_MANY = re.compile(rb"^content-type[ \t]*:[ \t\r\n]*(?:multipart|message)/", re.I | re.M)


@dataclass(frozen=True, slots=True)
class Packing:
    """How parcels are made; clock and randomness are handed in.

    ``new_id`` makes a Message-ID for a sender's address, ``date`` the text of a Date field.
    """

    new_id: Callable[[str], str]
    date: Callable[[], str]
    aim: Aim = field(default_factory=Aim)

    def pack(self, record: Record) -> tuple[Parcel, Envelope, Statuses]:
        """The parcel, its envelope, and who will not get it; raises RecordError."""
        raw = octets(record)
        given = envelope(record.get("envelope"))
        address, barred = self.aim.aimed(given)
        head, body = message.wire(raw)
        head, message_id = message.completed(head, lambda: self.new_id(address.sender), self.date)
        wired = b"%b\r\n%b" % (head, body)
        if _MANY.search(head):
            wired = _opened(wired)
        parcel = Parcel(
            key=key(record, message_id),
            content=_content(record, wired),
            sender=address.sender,
            recipients=address.recipients,
            message=wired,
            parameters=address.parameters,
            eight_bit=not wired.isascii(),
            utf8=not (
                head.isascii() and address.sender.isascii() and all(map(str.isascii, address.recipients))
            ),
        )
        return parcel, address, barred


def octets(record: Record) -> bytes:
    """The message of a record; raises RecordError when there is none."""
    raw = record.get("raw")
    if not isinstance(raw, str) or "envelope" not in record:
        missing = "envelope" if isinstance(raw, str) else "raw"
        raise RecordError(f"no member {missing!r} to send", slug="missing-field", hint=HINT)
    try:
        return pybase64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError) as exc:
        raise RecordError(f"raw is not base64: {exc}", slug="bad-field") from exc


def key(record: Record, message_id: str) -> str:
    """What names this message whenever it is sent: the idempotency key, else the Message-ID."""
    chosen: Any = record.get("idempotencyKey")
    if chosen is None:
        return f"<{message_id}>"
    if not isinstance(chosen, str) or not 0 < len(chosen) <= MAX_KEY:
        raise RecordError(f"idempotencyKey is not a text of 1 to {MAX_KEY} characters", slug="bad-field")
    return f"key:{chosen}"


def _opened(wired: bytes) -> bytes:
    """Look for Bcc in attached messages; most mail has none and does not load what this takes."""
    if b"message/" not in (lower := wired.lower()) or b"bcc" not in lower:
        return wired
    from mailpipe.send.nested import without_bcc

    return without_bcc(wired)


def _content(record: Record, wired: bytes) -> str:
    told = wired
    if "text" in record:
        told = jsonl.dumps([record.get(name) for name in _CONTENT])
    return hashlib.sha256(told).hexdigest()[:32]
