"""Finds the header of our own message in a bounce or complaint that returns it, whole or in part."""

import re
from collections.abc import Iterable
from typing import Any

from mailpipe.mail import headers
from mailpipe.mail.headers import Header
from mailpipe.mail.mime import Part
from mailpipe.parse import bouncetext, envelope

MAX_HEADER = 64 * 1024  # octets
MAX_SEARCH = 40  # lines between "Original message" and its header

_TYPES = frozenset(
    {
        *("message/rfc822", "message/global", "message/rfc822-headers"),
        *("text/rfc822-headers", "message/global-headers"),
    }
)
_FIELD = re.compile(r"[ \t>|]*([A-Za-z][A-Za-z0-9-]{1,60}):[ \t]")
_TELLING = frozenset({"message-id", "references", "reply-to", "from", "to"})


def fields(parts: Iterable[Part], text: str) -> list[Header]:
    """The header fields of the returned message; empty if it was not returned.

    They are in a part of their own (RFC 3462), or at the end of the ``text`` of the notice.
    """
    for part in parts:
        if part.type in _TYPES:
            content = part.content()[0][:MAX_HEADER].lstrip(b"\r\n")
            if found := headers.read(content, 0, len(content)).fields:
                return found
    return _in_text(text)


def describe(found: list[Header]) -> dict[str, Any]:
    """The JMAP properties of a returned header; those that are not given are left out."""
    return {member: value for member, value in envelope.describe(found, []).items() if value}


def _in_text(text: str) -> list[Header]:
    below = text[len(bouncetext.notice(text)) :][:MAX_HEADER].split("\n")
    for number, line in enumerate(below[:MAX_SEARCH]):
        first = _FIELD.match(line)
        if first is None:
            continue
        margin = line[: first.start(1)]
        block = "\n".join(each.removeprefix(margin) for each in below[number:])
        content = block.encode("utf-8", "replace")
        found = headers.read(content, 0, len(content)).fields
        if _is_telling(found):
            return found
    return []


def _is_telling(found: list[Header]) -> bool:
    return len(_TELLING & {name.lower() for name, _ in found}) > 1
