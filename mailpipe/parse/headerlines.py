"""Recognises the header lines that mail programs put above a quoted or forwarded message, in any language."""

from typing import NamedTuple

from mailpipe.parse.phrases import PHRASES, folded

MAX_LABEL = 40  # characters
MAX_LINE = 1000  # characters of a line that are looked at
MAX_LINES = 60  # of one block; long lists of recipients are wrapped
_DECORATION = "*_ \t\u00a0\ufeff\u200e\u200f\u202a\u202c"
_COLONS = ":：﹕"


class HeaderLine(NamedTuple):
    """``From: Jane <jane@example.org>``: the roles its label can have, and its value."""

    roles: frozenset[str]
    value: str


class Block(NamedTuple):
    """Header lines from ``start`` up to (not including) ``end``, as indices of lines."""

    start: int
    end: int
    lines: list[HeaderLine]


def read(line: str) -> HeaderLine | None:
    """One line as a header line, or None."""
    text = line[:MAX_LINE].strip(_DECORATION)
    places = [place for colon in _COLONS if 0 < (place := text.find(colon, 0, MAX_LABEL)) < MAX_LABEL]
    if not places:
        return None
    place = min(places)
    roles = PHRASES.labels.get(folded(text[:place].strip(_DECORATION)))
    return HeaderLine(roles, text[place + 1 :].strip(_DECORATION)) if roles else None


def block(lines: list[str], start: int) -> Block | None:
    """The header lines that begin at a line, if they are the head of a message and not a form.

    A blank line between two of them and wrapped values are allowed.
    """
    first = read(lines[start])
    if first is None:
        return None
    found = [first]
    end = start + 1
    number = end
    while number < min(len(lines), start + MAX_LINES):
        line = lines[number]
        header = read(line) if line.strip() else None
        if header is not None:
            found.append(header)
            end = number + 1
        elif (line.strip() and not _may_continue(lines, number, end)) or (
            not line.strip() and number - end > 2
        ):
            break
        number += 1
    return Block(start, end, found) if is_head(found) else None


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
    roles = _assign(found)
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


def _assign(found: list[HeaderLine]) -> dict[str, str]:
    """The value of each role; a label that may be two things is what is still missing."""
    roles: dict[str, str] = {}
    for header in sorted(found, key=lambda header: len(header.roles)):
        role = next((role for role in sorted(header.roles) if role not in roles), None)
        if role:
            roles[role] = header.value
    return roles
