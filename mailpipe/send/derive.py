"""Derive the envelope of a raw message from its header, where nobody has given one."""

from collections.abc import Sequence
from typing import Any

from mailpipe.errors import RecordError
from mailpipe.mail import addresses, headers

# RFC 5322 section 3.6.6: a message that is sent on has the new sender and recipients in these.
_RESENT = ("resent-to", "resent-cc", "resent-bcc")
_PLAIN = ("to", "cc", "bcc")
# Liberties that change no address; every other one may hide a recipient or invent one.
_HARMLESS = frozenset(("address-in-name",))


def derived(raw: bytes) -> dict[str, Any]:
    """JMAP's Envelope (RFC 8621 section 7): from Sender or From, to all of To, Cc and Bcc.

    A field that does not say clearly whom it names is refused: a guess is a wrong recipient.
    Raises RecordError.
    """
    fields = headers.read(raw, 0, len(raw)).fields
    resent = any(name.lower() in _RESENT for name, _ in fields)
    recipients = _emails(fields, _RESENT if resent else _PLAIN)
    if not recipients:
        raise RecordError(
            "the message names no recipient", slug="bad-envelope", hint="add To, Cc or Bcc, or send a record"
        )
    prefix = "resent-" if resent else ""
    senders = _emails(fields, [prefix + "sender"]) or _emails(fields, [prefix + "from"])
    if not senders:
        raise RecordError("the message has no From", slug="bad-envelope", hint="add From: to its header")
    return {"mailFrom": {"email": senders[0]}, "rcptTo": [{"email": email} for email in recipients]}


def _emails(fields: Sequence[headers.Header], names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name, value in fields:
        if name.lower() not in names:
            continue
        defects: list[str] = []
        found += [address.email for address in addresses.parse(value, defects)]
        wrong = [defect for defect in defects if defect.startswith("address-") and defect not in _HARMLESS]
        if wrong:
            raise RecordError(
                f"{name}: {value[:80]!r} is not a list of addresses ({', '.join(wrong)})",
                slug="bad-envelope",
                hint="quote names with commas, and put a comma between addresses",
            )
    return list(dict.fromkeys(found))
