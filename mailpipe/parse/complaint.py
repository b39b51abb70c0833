"""Reads complaints that mailbox providers pass on (ARF, RFC 5965): who complained, and about what."""

from collections.abc import Iterable
from typing import Any

from mailpipe.mail import charsets
from mailpipe.mail.mime import Part
from mailpipe.parse import dsn

TYPE = "message/feedback-report"
MAX_RECIPIENTS = 1000


def read(parts: Iterable[Part], returned: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    """The ``deliveryStatus`` of a complaint, by original recipient, or None for other messages.

    The mail has arrived; ``feedbackType`` says what the recipient did with it: abuse, fraud, virus,
    not-spam, other.  Providers that hide Original-Rcpt-To may still return the header with To.
    """
    report = next((part for part in parts if part.type == TYPE), None)
    if report is None:
        return None
    text = charsets.decode(report.content()[0], None).text.replace("\r\n", "\n")
    given = dsn.fields(text)
    kind = next((value.lower() for name, value in given if name == "feedback-type"), "abuse")
    named = [dsn.address(value) for name, value in given if name == "original-rcpt-to"]
    people = [found for found in named if found] or [
        mailbox["email"] for mailbox in returned.get("to", ()) if mailbox["email"]
    ]
    return {person: _described(kind) for person in dict.fromkeys(people[:MAX_RECIPIENTS])}


def _described(kind: str) -> dict[str, Any]:
    return {
        "delivered": "yes",
        "smtpReply": "",
        "action": "delivered",
        "status": "2.0.0",
        "reason": None,
        "hard": False,
        "feedbackType": kind,
    }
