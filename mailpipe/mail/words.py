"""Encoded words (RFC 2047) to text, in one pass over the field and as tolerant as mail needs."""

import re
from binascii import a2b_qp
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from mailpipe.mail import charsets, headers, limits, transfer

_SHORT = 500  # characters of a field that is worth remembering
_START = re.compile(r"=\?([^?\s=]{0,80})\?([bBqQ])\?")


class Word(NamedTuple):
    """One encoded word and where it stands in the field."""

    start: int
    end: int
    charset: str
    encoding: str
    payload: str


def find(value: str) -> Iterator[Word]:
    """The encoded words of a field, in linear time.

    Blanks and question marks inside a word, and a missing blank between two words, are common although
    none of them is allowed; a word must only end before the next one starts.
    """
    end = -1
    for match in _START.finditer(value):
        position = match.end()
        if match.start() < end:
            continue
        close = value.find("?=", position)
        if close < 0:
            return
        again = value.find("=?", position, close)
        if again >= 0 and _START.match(value, again):
            continue
        end = close + 2
        yield Word(match.start(), end, match[1].partition("*")[0].lower(), match[2], value[position:close])


def end(value: str, position: int) -> int:
    """The offset behind the encoded word that starts at ``position``, or -1 if none does."""
    match = _START.match(value, position)
    if match is None:
        return -1
    close = value.find("?=", match.end())
    if close < 0 or value.find("=?", match.end(), close) >= 0:
        return -1
    return close + 2


def decode(value: str, defects: list[str]) -> str:
    """The field body with its encoded words decoded, controls replaced by blanks; appends to ``defects``."""
    if "=?" not in value:
        return value
    if len(value) > _SHORT:
        return _decode(value, defects)
    text, wrong = _remembered(value)
    defects.extend(wrong)
    return text


@lru_cache(maxsize=512)  # a subject is read twice, and the names of a conversation come again and again
def _remembered(value: str) -> tuple[str, tuple[str, ...]]:
    defects: list[str] = []
    return _decode(value, defects), tuple(defects)


def _decode(value: str, defects: list[str]) -> str:
    out: list[str] = []
    charset = ""
    run: list[tuple[str, str]] = []
    position = 0
    for count, word in enumerate(find(value)):
        if count >= limits.ENCODED_WORDS:
            defects.append("limit:encoded-words")
            break
        between = value[position : word.start]
        if run and between.strip():
            out.append(_flush(charset, run, defects))
            out.append(between)
        elif not run:
            out.append(between)
        elif word.charset != charset:  # white space between two words is not text (RFC 2047 section 6.2)
            out.append(_flush(charset, run, defects))
        charset = word.charset
        run.append((word.encoding, word.payload))
        position = word.end
    out.append(_flush(charset, run, defects))
    out.append(value[position:])
    text = "".join(out)
    return text if text.isprintable() else headers.clean(text, defects)


def _flush(charset: str, run: list[tuple[str, str]], defects: list[str]) -> str:
    """Decode neighbours of one charset together: mailers split words inside a character."""
    if not run:
        return ""
    data = b"".join(_octets(run, defects))
    run.clear()
    decoded = charsets.decode(data, charset)
    defects.extend(decoded.defects)
    return decoded.text


def _octets(run: list[tuple[str, str]], defects: list[str]) -> list[bytes]:
    pieces: list[bytes] = []
    letters = ""
    for encoding, payload in run:
        if encoding in "bB":
            letters += payload
            # Four letters are three octets; some mailers cut the base64 itself anywhere.
            if len(letters) % 4 and not letters.endswith("=") and len(letters) < limits.HEADER:
                continue
            pieces.append(_base64(letters, defects))
            letters = ""
            continue
        if letters:
            pieces.append(_base64(letters, defects))
            letters = ""
        pieces.append(a2b_qp(payload.encode("utf-8", "replace"), header=True))
    if letters:
        pieces.append(_base64(letters, defects))
    return pieces


def _base64(letters: str, defects: list[str]) -> bytes:
    data, wrong = transfer.base64(letters.encode("ascii", "ignore"))
    defects.extend(wrong)
    return data
