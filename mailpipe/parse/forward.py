"""Takes apart the message that is forwarded inside the text of another one."""

import re
from typing import Any, NamedTuple

from mailpipe.mail import dates
from mailpipe.parse import attribution, headerlines
from mailpipe.parse.found import Pieces
from mailpipe.parse.phrases import PHRASES, folded

MAX_ADDRESSES = 1000

_TAG = re.compile(r"^\s*\[[^\]]{1,60}\]\s*")
_LINKED = re.compile(r"\s?[<\[]\s?mailto:[^>\]\s]{1,320}\s?[>\]]")
_ANGLE = re.compile(r"<\s?([^<>\s]{1,320}@[^<>\s]{1,320})\s?>")
_BARE = re.compile(r"[^\s<>()\[\]\"',;:]{1,320}@[^\s<>()\[\]\"',;:]{1,320}")
_QUOTES = "\"'“”„«»‘’ \t"


class _Head(NamedTuple):
    """What stands above a forwarded message, by role, and the number of the line where its text begins."""

    values: dict[str, str]
    body: int


def take_apart(pieces: Pieces, subject: str | None) -> dict[str, Any] | None:
    """``{from, to, cc, subject, sentAt, text}`` of a forwarded message, or None when none is forwarded.

    A program says so between dashes ("Forwarded message"), or by the prefix of the ``subject``; header
    lines alone are not enough, for replies quote below them, too.  What is not given is None or empty.
    """
    if not pieces.quoted:
        return None
    lines = _unbarred(pieces.quoted.split("\n"))
    said, start = _skip_marker(lines)
    if not said and not is_forward(subject):
        return None
    head = _head(lines, start)
    if head is None:
        return None
    values = head.values
    return {
        "from": addresses(values.get("from", ""))[:1],
        "to": addresses(values.get("to", "")),
        "cc": addresses(values.get("cc", "")),
        "subject": values.get("subject") or (_without_prefix(subject) if "subject" not in values else ""),
        "sentAt": dates.parse(values.get("date", ""), []) if values.get("date") else None,
        "text": "\n".join(_unbarred(lines[head.body :])).strip(),
    }


def is_forward(subject: str | None) -> bool:
    """Whether the outermost prefix of a subject says that the message is a forward."""
    prefix = folded(_bare(subject)[:40]).partition(":")
    return bool(prefix[1]) and prefix[0].strip() in PHRASES.forward


def _bare(subject: str | None) -> str:
    text = (subject or "").replace("：", ":")
    while found := _TAG.match(text):
        text = text[found.end() :]
    return text


def _without_prefix(subject: str | None) -> str | None:
    if not is_forward(subject):
        return subject
    return _bare(subject).partition(":")[2].strip()


def _unbarred(lines: list[str]) -> list[str]:
    """The lines without their ``>`` when all of them, save for a marker at the top, have one."""
    filled = [line for line in lines if line.strip()]
    barred = sum(1 for line in filled if line.lstrip()[:1] == ">")
    if not barred or len(filled) - barred > max(1, barred // 4):
        return lines
    if len(filled) > barred and filled[0].lstrip()[:1] == ">" and not any(map(attribution.is_marker, filled)):
        return lines  # a quote, and text below it
    return [_unbar(line) for line in lines]


def _unbar(line: str) -> str:
    stripped = line.lstrip()
    if stripped[:1] != ">":
        return line
    return stripped[2:] if stripped[1:2] == " " else stripped[1:]


def _skip_marker(lines: list[str]) -> tuple[bool, int]:
    """Whether a line between dashes says that what follows is forwarded, and the next line."""
    for number, line in enumerate(lines[:12]):
        text = line.strip().lstrip("\ufeff")
        if not text or not text.strip("-_=* "):
            continue
        if attribution.is_marker(text):
            said = attribution.marker(text) or folded(text).rstrip(":： ")
            return said not in PHRASES.originals and not attribution.asks_above(said), number + 1
        said = folded(text.strip("- ").partition("--")[0].strip())
        return said in PHRASES.forwards, number
    return False, 0


def _head(lines: list[str], start: int) -> _Head | None:
    for number in range(start, min(start + 12, len(lines))):
        line = lines[number].strip().lstrip("\ufeff")
        if not line or not line.strip("-_=* "):
            continue
        block = headerlines.block(lines, number)
        if block.is_head or (number > start - 1 and len(block.lines) > 2):
            return _Head(headerlines.assigned(block.lines), block.end)
        if headerlines.is_one_line(line):
            return _Head(headerlines.one_line(line), number + 1)
        return _attribution(lines, number)
    return None


def _attribution(lines: list[str], number: int) -> _Head | None:
    """The sender in "On ... wrote:", which some programs put above a forward, too."""
    for end in range(number, min(number + attribution.MAX_LINES, len(lines))):
        if attribution.may_end(lines[end].strip()):
            joined = " ".join(line.strip() for line in lines[number : end + 1])
            if not attribution.is_introduction(folded(joined), quote_follows=False):
                return None
            return _Head({"from": _sender(joined)}, end + 1)
    return None


def _sender(introduction: str) -> str:
    """The name and address in an introduction: what stands quoted or capitalised before the address."""
    found = _ANGLE.search(introduction)
    if not found:
        return ""
    before = introduction[: found.start()].rstrip()
    if before[-1:] in "\"'”»’":
        opening = max(before[:-1].rfind(mark) for mark in "\"'“„«‘")
        name = before[opening + 1 : -1] if opening >= 0 else ""
    else:
        words = before.split()
        name = " ".join(_trailing_name(words))
    return f'"{name.strip(_QUOTES)}" <{found[1]}>'


def _trailing_name(words: list[str]) -> list[str]:
    kept: list[str] = []
    for word in reversed(words[-5:]):
        if not word[:1].isupper() or any(char.isdigit() for char in word) or word.endswith((",", ":")):
            break
        kept.insert(0, word)
    return kept


def addresses(value: str) -> list[dict[str, str | None]]:
    """The people in a header line of a text, as ``{name, email}``; either may be None.

    Programs separate with comma or semicolon, leave commas in names unquoted, and repeat an address
    as a link (``a@example.org<mailto:a@example.org>``).
    """
    text = _LINKED.sub("", value)
    if "@" not in text:
        names = re.split(r";", text) if ";" in text else [text]
        return [{"name": name.strip(_QUOTES), "email": None} for name in names if name.strip(_QUOTES)]
    found: list[dict[str, str | None]] = []
    pending = ""
    for piece in re.split(r"([,;])", text):
        pending += piece
        if "@" in piece and len(found) < MAX_ADDRESSES:
            found.append(_address(pending.strip(",; \t")))
            pending = ""
    return found


def _address(text: str) -> dict[str, str | None]:
    angles = list(_ANGLE.finditer(text))
    if angles:
        name = text[: angles[0].start()].strip(_QUOTES)
        return {"name": name or None, "email": angles[-1][1].removeprefix("mailto:")}
    bare = _BARE.search(text)
    return {"name": None, "email": bare[0] if bare else text.strip("<> ")}
