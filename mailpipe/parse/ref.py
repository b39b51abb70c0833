"""Finds the resource that a message is about, by the marks that our own mail left in it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mailpipe.mail import identity as marks
from mailpipe.mail.headers import Header
from mailpipe.mail.identity import Identity

MAX_FOUND = 20  # other refs that are listed
# What the receiving servers say they delivered to; a sender cannot forget it, nor a client rewrite it.
_DELIVERED = frozenset(
    {
        *("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to"),
        *("x-forwarded-to", "original-recipient", "x-rcpt-to", "apparently-to"),
    }
)


def find(fields: Iterable[Header], described: Mapping[str, Any], identity: Identity) -> dict[str, Any] | None:
    """``{id, by, verified}`` of the resource, or None.

    ``described`` has the message's JMAP members (``to``, ``cc``, ``inReplyTo``, ``references``,
    ``subject``).  ``by`` is address, references or subject, tried in this order; a mark whose tag is
    right goes before every mark without.  Refs of other resources that were found are in ``others``.
    A short ref from the subject is what stands in the brackets, and never verified.
    """
    found = [*_candidates(fields, described, identity)]
    if not found:
        return None
    best = next((ref for ref in found if ref["verified"]), found[0])
    others = [ref for ref in found if not _same(ref["id"], best["id"])]
    if others:
        listed = list(dict.fromkeys(ref["id"] for ref in others))
        return {**best, "others": listed[:MAX_FOUND]}
    return best


def find_returned(returned: Mapping[str, Any], identity: Identity) -> dict[str, Any] | None:
    """The same for a message of ours that came back: answers to it would have gone to its Reply-To."""
    people = [*returned.get("replyTo", ()), *returned.get("from", ())]
    return find((), {**returned, "to": people, "cc": (), "bcc": ()}, identity)


def _candidates(
    fields: Iterable[Header], described: Mapping[str, Any], identity: Identity
) -> Iterator[dict[str, Any]]:
    for address in _addresses(fields, described):
        if found := identity.find_address(address):
            yield {"id": found.id, "by": "address", "verified": found.verified}
    for message_id in _referred(described):
        if found := identity.find_anchor(message_id):
            yield {"id": found.id, "by": "references", "verified": found.verified}
    for word in marks.find_short(described.get("subject") or ""):
        # "[EXTERNAL]" and "[SPAM]" are not ours; a ref without any digit cannot be told from them.
        if any(char.isdigit() for char in word):
            yield {"id": word, "by": "subject", "verified": _without_tag(identity)}


def _without_tag(identity: Identity) -> bool | None:
    """What a mark without a tag is worth: not verified where there are keys, unknown where there are none."""
    sample = identity.find_anchor(identity.anchor("1"))
    return False if sample and sample.verified else None


def _addresses(fields: Iterable[Header], described: Mapping[str, Any]) -> Iterator[str]:
    for name, value in fields:
        if name.lower() in _DELIVERED:
            # Original-Recipient has the type of the address first (RFC 3798 section 2.3).
            yield value.rpartition(";")[2].strip().strip("<>")
    for member in ("to", "cc", "bcc"):
        for mailbox in described.get(member) or ():
            if email := mailbox.get("email"):
                yield email


def _referred(described: Mapping[str, Any]) -> Iterator[str]:
    yield from described.get("inReplyTo") or ()
    yield from reversed(described.get("references") or ())


def _same(one: str, other: str) -> bool:
    """Whether two refs are one resource: a subject has only its short form, an address folds case."""
    return (
        other.lower() in (one.lower(), marks.short(one).lower()) or marks.short(other).lower() == one.lower()
    )
