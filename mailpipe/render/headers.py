"""Which header fields an author may add, and how each of them is written."""

import re

from mailpipe.errors import ConfigError, RecordError
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
IDS = ("in-reply-to", "references")
# RFC 2369 section 2: URLs in angle brackets, a comma between them; a comment may follow.
_URLS = re.compile(r"<[^<>\s]+>(?:\s*,\s*<[^<>\s]+>)*(?:\s+\([^()]*\))?")
_OF_URLS = ("list-unsubscribe", "list-help", "list-subscribe", "list-owner", "list-archive")
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
    if given.lower() in _OF_URLS and not _URLS.fullmatch(value.strip()):
        raise RecordError(
            f"{given} is not a list of URLs: {value[:80]!r}",
            slug="bad-header",
            hint="write each as <https://...> or <mailto:...>, with a comma between them",
        )
    if _FOR_PROGRAMS.fullmatch(given):
        return encode.structured(given, value)
    return encode.text(given, value)


def ids(value: str) -> list[str]:
    """The message ids of a value, with or without angle brackets."""
    return [each.removeprefix("<").removesuffix(">") for each in value.split()]
