"""Finds files that were written into a text instead of being attached: uuencode and yEnc."""

import re
from binascii import Error, a2b_uu, crc32
from typing import NamedTuple

import pybase64

_BEGIN = re.compile(rb"^begin(-base64)? [0-7]{3,4} ([^\r\n]{1,255})\r?\n", re.MULTILINE)
_UU_LINE = re.compile(rb"([ -`])([ -`]*)\r?(?:\n|\Z)")
_UU_END = re.compile(rb"end[ \t]*\r?(?:\n|\Z)")
_BASE64_LINES = re.compile(rb"((?:[A-Za-z0-9+/]{1,100}={0,2}\r?\n)*+)====[ \t]*\r?(?:\n|\Z)")
_Y_BEGIN = re.compile(
    rb"^=ybegin (?:part=\d+ )?(?:total=\d+ )?line=\d+ size=(\d{1,12}) name=([^\r\n]{1,255})\r?\n",
    re.MULTILINE,
)
_Y_PART = re.compile(rb"=ypart begin=\d+ end=\d+[^\r\n]*\r?\n")
_Y_END = re.compile(rb"^=yend size=(\d{1,12})([^\r\n]*)(?:\r?\n|\Z)", re.MULTILINE)
_Y_SUM = re.compile(rb" p?crc32=([0-9a-fA-F]{1,8})")
# What has to be escaped (NUL, CR, LF, "=") or may be (tab, blank, dot); "=}" is last, for it gives an "=".
_Y_ESCAPES = tuple((b"=%c" % (octet + 64), b"%c" % octet) for octet in (0, 9, 10, 13, 32, 46, 61))
_Y_SHIFT = bytes((octet - 42) % 256 for octet in range(256))


class File(NamedTuple):
    """One file: its name as written, its octets, where it stood, and what was wrong (slugs)."""

    name: bytes
    data: bytes
    start: int
    end: int
    defects: tuple[str, ...]


class Taken(NamedTuple):
    """The text without its files, and the files in order."""

    text: bytes
    files: list[File]


def take(text: bytes) -> Taken:
    """Take the files out of a decoded body; what only begins like one stays in the text."""
    files: list[File] = []
    if b"begin" in text:
        if text.startswith(b"begin") or b"\nbegin" in text:
            files.extend(_uuencoded(text))
        if b"=ybegin " in text:
            files.extend(_yencoded(text))
    if not files:
        return Taken(text, [])
    files.sort(key=lambda file: file.start)
    kept: list[bytes] = []
    found: list[File] = []
    position = 0
    for file in files:
        if file.start >= position:  # else it lies in another file
            kept.append(text[position : file.start])
            found.append(file)
            position = file.end
    kept.append(text[position:])
    return Taken(b"".join(kept), found)


def _uuencoded(text: bytes) -> list[File]:
    files: list[File] = []
    position = 0
    while (begin := _BEGIN.search(text, position)) is not None:
        data, end = (_base64 if begin[1] else _lines)(text, begin.end())
        if data is None:
            position = end
            continue
        files.append(File(begin[2], data, begin.start(), end, ("uuencode-in-text",)))
        position = end
    return files


def _lines(text: bytes, position: int) -> tuple[bytes | None, int]:
    """The octets of uuencoded lines up to ``end``, or None; and where reading stopped."""
    pieces: list[bytes] = []
    while (line := _UU_LINE.match(text, position)) is not None:
        size = (line[1][0] - 32) & 63
        letters = (size + 2) // 3 * 4
        if len(line[2]) > letters + 2:
            return None, position
        try:
            # Blanks at the end of a line get lost on the way; a checksum letter may follow.
            pieces.append(a2b_uu(line[1] + line[2][:letters].ljust(letters)))
        except Error:
            return None, position
        position = line.end()
    end = _UU_END.match(text, position)
    if end is None or not pieces:
        return None, position
    return b"".join(pieces), end.end()


def _base64(text: bytes, position: int) -> tuple[bytes | None, int]:
    found = _BASE64_LINES.match(text, position)
    if found is None:
        return None, position
    try:
        return pybase64.b64decode(found[1]), found.end()
    except Error:
        return None, position


def _yencoded(text: bytes) -> list[File]:
    files: list[File] = []
    position = 0
    while (begin := _Y_BEGIN.search(text, position)) is not None:
        end = _Y_END.search(text, begin.end())
        if end is None:
            break
        part = _Y_PART.match(text, begin.end())
        body = text[part.end() if part else begin.end() : end.start()].translate(None, b"\r\n")
        for written, octet in _Y_ESCAPES:
            body = body.replace(written, octet)
        data = body.translate(_Y_SHIFT)
        total = _Y_SUM.search(end[2])
        damaged = len(data) != int(end[1]) or (total is not None and int(total[1], 16) != crc32(data))
        defects = ("yenc-in-text", "yenc-damaged") if damaged else ("yenc-in-text",)
        files.append(File(begin[2].strip(), data, begin.start(), end.end(), defects))
        position = end.end()
    return files
