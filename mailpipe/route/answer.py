"""Decides whether a message may be answered by a machine at all (RFC 3834 section 2); pure."""

from collections.abc import Callable, Mapping
from typing import Any

Own = Callable[[str], bool]


def nobody(_address: str) -> bool:
    """Where no address is known to be our own."""
    return False


def refusal(record: Mapping[str, Any], own: Own, *, failure: bool = False) -> str:
    """Why the message must not be answered automatically; empty if it may be.

    A ``failure`` is told only to a sender who is proven to be the one, by sender authentication or by
    the tag in the address: everybody else would get bounces for mail that he has not sent.
    """
    auto = record.get("auto")
    if not isinstance(auto, dict) or not isinstance(auto.get("class"), str):
        return "it is not known whether a machine wrote it"
    if auto["class"] != "none":
        return f"a machine wrote it ({auto['class']})"
    if auto.get("suppressReply") is not False:
        return "its sender wants no automatic answer"
    who = sender(record)
    if not who:
        return "it has not exactly one sender"
    if own(who):
        return "it comes from ourselves"
    verified = _verified(record, "auth")
    if verified is False:
        return "its sender is forged"
    if failure and not (verified or _verified(record, "ref")):
        return "its sender is not verified, and might get a failure of what he has not sent"
    return ""


def sender(record: Mapping[str, Any]) -> str:
    """The address of the only sender in lower case, or nothing."""
    senders = record.get("from")
    if not isinstance(senders, list) or len(senders) != 1 or not isinstance(senders[0], dict):
        return ""
    email = senders[0].get("email")
    return email.lower() if isinstance(email, str) and "@" in email else ""


def resource(record: Mapping[str, Any]) -> str:
    """What the message is about, or nothing."""
    ref = record.get("ref")
    name = ref.get("id") if isinstance(ref, dict) else None
    return name if isinstance(name, str) else ""


def _verified(record: Mapping[str, Any], member: str) -> object:
    value = record.get(member)
    return value.get("verified") if isinstance(value, dict) else None
