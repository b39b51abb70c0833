"""The two human bodies of a message, as text and as HTML, decoded."""

from typing import NamedTuple

from mailpipe.mail import charsets, flowed, limits, textfiles, transfer
from mailpipe.mail.mime import Part
from mailpipe.mail.parts import Classified
from mailpipe.mail.textfiles import File as TextFile

_PLACEHOLDER = 400  # characters; a longer text is no "your mail program cannot show HTML"


class Bodies(NamedTuple):
    """``text`` and ``html`` (None if there is none), and whether a limit has cut one of them.

    ``shown`` is what a person reads: the text, or that of the HTML where the text only says "this is HTML".
    ``files`` were written into the text: the id and the charset of the part, and the file.
    """

    text: str
    html: str | None
    shown: str
    truncated: bool
    files: list[tuple[str, str | None, TextFile]]


def read(classified: Classified, defects: list[str]) -> Bodies:
    """Decode the bodies; text comes from HTML where there is no plain text."""
    decoded: dict[int, str] = {}
    files: list[tuple[str, str | None, TextFile]] = []
    for part in (*classified.text, *classified.html):
        if id(part) not in decoded and part.type.startswith("text/"):
            decoded[id(part)] = _decode(part, files, defects)
    html = _html(classified.html, decoded)
    text = _text(classified.text, decoded, defects)
    shown = text
    if html and (not text.strip() or _is_placeholder(text)) and not _is_html_only(classified.text):
        converted = _from_html(html, defects)
        if not text.strip():
            text = shown = converted
        elif " ".join(text.split()) not in " ".join(converted.split()):
            defects.append("text-is-placeholder")
            shown = converted
    truncated = len(text) > limits.TEXT or len(html or "") > limits.TEXT
    if truncated:
        defects.append("limit:text")
        text, html = text[: limits.TEXT], html[: limits.TEXT] if html else html
    return Bodies(text, html, shown[: limits.TEXT], truncated, files)


def of_packed(found: Bodies, text: str, html: str, defects: list[str]) -> Bodies:
    """The bodies where those of the message are empty and a winmail.dat holds the real ones."""
    defects.append("text-from-tnef")
    text = text if text.strip() else _from_html(html, defects)
    truncated = len(text) > limits.TEXT or len(html) > limits.TEXT
    if truncated:
        defects.append("limit:text")
    text = text[: limits.TEXT]
    return found._replace(text=text, html=html[: limits.TEXT] or found.html, shown=text, truncated=truncated)


def _is_html_only(parts: list[Part]) -> bool:
    return all(part.type != "text/plain" for part in parts)


def _decode(part: Part, files: list[tuple[str, str | None, TextFile]], defects: list[str]) -> str:
    data, wrong = _content(part)
    defects.extend(wrong)
    if part.type == "text/plain" and b"begin" in data:
        data, found = textfiles.take(data)
        files.extend((part.id or "1", part.parameters.get("charset"), file) for file in found)
    decoded = charsets.decode(data, part.parameters.get("charset") or _declared(part, data))
    defects.extend(decoded.defects)
    text = decoded.text
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if part.parameters.get("format", "").lower() == "flowed":
        text = flowed.unflow(text, delsp=part.parameters.get("delsp", "").lower() == "yes")
    return text


def _content(part: Part) -> tuple[bytes, tuple[str, ...]]:
    """The octets of a text, without carriage returns where each belongs to a line feed.

    They are taken out before decoding where the encoding lets line ends stand as they are: deleting octets
    is much faster than replacing CR LF in the text, and the decoder need not look for them.
    """
    if charsets.is_wide(part.parameters.get("charset") or ""):
        return part.content()
    if part.encoding == "base64":
        data, wrong = part.content()
        return _unix(data), wrong
    return transfer.decode(_unix(part.buffer[part.body : part.end]), part.encoding)


def _unix(data: bytes) -> bytes:
    if b"\r" not in data:
        return data
    stripped = data.translate(None, b"\r")
    return stripped if len(data) - len(stripped) == data.count(b"\r\n") else data


def _declared(part: Part, data: bytes) -> str | None:
    """The charset that HTML declares itself, asked only when its Content-Type has none."""
    if part.type != "text/html" or data.isascii():
        return None
    head = data[:1024].lower()
    position = head.find(b"charset=")
    if position < 0:
        return None
    label = head[position + 8 :].lstrip(b"\"' ")
    for number, octet in enumerate(label):
        if octet in b"\"'> ;/\r\n":
            return label[:number].decode("ascii", "replace") or None
    return None


def _text(parts: list[Part], decoded: dict[int, str], defects: list[str]) -> str:
    pieces = [
        _from_html(decoded[id(part)], defects) if part.type == "text/html" else decoded[id(part)]
        for part in parts
        if id(part) in decoded
    ]
    return _joined(pieces)


def _html(parts: list[Part], decoded: dict[int, str]) -> str | None:
    """The HTML parts one after the other; plain text between them is shown as it is."""
    if not any(part.type == "text/html" for part in parts):
        return None
    return _joined(
        [
            decoded[id(part)] if part.type == "text/html" else f"<pre>{_escaped(decoded[id(part)])}</pre>"
            for part in parts
            if id(part) in decoded and (part.type == "text/html" or decoded[id(part)].strip())
        ]
    )


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _joined(pieces: list[str]) -> str:
    kept = [piece for piece in pieces if piece]
    return "".join(
        piece if piece.endswith("\n") or number == len(kept) else piece + "\n"
        for number, piece in enumerate(kept, 1)
    )


def _is_placeholder(text: str) -> bool:
    """Whether a text may only say, in any language, that the message is HTML."""
    return len(text) <= _PLACEHOLDER and "html" in text.lower()


def _from_html(html: str, defects: list[str]) -> str:
    from mailpipe.parse import htmltext  # costs a library; plain text needs none

    converted = htmltext.to_text(html)
    defects.extend(converted.defects)
    return converted.text
