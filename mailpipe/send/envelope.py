"""Check an envelope before anybody is connected to: who it is from, whom it is for, and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mailpipe.errors import RecordError
from mailpipe.mail import mailbox

MAX_RECIPIENTS = 10_000

# ESMTP parameters of an address (RFC 8621 section 7): those of delivery reports (RFC 3461).
_VALUES = {
    "RET": re.compile(r"FULL|HDRS", re.IGNORECASE),
    "ENVID": re.compile(r"[\x21-\x7e]{1,100}"),
    "NOTIFY": re.compile(
        r"NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY)){0,2}", re.IGNORECASE
    ),
    "ORCPT": re.compile(r"[A-Za-z0-9-]+;[\x21-\x7e]{1,500}"),
}
_OF_SENDER, _OF_RECIPIENT = frozenset(("RET", "ENVID")), frozenset(("NOTIFY", "ORCPT"))


@dataclass(frozen=True, slots=True)
class Envelope:
    """A checked envelope; addresses as they go on the wire, each recipient once.

    ``given`` maps each recipient to how the record spells it.
    """

    sender: str
    recipients: tuple[str, ...]
    given: Mapping[str, str]
    parameters: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)


def envelope(value: object) -> Envelope:
    """The Envelope of JMAP's object (RFC 8621 section 7); raises RecordError naming what is wrong."""
    if not isinstance(value, dict):
        raise _bad("envelope is not an object")
    listed = value.get("rcptTo")
    if not isinstance(listed, list) or not listed:
        raise _bad("envelope.rcptTo names nobody")
    if len(listed) > MAX_RECIPIENTS:
        raise _bad(f"envelope.rcptTo has {len(listed)} addresses, the limit is {MAX_RECIPIENTS}")
    sender, own = _address(value.get("mailFrom"), "envelope.mailFrom", _OF_SENDER)
    given: dict[str, str] = {}
    parameters: dict[str, Mapping[str, str | None]] = {"": own} if own else {}
    seen: set[str] = set()
    for number, item in enumerate(listed):
        spelled, extra = _address(item, f"envelope.rcptTo[{number}]", _OF_RECIPIENT)
        wired = checked(spelled)
        # Two mailboxes that differ in case alone exist in RFC 5321 section 2.4 and nowhere else.
        if wired.lower() not in seen:
            seen.add(wired.lower())
            given[wired] = spelled
            if extra:
                parameters[wired] = extra
    return Envelope(checked(sender) if sender else "", tuple(given), given, parameters)


def _address(item: object, where: str, allowed: frozenset[str]) -> tuple[str, dict[str, str | None]]:
    if isinstance(item, str):
        return item, {}
    if not isinstance(item, dict) or not isinstance(item.get("email"), str):
        raise _bad(f"{where} has no email")
    return item["email"], _parameters(item.get("parameters"), where, allowed)


def _parameters(value: Any, where: str, allowed: frozenset[str]) -> dict[str, str | None]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _bad(f"{where}.parameters is not an object")
    found: dict[str, str | None] = {}
    for name, text in value.items():
        known = name.upper()
        if known not in allowed or not isinstance(text, str) or not _VALUES[known].fullmatch(text):
            raise _bad(f"{where}.parameters.{name} is not one of {', '.join(sorted(allowed))} with its value")
        found[known] = text
    return found


@lru_cache(256)
def checked(address: str) -> str:
    """An address as it goes on the wire, its domain in ASCII (IDNA 2008); raises RecordError.

    Stricter than RFC 5321: white space and angle brackets are refused even where quotes allow
    them, because programs on the way have read them as a second address (CVE-2025-13033).
    """
    if any(c in address for c in " <>"):
        raise mailbox.bad(address, "has a blank or an angle bracket in it")
    return mailbox.address(address)


def _bad(detail: str) -> RecordError:
    return RecordError(detail, slug="bad-envelope")
