"""Where the parts of a multipart lie (RFC 2046 section 5.1.1), found with ``bytes.find``.

The outer boundary is looked for first, so an inner multipart that never ends cannot swallow what
follows it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mailpipe.mail import limits

_LINE = re.compile(rb"^--([^\r\n]{1,200}?)[ \t]*\r?$", re.MULTILINE)


_MANY = 10_000  # lines that start with a delimiter, true or false
_AFTER = (b"", b" ", b"\t", b"\r", b"\n")


class Regions(NamedTuple):
    """``(start, end)`` of each part, header block included; the end of the preamble; what was wrong."""

    regions: list[tuple[int, int]]
    preamble: int
    defects: list[str]


class Line(NamedTuple):
    """A delimiter line: where the content before it ends, where that behind it starts, if it closes."""

    before: int
    after: int
    closes: bool


def split(buffer: bytes, start: int, end: int, boundary: str) -> Regions:
    """Find the parts in ``buffer[start:end]``; without a boundary that occurs, a likely one is guessed."""
    defects: list[str] = []
    octets = boundary.encode("utf-8", "surrogateescape")
    lines = _lines(buffer, start, end, octets) if boundary else []
    if not lines and octets.rstrip():
        lines = _lines(buffer, start, end, octets.rstrip())
    if not lines:
        defects.append("boundary-not-found" if boundary else "boundary-missing")
        guessed = _guess(buffer, start, end)
        lines = _lines(buffer, start, end, guessed) if guessed else []
    regions: list[tuple[int, int]] = []
    opened = -1
    ended = False
    for line in lines:
        if opened >= 0:
            regions.append((opened, max(opened, line.before)))
        elif ended:
            defects.append("parts-after-end")
        opened = -1 if line.closes else line.after
        ended = line.closes
    if opened >= 0:
        regions.append((opened, end))
    if lines and not ended:
        defects.append("boundary-end-missing")
        if opened >= 0 and len(regions) > 1 and not buffer[opened:end].strip():
            regions.pop()
    return Regions(regions, lines[0].before if lines else end, defects)


def _lines(buffer: bytes, start: int, end: int, boundary: bytes) -> list[Line]:
    """The delimiter lines of one boundary; a longer boundary that starts with it is another one."""
    lines: list[Line] = []
    for position in _hits(buffer, start, end, b"--" + boundary):
        line = _line(buffer, start, end, position, position + 2 + len(boundary))
        if line is not None:
            lines.append(line)
            if len(lines) > limits.PARTS + 1:  # one more than will ever be used
                break
    return lines


def _hits(buffer: bytes, start: int, end: int, delimiter: bytes) -> Iterator[int]:
    """The offsets of lines that start with a delimiter.

    ``find`` is by far the fastest as long as it finds little; text made of lines that only look like
    delimiters is searched with a regular expression that leaves them out.
    """
    if buffer.startswith(delimiter, start, end):
        yield start
    needle = b"\n" + delimiter
    position = buffer.find(needle, start, end)
    for _ in range(_MANY):
        if position < 0:
            return
        yield position + 1
        position = buffer.find(needle, position + 1, end)
    exact = re.compile(re.escape(needle) + rb"(?:--)?(?=[ \t\r\n])")
    for match in exact.finditer(buffer, max(position, start), end) if position >= 0 else ():
        yield match.start() + 1


def _line(buffer: bytes, start: int, end: int, position: int, behind: int) -> Line | None:
    closes = buffer.startswith(b"--", behind)
    after = buffer.find(b"\n", behind, end)
    after = end if after < 0 else after + 1
    # Text behind a delimiter and a blank is ignored; without the blank it is another, longer boundary.
    if buffer[behind + 2 if closes else behind : after][:1] not in _AFTER:
        return None
    # The line break before a delimiter belongs to the delimiter.
    before = position
    if before > start and buffer[before - 1] == 10:
        before -= 1
        if before > start and buffer[before - 1] == 13:
            before -= 1
    return Line(before, after, closes)


def _guess(buffer: bytes, start: int, end: int) -> bytes:
    """The boundary of a multipart that does not name it: a line ``--x`` that a later line repeats or ends."""
    seen: dict[bytes, int] = {}
    for match in _LINE.finditer(buffer, start, min(end, start + 1_000_000)):
        text = match[1]
        if text.endswith(b"--") and text[:-2] in seen:
            return text[:-2]
        if text.strip(b"- \t="):
            seen[text] = seen.get(text, 0) + 1
    return next((text for text, times in seen.items() if times > 1), b"")
