"""Content lines of iCalendar (RFC 5545 section 3.1) and vCard (RFC 6350 section 3.3), tolerantly.

Lines are unfolded as octets: a fold may lie within a character.
"""

import re
from binascii import a2b_qp
from collections.abc import Iterator
from typing import NamedTuple

from mailpipe.mail import charsets

MAX_SIZE = 1024 * 1024  # octets that are read
MAX_LINES = 20_000
MAX_PARAMETERS = 50  # of one line

_FOLD = re.compile(rb"\r?\n[ \t]")
_NAME = re.compile(r"(?:[A-Za-z0-9-]{1,60}\.)?([A-Za-z0-9-]{1,60})(?=[;:])")
_PARAMETER = re.compile(r';([A-Za-z0-9-]{1,60})(?:=((?:"[^"]*"|[^";:,])*(?:,(?:"[^"]*"|[^";:,])*)*))?')
_ITEM = re.compile(r'"([^"]*)"|([^",]+)')
_CARET = re.compile(r"\^([n'^])")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


class Line(NamedTuple):
    """A name and parameters in upper case, and the value as written."""

    name: str
    parameters: dict[str, str]
    value: str

    def text(self) -> str:
        """The value as text: escapes (RFC 5545 section 3.3.11) resolved."""
        return unescape(self.value)


def read(data: bytes, charset: str | None, defects: list[str]) -> Iterator[Line]:
    """The lines of a calendar or a card; what is no content line is left out."""
    if len(data) > MAX_SIZE:
        defects.append("limit:calendar")
        data = data[:MAX_SIZE]
    decoded = charsets.decode(_FOLD.sub(b"", data), charset or "utf-8")
    if charset and charsets.is_wide(charset):
        decoded = charsets.decode(data, charset)
        decoded = decoded._replace(text=re.sub("\r?\n[ \t]", "", decoded.text))
    defects.extend(decoded.defects)
    rest = iter(decoded.text.splitlines())
    for number, text in enumerate(rest):
        if number >= MAX_LINES:
            defects.append("limit:calendar")
            return
        line = _line(text)
        if line is not None:
            yield _decoded(line, rest) if "QUOTED-PRINTABLE" in text.upper() else line


def _line(text: str) -> Line | None:
    head = _NAME.match(text)
    if head is None:
        return None
    parameters: dict[str, str] = {}
    position = head.end()
    while len(parameters) < MAX_PARAMETERS and (match := _PARAMETER.match(text, position)):
        # vCard 2.1 has values without names: ``NOTE;QUOTED-PRINTABLE:...``.
        name, value = (match[1], match[2]) if match[2] is not None else ("ENCODING", match[1])
        parameters.setdefault(name.upper(), _first(value))
        position = match.end()
    if not text.startswith(":", position):
        return None
    return Line(head[1].upper(), parameters, text[position + 1 :])


def _first(value: str) -> str:
    """The first of the values of a parameter, its quotes and escapes (RFC 6868) resolved."""
    item = _ITEM.match(value)
    text = (item[1] if item[1] is not None else item[2]) if item else ""
    return _CARET.sub(lambda match: {"n": "\n", "'": '"', "^": "^"}[match[1]], text).strip()


def _decoded(line: Line, rest: Iterator[str]) -> Line:
    """A line of vCalendar 1.0 or vCard 2.1, whose values may be quoted-printable and go on."""
    if line.parameters.get("ENCODING", "").upper() != "QUOTED-PRINTABLE":
        return line
    pieces = [line.value]
    while pieces[-1].endswith("=") and len(pieces) < MAX_PARAMETERS:
        pieces[-1] = pieces[-1][:-1]
        pieces.append(next(rest, ""))
    octets = a2b_qp("".join(pieces).encode("utf-8", "replace"))
    text = charsets.decode(octets, line.parameters.get("CHARSET")).text
    return line._replace(value=text.replace("\r\n", "\n").replace("\n", "\\n"))


def unescape(value: str) -> str:
    """Text with the escapes of RFC 5545 section 3.3.11 resolved."""
    if "\\" not in value:
        return value
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
