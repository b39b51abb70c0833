"""Recognises mail of our own that somebody's mailbox has sent back to us, and would again and again."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from mailpipe.mail.headers import Header
from mailpipe.mail.identity import Identity

# Written by each mailbox that a message has been through (and kept when it forwards), newest first.
_STATIONS = frozenset(
    {
        *("delivered-to", "x-original-to", "x-delivered-to", "x-envelope-to", "envelope-to"),
        *("x-forwarded-to", "x-forwarded-for", "resent-to", "resent-from"),
    }
)
_ADDRESS = re.compile(r"[^\s<>,;:\"]{1,320}@[^\s<>,;:\"]{1,255}")


def find(fields: Iterable[Header], described: Mapping[str, Any], identity: Identity) -> list[dict[str, str]]:
    """The evidence that a message is ours and came back, as ``{header, value}``; empty if it is not sure.

    It must have our Message-ID and our anchor or sender, have been through the mailbox of one of its
    recipients, and then have been delivered to us.  Mail that lies where we have delivered it, and mail
    that we have addressed to ourselves, is no loop.
    """
    ids = [found for found in described["messageId"] if found.lower().startswith(f"{identity.app.lower()}-")]
    if not ids or not _is_ours(described, identity):
        return []
    recipients = {
        mailbox["email"].lower()
        for member in ("to", "cc")
        for mailbox in described[member]
        if mailbox["email"]
    }
    if any(_is_our_address(address, identity) for address in recipients):
        return []
    stations = [
        (name, value, address.lower())
        for name, value in fields
        if name.lower() in _STATIONS
        for address in _ADDRESS.findall(value)
    ]
    away = [station for station in stations if station[2] in recipients]
    back = [station for station in stations if _is_our_address(station[2], identity)]
    if not away or not back:
        return []
    listed = [("Message-ID", f"<{ids[0]}>"), away[0][:2], back[0][:2]]
    return [{"header": name, "value": value} for name, value in dict.fromkeys(listed)]


def _is_ours(described: Mapping[str, Any], identity: Identity) -> bool:
    anchors = [found for each in described["references"] if (found := identity.find_anchor(each))]
    if any(found.verified is not False for found in anchors):
        return True
    return any(_is_our_address(mailbox["email"] or "", identity) for mailbox in described["from"])


def _is_our_address(address: str, identity: Identity) -> bool:
    own = f"{identity.app}@{identity.domain}".lower()
    return address.lower() == own or identity.find_address(address) is not None
