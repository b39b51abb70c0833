"""Recognises the header lines that mail programs put above a quoted or forwarded message, in any language."""

import re
from itertools import zip_longest
from typing import NamedTuple

from mailpipe.parse.phrases import PHRASES, folded

MAX_LABEL = 40  # characters
MAX_LINE = 1000  # characters of a line that are looked at
MAX_LINES = 60  # of one block; long lists of recipients are wrapped
_DECORATION = "*_ \t\u00a0\ufeff\u200e\u200f\u202a\u202c"
_COLONS = ":：﹕"
_LABEL_END = re.compile(r"([^\W\d_](?:[^\W\d_]|[ '\u2019]){0,24}) ?[:：]")


class HeaderLine(NamedTuple):
    """``From: Jane <jane@example.org>``: the roles its label can have, and its value."""

    roles: frozenset[str]
    value: str


class Block(NamedTuple):
    """Header lines up to (not including) the line ``end``; ``is_head`` if they are those of a message."""

    end: int
    lines: list[HeaderLine]
    is_head: bool


def read(line: str) -> HeaderLine | None:
    """One line as a header line, or None."""
    text = line[:MAX_LINE].strip(_DECORATION)
    places = [place for colon in _COLONS if 0 < (place := text.find(colon, 0, MAX_LABEL)) < MAX_LABEL]
    if not places:
        return None
    place = min(places)
    roles = PHRASES.labels.get(folded(text[:place].strip(_DECORATION)))
    return HeaderLine(roles, text[place + 1 :].strip(_DECORATION)) if roles else None


def block(lines: list[str], start: int) -> Block:
    """The header lines that begin at a line; blank lines between two and wrapped values are allowed."""
    found: list[HeaderLine] = []
    end = start
    for number in range(start, min(len(lines), start + MAX_LINES)):
        line = lines[number]
        if not line.strip():
            if number - end > 2:
                break
        elif header := read(line):
            found.append(header)
            end = number + 1
        elif not found or not _may_continue(lines, number, end):
            break
    return Block(end, found, is_head(found))


def is_one_line(line: str) -> bool:
    """Whether a line is a whole head without line breaks, as some programs write it into plain text.

    ``----- Forwarded message ----- From: Jane <jane@example.org>To: ...Subject: ...``
    """
    if "@" not in line:
        return False
    found = one_line(line)
    return "from" in found and ("date" in found or "subject" in found)


def one_line(line: str) -> dict[str, str]:
    """The values of the header labels in one line, by role."""
    places: list[tuple[int, int, str]] = []
    for match in _LABEL_END.finditer(line[:MAX_LINE]):
        words = match[1]
        for skip in range(len(words)):
            # The label may stick to the value before it: "2021, 09:26:50 CETSubject: ..."
            if (skip == 0 or not words[skip - 1].isalpha() or words[skip].isupper()) and words[skip] != " ":
                roles = PHRASES.labels.get(folded(words[skip:]))
                if roles:
                    places.append((match.start(1) + skip, match.end(), min(roles)))
                    break
    found: dict[str, str] = {}
    for (_, begin, role), following in zip_longest(places, places[1:]):
        stop = following[0] if following else len(line)
        found.setdefault(role, line[begin:stop].strip(_DECORATION))
    return found


def _may_continue(lines: list[str], number: int, end: int) -> bool:
    """Whether a line that has no label is the rest of the value above it."""
    if number != end and any(not lines[between].strip() for between in range(end, number)):
        return False
    following = lines[number + 1] if number + 1 < len(lines) else ""
    return number - end < 10 and (
        lines[number][0] in " \t" or "@" in lines[number] or read(following) is not None or number - end < 2
    )


def is_head(found: list[HeaderLine]) -> bool:
    """Whether header lines are those of a message: a sender with an address, or everything but that."""
    roles = assigned(found)
    if len(roles) < 2:
        return False
    addressed = any("@" in header.value for header in found)
    if "from" in roles:
        sender = roles["from"]
        named = "@" in sender or not any(char.isdigit() for char in sender)
        if len(roles) == 2:
            return addressed and named and ("@" in sender or "date" in roles or "subject" in roles)
        return named and (addressed or ("subject" in roles and _has_time(roles.get("date", ""))))
    return addressed and _has_time(roles.get("date", "")) and ("to" in roles or "subject" in roles)


def _has_time(value: str) -> bool:
    return sum(char.isdigit() for char in value) >= 3


def assigned(found: list[HeaderLine]) -> dict[str, str]:
    """The value of each role; a label that may be two things is what is still missing."""
    roles: dict[str, str] = {}
    for header in sorted(found, key=lambda header: len(header.roles)):
        role = next((role for role in sorted(header.roles) if role not in roles), None)
        if role:
            roles[role] = header.value
    return roles
