"""The header fields of a message as JMAP properties (RFC 8621 section 4.1.2 and 4.1.3)."""

from typing import Any

from mailpipe.mail import addresses, dates, ids, words
from mailpipe.mail.headers import Header

_ADDRESSES = {
    "from": "from",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "reply-to": "replyTo",
    "sender": "sender",
}
_IDS = {"message-id": "messageId", "in-reply-to": "inReplyTo", "references": "references"}
# At most one each (RFC 5322 section 3.6); readers disagree which of two they show.
_ONCE = frozenset({*_ADDRESSES, *_IDS, "subject", "date"})
_SEVERAL = frozenset({"to", "cc", "bcc", "reply-to", "references", "in-reply-to"})  # all of them are read
# Their encoded words stay encoded: decoded, a name may look like an address.
_STRUCTURED = frozenset(
    {*_ADDRESSES, "return-path", "delivered-to", "authentication-results", "received"}
) | {
    "content-type",
    "content-disposition",
    "dkim-signature",
}


def describe(fields: list[Header], defects: list[str]) -> dict[str, Any]:
    """The members that come from the header; appends what was wrong to ``defects``.

    Of several From, Sender, Subject, Date or Message-ID fields the first counts; the addresses of several
    To, Cc, Bcc and Reply-To fields are joined.
    """
    first = _sorted(fields, defects)
    if "from" not in first:
        defects.append("from-missing")
    described: dict[str, Any] = {
        member: [
            _mailbox(address) for value in first.get(name, ()) for address in addresses.parse(value, defects)
        ]
        for name, member in _ADDRESSES.items()
    }
    subject = first.get("subject")
    described["subject"] = words.decode(subject[0], defects) if subject else None
    date = first.get("date")
    described["sentAt"] = dates.parse(date[0], defects) if date else None
    for name, member in _IDS.items():
        values = first.get(name, ())
        described[member] = list(dict.fromkeys(i for value in values for i in ids.parse(value, defects)))
    return described


def _mailbox(address: addresses.Address) -> dict[str, str | None]:
    mailbox: dict[str, str | None] = {"name": address.name, "email": address.email}
    return {**mailbox, "comment": address.comment} if address.comment else mailbox


def listed(fields: list[Header], defects: list[str]) -> list[dict[str, str]]:
    """Every field in order as ``{name, value}``: unfolded, and decoded where that cannot mislead."""
    return [
        {
            "name": name,
            "value": value
            if "=?" not in value or name.lower() in _STRUCTURED
            else words.decode(value, defects),
        }
        for name, value in fields
    ]


def _sorted(fields: list[Header], defects: list[str]) -> dict[str, list[str]]:
    first: dict[str, list[str]] = {}
    for name, value in fields:
        key = name.lower()
        if key not in _ONCE:
            continue
        if key not in first:
            first[key] = [value]
            continue
        defects.append("duplicate-header")
        if key in _SEVERAL:
            first[key].append(value)
    return first
