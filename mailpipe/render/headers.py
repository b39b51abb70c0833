"""Which header fields an author may add, and how each of them is written."""

import re

from mailpipe.errors import ConfigError
from mailpipe.mail import encode

_NAME = re.compile(r"[A-Za-z0-9-]{1,70}")
# Fields that have a key of their own, or that others write: servers, signers, the MIME writer.
_KEYS = {
    "from": "from",
    "to": "to",
    "cc": "cc",
    "bcc": "bcc",
    "reply-to": "replyTo",
    "subject": "subject",
    "content-language": "lang",
}
_OTHERS = re.compile(
    r"date|message-id|sender|mime-version|content-.*|resent-.*|received.*|return-path|delivered-to|dkim-signature"
    r"|arc-.*|authentication-results",
    re.IGNORECASE,
)
_IDS = ("in-reply-to", "references")
_FOR_PROGRAMS = re.compile(
    r"list-.*|auto-submitted|precedence|importance|priority|x-priority|feedback-id", re.I
)


def name(given: str, template: str) -> str:
    """The name of a field that the author may set; raises :class:`ConfigError`."""
    lowered = given.lower()
    if not _NAME.fullmatch(given):
        raise ConfigError(
            f"{template}: {given!r} is not the name of a header", hint="use letters, digits, hyphens"
        )
    if lowered in _KEYS:
        raise ConfigError(
            f"{template}: {given} is not set among headers", hint=f"use the key {_KEYS[lowered]!r}"
        )
    if _OTHERS.fullmatch(lowered):
        raise ConfigError(f"{template}: {given} is not the author's to set")
    return given


def field(given: str, value: str) -> bytes:
    """One custom field; nothing for an empty value.  Raises :class:`RecordError` for a bad value."""
    if not value.strip():
        return b""
    if given.lower() in _IDS:
        return encode.identifiers(given, ids(value))
    if _FOR_PROGRAMS.fullmatch(given):
        return encode.structured(given, value)
    return encode.text(given, value)


def ids(value: str) -> list[str]:
    """The message ids of a value, with or without angle brackets."""
    return [each.removeprefix("<").removesuffix(">") for each in value.split()]
