"""Reads delivery status notifications (RFC 3464): one group of fields a recipient."""

import re
from typing import NamedTuple

MAX_RECIPIENTS = 10_000
MAX_VALUE = 4000  # characters

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_ADDRESS = re.compile(r"[^\s<>;()\"]{1,320}@[^\s<>;()\",]{1,320}")


class Recipient(NamedTuple):
    """What is said about one recipient; all but ``address`` may be empty.

    ``address`` is the one that the sender gave, as far as it is told (RFC 3461 section 4.2), ``final`` the
    one that delivery was tried to.
    """

    address: str
    action: str
    status: str
    diagnostic: str
    final: str = ""


def read(text: str) -> list[Recipient]:
    """The recipients in the text of a ``message/delivery-status`` part, or of one that looks like it."""
    found: list[Recipient] = []
    group: dict[str, str] = {}
    for name, value in fields(text):
        if name in group and name in ("final-recipient", "original-recipient"):
            _add(found, group)  # a group that lost the blank line above it
            group = {}
        if name:
            group.setdefault(name, value)
        else:
            _add(found, group)
            group = {}
    _add(found, group)
    return found


def fields(text: str) -> list[tuple[str, str]]:
    """Name in lower case and value of each field, continuation lines joined; ("", "") ends a group."""
    found: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if not line.strip():
            found.append(("", ""))
        elif line[0] in " \t" and found and found[-1][0]:
            name, value = found[-1]
            found[-1] = (name, f"{value} {line.strip()}"[:MAX_VALUE])
        else:
            name, colon, value = line.partition(":")
            if colon and " " not in name.strip():
                found.append((name.strip().lower(), value.strip()[:MAX_VALUE]))
    return found


def address(value: str) -> str:
    """The address in a field such as ``rfc822; <jane@example.org>``, or an empty string."""
    found = _ADDRESS.search(_typed(value))
    return found[0] if found else ""


def _add(found: list[Recipient], group: dict[str, str]) -> None:
    final = address(group.get("final-recipient", ""))
    person = (
        address(group.get("original-recipient", "")) or final or address(group.get("x-actual-recipient", ""))
    )
    if not person or len(found) >= MAX_RECIPIENTS:
        return
    action = group.get("action", "").partition(" ")[0].partition(";")[0].lower()
    status = _STATUS.search(group.get("status", ""))
    diagnostic = _typed(group.get("diagnostic-code", ""))
    exact = status[0] if status else ""
    found.append(Recipient(person, action if action in _ACTIONS else "", exact, diagnostic, final))


def _typed(value: str) -> str:
    """A value without its type (``rfc822; jane@example.org``, ``smtp; 550 no such user``)."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and kind.strip().replace("-", "").isalnum() else value
