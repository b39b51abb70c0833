"""The grammar of IMAP answers (RFC 3501 section 9): octets to values, and values to safe commands.

An atom is a str, NIL is None, a string (quoted or literal) is bytes, a parenthesised list is a list.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from mailpipe.errors import ProtocolError

STATUS = {"OK", "NO", "BAD", "BYE", "PREAUTH"}

_HEAD = re.compile(rb"(\S+) (?:(\d{1,10}) )?([A-Za-z][A-Za-z0-9-]*)(?: |\r?\n|$)")
_TOKEN = re.compile(
    rb' *(?:(?P<open>\()|(?P<close>\))|"(?P<quoted>(?:[^"\\\r\n]|\\.)*)"'
    # BODY[HEADER.FIELDS (TO)] is one atom, with what its brackets hold
    rb'|(?P<atom>(?:\[[^\]\r\n]*\]|[^\s()"])+))'
)
_LITERAL = re.compile(rb"~?\{(\d{1,20})\+?\}\r?\n\Z")
_CODE = re.compile(rb"\[([^\]\s]+)(?: ([^\]]*))?\]")
_ESCAPED = re.compile(rb"\\(.)")


@dataclass(frozen=True, slots=True)
class Oversize:
    """Stands for a literal that was read and thrown away: its size in octets."""

    size: int


@dataclass(slots=True)
class Answer:
    """One answer of the server.

    ``tag`` is ``*``, ``+`` or the command's; ``kind`` is upper-case.  For a status answer ``code``
    and ``arguments`` are those in brackets, ``text`` the rest; else ``values`` are what follows.
    """

    tag: str
    kind: str
    number: int | None = None
    values: list[Any] = field(default_factory=list)
    code: str = ""
    arguments: str = ""
    text: str = ""


def head(line: bytes) -> Answer:
    """The beginning of an answer; a status answer is complete with it.  Raises ProtocolError."""
    if line.startswith(b"+"):
        return Answer("+", "", text=shown(line[1:]))
    found = _HEAD.match(line)
    if found is None:
        raise ProtocolError(f"the server sends what is no IMAP: {shown(line)[:80]!r}")
    answer = Answer(
        found[1].decode("ascii", "replace"),
        found[3].decode("ascii").upper(),
        int(found[2]) if found[2] else None,
    )
    if answer.kind in STATUS:
        rest = line[found.end() :]
        code = _CODE.match(rest)
        if code:
            answer.code, answer.arguments = shown(code[1]).upper(), shown(code[2] or b"")
            rest = rest[code.end() :]
        answer.text = shown(rest)
    return answer


def body(line: bytes) -> bytes:
    """What follows the kind in the first line of an answer."""
    found = _HEAD.match(line)
    return line[found.end() :] if found else b""


def announced(line: bytes) -> int | None:
    """The size of the literal that a line announces at its end."""
    found = _LITERAL.search(line)
    return int(found[1]) if found else None


def without_announcement(line: bytes) -> bytes:
    """The line up to the literal's announcement."""
    return _LITERAL.sub(b"", line)


def values(pieces: list[Any]) -> list[Any]:
    """The values of an answer: ``pieces`` are lines (bytes) and literals (in a one-tuple) in turn."""
    result: list[Any] = []
    stack = [result]
    for piece in pieces:
        if isinstance(piece, tuple):
            stack[-1].append(piece[0])
        else:
            _scan(piece, stack)
    if len(stack) != 1:
        raise ProtocolError("the server sends a list without end")
    return result


def _scan(line: bytes, stack: list[list[Any]]) -> None:
    line = line.rstrip(b"\r\n ")
    at = 0
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None:
            raise ProtocolError(f"the server sends what is no IMAP: {shown(line[at:])[:80]!r}")
        at = token.end()
        kind = token.lastgroup
        if kind == "open":
            inner: list[Any] = []
            stack[-1].append(inner)
            stack.append(inner)
        elif kind == "close":
            stack.pop()
            if not stack:
                raise ProtocolError("the server closes a list that it has not opened")
        elif kind == "quoted":
            stack[-1].append(_ESCAPED.sub(rb"\1", token["quoted"]))
        else:
            atom = token["atom"].decode("utf-8", "replace")
            stack[-1].append(None if atom.upper() == "NIL" else atom)


def pairs(items: Any) -> dict[str, Any]:
    """A list of names and values in turn, as FETCH has it; names upper-case."""
    if not isinstance(items, list) or len(items) % 2:
        raise ProtocolError("the server sends a FETCH answer without values")
    return {str(name).upper(): value for name, value in zip(items[::2], items[1::2], strict=True)}


def shown(data: bytes) -> str:
    """Text of the server for people."""
    return data.decode("utf-8", "backslashreplace").strip()
