"""A header block to its fields (RFC 5322 section 2.2), whatever line ends and damage it has."""

import re
from functools import lru_cache
from typing import NamedTuple

from mailpipe.mail import charsets, limits

# Fields that tell a header line from a line of text when the empty line between them is missing.
_KNOWN = re.compile(
    r"^(?:from|to|cc|bcc|subject|date|sender|reply-to|message-id|in-reply-to|references|received|return-path"
    r"|mime-version|content-[a-z-]+|delivered-to|x-[a-z0-9-]+|list-[a-z-]+|dkim-signature|resent-[a-z-]+"
    r"|authentication-results|user-agent|importance|precedence|organization|auto-submitted)[ \t]*:",
    re.IGNORECASE,
)
# A name that no person types in front of a colon: capitalised words joined by hyphens, or run together.
_SHAPED = re.compile(r"[A-Z][A-Za-z0-9]{0,30}(?:-[A-Za-z0-9]|[a-z][A-Z])[A-Za-z0-9-]{0,60}[ \t]?:|[ \t]+\S")
# What is left of control characters when lines are unfolded; a tab is white space and becomes a blank.
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]+")
_EDGES = " \t\r\n"

FROM_LINE = re.compile(rb">?From [^\r\n]*\r?\n")


class Header(NamedTuple):
    """One field: its name as written, its value unfolded and trimmed, encoded words still in it."""

    name: str
    value: str


class Block(NamedTuple):
    """The fields in order, the offset where the body starts, and what was wrong (slugs)."""

    fields: list[Header]
    body: int
    defects: list[str]


def read(buffer: bytes, start: int, end: int) -> Block:
    """Read the header block of ``buffer[start:end]``; never fails."""
    stop, body = _extent(buffer, start, end)
    defects: list[str] = []
    if stop - start > limits.HEADER_BLOCK:
        defects.append("limit:header-block")
        stop = start + limits.HEADER_BLOCK
    text = _text(buffer[start:stop], defects)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    fields, cut = _fields(text, defects, ended=body < end)
    if cut is not None:
        body = _offset(buffer, start, cut)
    return Block(fields, body, defects)


def starts_block(buffer: bytes, start: int) -> bool:
    """Whether a well-known field, or an mbox ``From `` line, stands at this offset."""
    line = buffer[start : start + 100].split(b"\n", 1)[0]
    return _KNOWN.match(line.decode("latin-1")) is not None or line.startswith(b"From ")


def _extent(buffer: bytes, start: int, end: int) -> tuple[int, int]:
    """Where the last header line ends, and where the body starts behind the empty line."""
    if buffer.startswith(b"\r\n", start):
        return start, min(start + 2, end)
    if buffer.startswith(b"\n", start):
        return start, min(start + 1, end)
    crlf = buffer.find(b"\n\r\n", start, end)
    lf = buffer.find(b"\n\n", start, end if crlf < 0 else crlf)
    if lf >= 0:
        return lf + 1, lf + 2
    if crlf >= 0:
        return crlf + 1, crlf + 3
    return end, end


def _text(block: bytes, defects: list[str]) -> str:
    if block.isascii():
        return block.decode("ascii")
    decoded = charsets.decode(block, "utf-8")
    if decoded.charset == "utf-8" and not decoded.defects:
        return decoded.text
    # Fields of one block come from many hands: each is decoded for itself, as UTF-8 or windows-1252.
    defects.append("header-charset")
    lines = [charsets.decode(line, "utf-8").text for line in block.split(b"\n")]
    return "\n".join(lines)


def _fields(text: str, defects: list[str], *, ended: bool) -> tuple[list[Header], int | None]:
    """The fields of a decoded block, and the number of the line where text begins without an empty line.

    ``ended`` says that an empty line follows the block.
    """
    fields = _regular(text)
    return _irregular(text, defects, ended=ended) if fields is None else (fields, None)


def _regular(text: str) -> list[Header] | None:
    """The fields of a block without any fault, as nearly all are; or None."""
    if len(text) > limits.HEADER:
        return None
    if "\t" in text:
        text = text.replace("\t", " ")
    if "\n " in text:
        text = text.replace("\n ", " ")
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    if not "".join(lines).isprintable() or len(lines) > limits.HEADER_COUNT:
        return None
    fields: list[Header] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not _is_name(name):
            return None
        fields.append(Header(name.rstrip(" "), value.strip(" ")))
    return fields


def _irregular(text: str, defects: list[str], *, ended: bool) -> tuple[list[Header], int | None]:
    fields: list[Header] = []
    lines = text.split("\n")
    name = ""
    value: list[str] = []
    cut: int | None = None
    last = -1  # the last line that is surely a field; looked for only when needed
    for number, line in enumerate(lines):
        if line[:1] in (" ", "\t") and name:
            value.append(line)
            continue
        head, colon, rest = line.partition(":")
        if not colon or not _is_name(head):
            if not line.strip(_EDGES):
                continue
            if last < 0:
                last = _last_field(lines, number, ended=ended)
            if last > number:
                defects.append("header-junk")
                if name:
                    value.append(" " + line)
                continue
            defects.append("header-end-missing")
            cut = number
            break
        if name:
            fields.append(_field(name, value, defects))
        if len(fields) >= limits.HEADER_COUNT:
            defects.append("limit:header-count")
            name = ""
            break
        name, value = head, [rest]
    if name:
        fields.append(_field(name, value, defects))
    return fields, cut


def _last_field(lines: list[str], number: int, *, ended: bool) -> int:
    """The last line behind line ``number``, which is no field, that surely is one; or 0.

    A well-known field is one wherever it stands; other ones only where nothing else follows up to the empty
    line, for a person may write ``plate: AB-123`` in a message that lacks its empty line.
    """
    known = max((n for n in range(number, len(lines)) if _KNOWN.match(lines[n])), default=0)
    rest = lines[number + 1 :]
    while rest and not rest[-1]:
        rest.pop()
    if not known and ended and rest and all(map(_SHAPED.match, rest)):
        return number + len(rest)
    return known


@lru_cache(maxsize=1024)
def _is_name(head: str) -> bool:
    """Printable without blanks (RFC 5322 section 3.6.8); obsolete syntax has blanks before the colon."""
    name = head.rstrip(" \t")
    return bool(name) and " " not in name and "\t" not in name and name.isprintable()


def _field(name: str, value: list[str], defects: list[str]) -> Header:
    whole = value[0] if len(value) == 1 else "".join(value)
    if len(whole) > limits.HEADER:
        defects.append("limit:header")
        whole = whole[: limits.HEADER]
    whole = whole.strip(_EDGES)
    if not whole.isprintable():
        whole = clean(whole, defects)
    return Header(name.rstrip(" \t"), whole)


def clean(text: str, defects: list[str]) -> str:
    """The text with control characters and line separators made blanks (defect ``control-in-header``)."""
    text = text.replace("\t", " ")
    cleaned = _CONTROLS.sub(" ", text)
    if cleaned != text:
        defects.append("control-in-header")
    return cleaned


def _offset(buffer: bytes, start: int, number: int) -> int:
    """The offset of a line of the block; decoding does not change the number of line feeds."""
    for _ in range(number):
        start = buffer.index(b"\n", start) + 1
    return start
