"""Decide whether a record's message gets a copy in the Sent folder; making it is the store's job."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pybase64 import b64decode

from mailpipe.errors import RecordError
from mailpipe.mail import dates, headers, ids
from mailpipe.record import Record
from mailpipe.sent.canonical import canonical, tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A message to keep: its octets with CRLF line ends, identifier without brackets, and date.

    ``raw`` has no pixel; ``tokens`` are those of the pixels that it had.
    """

    raw: bytes
    message_id: str
    date: datetime
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What has become of a copy.

    ``reason`` where none was appended: ``already-there``, ``provider-keeps-it``, ``not-delivered``,
    ``skipped``, ``no-raw``, ``no-message-id``, or ``failed`` with ``detail``.  ``removed`` is how many
    copies of the provider were removed; ``not-removed`` and ``detail`` say why some were not.
    """

    appended: bool
    mailbox: str | None = None
    uid: int | str | None = None
    uid_validity: int | None = None
    removed: int | None = None
    reason: str | None = None
    detail: str | None = None

    def as_member(self) -> dict[str, Any]:
        """The record's ``sentCopy`` member."""
        member = {
            "appended": self.appended,
            "mailbox": self.mailbox,
            "uid": self.uid,
            "uidValidity": self.uid_validity,
            "removed": self.removed,
            "reason": self.reason,
            "detail": self.detail,
        }
        return {name: value for name, value in member.items() if value is not None}


SKIPPED = Kept(appended=False, reason="skipped")


def concerns(record: Record) -> bool:
    """Whether sent has to do with the record: an error does not matter where somebody got the mail."""
    return "error" not in record or delivered(record) is True


def delivered(record: Record) -> bool | None:
    """Whether anybody got, or may have got, the message; None where the record does not tell."""
    status = record.get("deliveryStatus")
    if not isinstance(status, dict):
        return None
    return any(one.get("delivered") != "no" for one in status.values() if isinstance(one, dict))


def decide(record: Record, now: datetime) -> Copy | Kept:
    """The copy to make, or why none is made; raises RecordError for what was never sent.

    ``now`` is the date of a message that tells none.
    """
    got = delivered(record)
    if got is None:
        raise RecordError(
            "no deliveryStatus", slug="not-sent", hint="run `mailpipe send --keep-raw` before sent"
        )
    if not got:
        return Kept(appended=False, reason="not-delivered")
    encoded = record.get("raw")
    if encoded is None:
        return Kept(appended=False, reason="no-raw", detail="run `mailpipe send` with --keep-raw")
    try:
        raw = b64decode(encoded, validate=False)
    except (ValueError, TypeError) as exc:
        raise RecordError(f"raw is not base64: {exc}", slug="bad-raw") from exc
    fields = {field.name.lower(): field.value for field in headers.read(raw, 0, len(raw)).fields}
    identifiers = ids.parse(fields.get("message-id", ""), [])
    if len(identifiers) != 1 or not (identifiers[0].isascii() and identifiers[0].isprintable()):
        return Kept(
            appended=False, reason="no-message-id", detail="a second run could not recognise the copy"
        )
    written = dates.parse(fields.get("date", ""), [])
    date = datetime.fromisoformat(written) if written else now
    raw, bcc = with_crlf(raw), record.get("bcc")
    return Copy(
        raw=canonical(raw, bcc if isinstance(bcc, list) else []),
        message_id=identifiers[0],
        date=date if date.tzinfo else date.replace(tzinfo=UTC),
        tokens=tuple(tokens(raw)),
    )


def with_crlf(raw: bytes) -> bytes:
    """The message with CRLF line ends, which IMAP wants (RFC 3501 section 4.3.1)."""
    if raw.count(b"\n") == raw.count(b"\r\n"):
        return raw
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
