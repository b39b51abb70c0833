"""Content-Type and Content-Disposition fields to a value and parameters (RFC 2045, 2231), tolerantly."""

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from mailpipe.mail import charsets, limits, words

_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_COMMENT = re.compile(r"\([^()]*\)")
_BETWEEN = re.compile(r"[\s;,\"=]*")
_NAME = re.compile(r"([^\s=;,\"]+)\s*(=?)\s*")
# A parameter behind a blank instead of a semicolon: ``charset=utf-8 format=flowed``.
_NEXT = re.compile(
    r"(?<=\s)(?:charset|format|delsp|name|filename|boundary|type|size|reply-type)\*?=", re.IGNORECASE
)
_ESCAPE = re.compile(r'\\(["\\])')  # a lone backslash is a Windows path, not an escape
_SECTION = re.compile(r"([^*]+)\*(?:(\d{1,4})(\*)?)?$")


class Field(NamedTuple):
    """A lower-case value, its parameters with lower-case names, and what was wrong (slugs)."""

    value: str
    parameters: dict[str, str]
    defects: tuple[str, ...]


def parse(field: str) -> Field:
    """Read ``value; name=value; ...``; never fails."""
    return _cached(field) if len(field) <= 64 else _parse(field)


def _parse(field: str) -> Field:
    value, semicolon, rest = field.partition(";")
    if "(" in value:
        value = _COMMENT.sub("", value)
    value = value.strip(" \t\"'").lower()
    if not semicolon:
        # Some mailers forget the semicolon: ``text/plain charset=utf-8``.
        value, _, rest = value.partition(" ")
        rest = field[field.lower().find(value) + len(value) :] if rest else ""
    if not rest:
        return Field(value, {}, ())
    defects: list[str] = []
    return Field(value, _join(_pairs(rest, defects), defects), tuple(dict.fromkeys(defects)))


_cached = lru_cache(maxsize=512)(_parse)


def _pairs(text: str, defects: list[str]) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    position = 0
    while match := _NAME.match(text, _end(_BETWEEN.match(text, position))):
        position = match.end()
        if not match[2]:
            continue
        value, position = _value(text, position, defects)
        pairs.append((match[1].lower(), value))
        if len(pairs) >= limits.PARAMETERS:
            defects.append("limit:parameters")
            break
    return pairs


def _value(text: str, position: int, defects: list[str]) -> tuple[str, int]:
    """A quoted string, or everything up to the next semicolon: unquoted blanks are common in file names."""
    if text.startswith('"', position):
        quoted = _QUOTED.match(text, position)
        if quoted is not None:
            return _ESCAPE.sub(r"\1", quoted[1]), quoted.end()
        defects.append("parameter-quote-missing")
        position += 1
    end = text.find(";", position)
    end = len(text) if end < 0 else end
    value = text[position:end]
    if " " in value:
        following = _NEXT.search(text, position, end)
        if following is not None:
            end = following.start()
            value = text[position:end]
        value = _COMMENT.sub("", value)
    value = value.strip()
    return value.strip("\"'") if value[:1] in ("'", '"') else value, end


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _join(pairs: list[tuple[str, str]], defects: list[str]) -> dict[str, str]:
    """Join the sections of RFC 2231, decode what is encoded; the first of two equal names wins."""
    plain: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in pairs:
        match = _SECTION.match(name) if "*" in name else None
        if match is None:
            if name in plain:
                defects.append("duplicate-parameter")
                continue
            plain[name] = words.decode(value, defects) if "=?" in value else value
        else:
            encoded = match[2] is None or match[3] is not None
            sections.setdefault(match[1], {}).setdefault(int(match[2] or 0), (value, encoded))
    for name, numbered in sections.items():
        plain[name] = _extended(numbered, defects)  # RFC 2231 wins over the plain form (RFC 6266 section 4.3)
    return plain


def _extended(numbered: dict[int, tuple[str, bool]], defects: list[str]) -> str:
    charset = ""
    octets: list[bytes] = []
    for position, number in enumerate(sorted(numbered)):
        value, encoded = numbered[number]
        if number != position:
            defects.append("parameter-section-missing")
        if encoded and position == 0 and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        octets.append(unquote_to_bytes(value) if encoded else value.encode("utf-8", "replace"))
    decoded = charsets.decode(b"".join(octets), charset or "utf-8")
    defects.extend(decoded.defects)
    text = decoded.text
    return words.decode(text, defects) if "=?" in text else text
