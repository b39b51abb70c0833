"""Reads delivery status notifications (RFC 3464): one group of fields a recipient."""

import re
from typing import NamedTuple

MAX_RECIPIENTS = 10_000
MAX_VALUE = 4000  # characters

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_ACTIONS = ("failed", "delayed", "delivered", "relayed", "expanded")
_ADDRESS = re.compile(r"[^\s<>;()\"]{1,320}@[^\s<>;()\",]{1,320}")


class Recipient(NamedTuple):
    """What is said about one recipient; ``status`` and ``diagnostic`` may be empty, ``action`` too."""

    address: str
    action: str
    status: str
    diagnostic: str


def read(text: str) -> list[Recipient]:
    """The recipients in the text of a ``message/delivery-status`` part, or of one that looks like it."""
    found: list[Recipient] = []
    fields: dict[str, str] = {}
    for name, value in _fields(text):
        if name in fields and name in ("final-recipient", "original-recipient"):
            _add(found, fields)  # a group that lost the blank line above it
            fields = {}
        if name:
            fields.setdefault(name, value)
        else:
            _add(found, fields)
            fields = {}
    _add(found, fields)
    return found


def _fields(text: str) -> list[tuple[str, str]]:
    """Name in lower case and value of each field, continuation lines joined; ("", "") ends a group."""
    fields: list[tuple[str, str]] = []
    for line in text.split("\n"):
        if not line.strip():
            fields.append(("", ""))
        elif line[0] in " \t" and fields and fields[-1][0]:
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}"[:MAX_VALUE])
        else:
            name, colon, value = line.partition(":")
            if colon and " " not in name.strip():
                fields.append((name.strip().lower(), value.strip()[:MAX_VALUE]))
    return fields


def _add(found: list[Recipient], fields: dict[str, str]) -> None:
    address = next(
        (
            match[0]
            for name in ("original-recipient", "final-recipient", "x-actual-recipient")
            if (match := _ADDRESS.search(_typed(fields.get(name, ""))))
        ),
        "",
    )
    if not address or len(found) >= MAX_RECIPIENTS:
        return
    action = fields.get("action", "").partition(" ")[0].partition(";")[0].lower()
    status = _STATUS.search(fields.get("status", ""))
    diagnostic = _typed(fields.get("diagnostic-code", ""))
    found.append(
        Recipient(address, action if action in _ACTIONS else "", status[0] if status else "", diagnostic)
    )


def _typed(value: str) -> str:
    """A value without its type (``rfc822; jane@example.org``, ``smtp; 550 no such user``)."""
    kind, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon and kind.strip().replace("-", "").isalnum() else value
