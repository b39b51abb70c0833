"""Authentication-Results and Received fields to what they say (RFC 8601 section 2.2, RFC 5321 section 4.4).

Comments and quoted strings are written by whoever sent the mail as much as by the server that wrote the
field, so nothing is looked for in a field before it is taken apart.
"""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import NamedTuple

MAX_FIELD = 16 * 1024  # characters
MAX_RESULTS = 100

_BLANK = re.compile(r"\s+")
_PAREN = re.compile(r"[()]|\\.")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")
_WORD = re.compile(r'[^\s;()"]+')
_METHOD = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:/(\d{1,4}))?")
_RESULT = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


class Result(NamedTuple):
    """One method and its result, in lower case, with the properties by ``ptype.property``."""

    method: str
    result: str
    properties: dict[str, str]


class Results(NamedTuple):
    """One field: who says so, in lower case ("" if nobody), and what."""

    authserv_id: str
    results: list[Result]


class _Malformed(ValueError):
    """Raised inside for a field that is not what the RFC allows."""


class _Token(NamedTuple):
    text: str
    quoted: bool  # it starts with a quoted string


def read(field: str) -> Results | None:
    """Read one Authentication-Results field; None if it is not well formed or of another version."""
    if len(field) > MAX_FIELD:
        return None
    try:
        sections = _sections(field)
    except _Malformed:
        return None
    head, *rest = sections
    if not head or (not head[0].quoted and "=" in head[0].text):
        return Results("", [])  # some servers give no name; nobody answers for such a field
    if [token.text for token in head[1:]] not in ([], ["1"]):
        return None
    try:
        results = [result for section in rest[:MAX_RESULTS] if (result := _result(section))]
    except _Malformed:
        return None
    return Results(head[0].text.lower(), results)


def received_by(field: str) -> str | None:
    """The host that wrote a Received field, in lower case; "" for a step inside a server, None if unknown.

    A step inside names no host it came from, and itself by an IP address only.
    """
    try:
        words = [token.text for token in _tokens(field[:MAX_FIELD]) if token.text != ";"]
    except _Malformed:
        return None
    has_origin = bool(words) and words[0].lower() == "from"
    for number, word in enumerate(words[2 if has_origin else 0 :], 2 if has_origin else 0):
        if word.lower() == "by" and number + 1 < len(words):
            host = words[number + 1].strip("[].").lower()
            return "" if not has_origin and _is_ip(host) else host
    return None


def _is_ip(host: str) -> bool:
    try:
        ip_address(host.removeprefix("ipv6:"))
    except ValueError:
        return False
    return True


def _sections(field: str) -> list[list[_Token]]:
    sections: list[list[_Token]] = [[]]
    for token in _tokens(field):
        if token.text == ";" and not token.quoted:
            sections.append([])
        else:
            sections[-1].append(token)
    return sections


def _tokens(field: str) -> Iterator[_Token]:
    """Words, with the quoted strings that touch them, and semicolons; comments count as blanks."""
    position = 0
    pieces: list[str] = []
    quoted = False
    while position < len(field):
        match = _QUOTED.match(field, position)
        if match is not None:
            quoted = quoted or not pieces
            pieces.append(_ESCAPE.sub(r"\1", match[1]))
            position = match.end()
            continue
        match = _WORD.match(field, position)
        if match is not None:
            pieces.append(match[0])
            position = match.end()
            continue
        if pieces:
            yield _Token("".join(pieces), quoted)
            pieces, quoted = [], False
        if field[position] == ";":
            yield _Token(";", False)
            position += 1
        else:
            position = _skip(field, position)
    if pieces:
        yield _Token("".join(pieces), quoted)


def _skip(field: str, position: int) -> int:
    """The offset behind white space or a comment; comments nest, and are counted."""
    blank = _BLANK.match(field, position)
    if blank is not None:
        return blank.end()
    if field[position] != "(":
        raise _Malformed
    depth = 0
    for match in _PAREN.finditer(field, position):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    raise _Malformed


def _result(section: list[_Token]) -> Result | None:
    """``method=result reason=... ptype.property=value``; None for ``none`` and for nothing."""
    if not section or (len(section) == 1 and section[0].text.lower() == "none"):
        return None
    (name, result), *pairs = _pairs(section)
    method = _METHOD.fullmatch(name)
    if method is None or not _RESULT.fullmatch(result):
        raise _Malformed
    if method[2] not in (None, "1"):
        return None  # another version of the method means something else (RFC 8601 section 2.6)
    properties: dict[str, str] = {}
    for key, value in pairs:
        properties.setdefault(key.lower(), value)
    return Result(method[1].lower(), result.lower(), properties)


def _pairs(section: list[_Token]) -> Iterator[tuple[str, str]]:
    """``name=value``, also with blanks around the equals sign and around the dot of a property."""
    rest = section[::-1]
    while rest:
        token = rest.pop()
        if token.quoted:
            raise _Malformed  # a name is never quoted
        name, equals, value = token.text.partition("=")
        while not equals and rest and (rest[-1].text[:1] in ("=", ".", "/") or name[-1:] in (".", "/")):
            if rest[-1].quoted:
                raise _Malformed
            more, equals, value = rest.pop().text.partition("=")
            name += more
        if equals and not value and rest and (rest[-1].quoted or "=" not in rest[-1].text):
            value = rest.pop().text
        yield name, value
