"""Describes attachments whose content is not here: pieces of messages, and pointers elsewhere."""

from typing import Any

from mailpipe.mail import headers, parameters
from mailpipe.mail.mime import Part

MAX_VALUE = 2000  # characters of one parameter


def describe(part: Part, data: bytes, defects: list[str]) -> dict[str, Any]:
    """The members ``partial`` or ``external`` of an attachment of such a type, else none.

    ``partial`` is ``{id, number, total}``: the piece of a message that was cut (RFC 2046 section 5.2.2).
    ``external`` holds the parameters that say where the content is (RFC 2046 section 5.2.3, RFC 2017), and
    its ``type``.  Nothing is ever fetched: that would tell the sender who reads, and when.
    """
    if part.type == "message/partial":
        defects.append("message-partial")
        return {"partial": _partial(part.parameters)}
    if part.type == "message/external-body":
        defects.append("external-body")
        return {"external": _external(part.parameters, data)}
    return {}


def _partial(given: dict[str, str]) -> dict[str, str | int | None]:
    return {
        "id": given.get("id", "")[:MAX_VALUE] or None,
        "number": _number(given.get("number", "")),
        "total": _number(given.get("total", "")),
    }


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _external(given: dict[str, str], data: bytes) -> dict[str, str]:
    found = {
        name: "".join(value.split()) if name == "url" else value[:MAX_VALUE]  # a URL is folded (RFC 2017)
        for name, value in given.items()
    }
    found["url"] = found.get("url", "")[:MAX_VALUE]
    for name, value in headers.read(data, 0, len(data)).fields:
        if name.lower() == "content-type":
            found["type"] = parameters.parse(value).value[:MAX_VALUE]
            break
    return {name: value for name, value in found.items() if value}
