"""Recognises ``label: value`` lines as people write them in forms and hurried answers."""

import re
from typing import NamedTuple

from mailpipe.mail.fold import plain
from mailpipe.parse.phrases import PHRASES

MAX_LABEL = 60  # characters
MAX_WORDS = 5  # of a label
MAX_LINE = 2000  # characters; the rest of a longer line is not looked at
_BULLETS = "-*+•·–▪◦‣"
_WRAPPING = "*_`\"'“”„«»"  # what people and Markdown put around a label
_NUMBERED = re.compile(r"\(?\d{1,2}[.)]\s+(?=\D)")
_DASH = re.compile(r" (?:[-–—→]|[-=]>) |[ .…]?\.{3,}[ .]?|\s?…{2,}\s?")  # or the dots of a form
_NOT_IN_LABELS = frozenset(',;?!<>@{}[]\\…"“”')


class Line(NamedTuple):
    """One ``label: value`` line; ``number`` counts from 1, ``mark`` is one of ``: = - |`` and tab.

    Arrows and the dots of a form are ``-``, too: whoever means them as marks uses names that are known.
    """

    number: int
    label: str
    value: str
    mark: str


def read(text: str, number: int) -> Line | None:
    """The label and value of a line, or None for a line that has no label."""
    line = text[:MAX_LINE].strip()
    if line[:1] in _BULLETS and line[1:2] in (" ", "\t"):
        line = line[2:].lstrip()
    elif line[:1].isdigit() and (numbered := _NUMBERED.match(line)):
        line = line[numbered.end() :]
    if not line:
        return None
    if line[0] == "|" or "\t" in line:
        return _cells(line, number)
    found = _separator(line)
    if found is None:
        return None
    start, end, mark = found
    label, value = bare(line[:start]), line[end:].strip()
    if value.startswith(("**", "__")) and not value.endswith(value[:2]):  # **Label:** value
        value = value[2:].lstrip()
    elif value.startswith("*") and line.startswith("*") and value.count("*") == 1:
        value = value[1:].lstrip()
    return Line(number, label, value, mark) if label else None


def is_rule(line: str) -> bool:
    """Whether a line only separates: ``--``, ``____``, ``|---|---|``."""
    return bool(line) and not line.strip("-_=*|:+ \t")


def _cells(line: str, number: int) -> Line | None:
    mark = "|" if line[0] == "|" else "\t"
    cells = [cell.strip() for cell in line.strip(mark + " ").split(mark)]
    if len(cells) != 2 or not cells[0] or not cells[1].strip("-: "):
        return None
    return Line(number, bare(cells[0].rstrip(":： ")), cells[1], mark)


def _separator(line: str) -> tuple[int, int, str] | None:
    head = line[: MAX_LABEL + 8]
    places = [(place, mark) for mark in ":：=" if (place := head.find(mark)) > 0]
    if places:
        place, mark = min(places)
        after = line[place + 1 : place + 3]
        is_time = line[place - 1].isdigit() and after[:1].isdigit()
        if not is_time and after != "//" and after[:1] not in (":", "="):
            return place, place + 1, "=" if mark == "=" else ":"
        return None
    found = _DASH.search(head)
    return (found.start(), found.end(), "-") if found and found.start() > 0 else None


def bare(label: str) -> str:
    """A label without what people and Markdown put around it, one space between words."""
    return " ".join(label.strip().strip(_WRAPPING).split())


def is_formlike(line: Line) -> bool:
    """Whether a line looks like a field of a form rather than a sentence with a colon in it."""
    words = _label_words(line)
    return bool(words) and words[0].strip(".") not in PHRASES.asides


def is_aside(line: Line) -> bool:
    """Whether a line is a remark (``Note: ...``), which is a field only in the company of others."""
    words = _label_words(line)
    return bool(words) and words[0].strip(".") in PHRASES.asides


def _label_words(line: Line) -> list[str]:
    """The folded words of a label that is one; none for a greeting or a sentence."""
    label = line.label
    if not line.value or len(label) > 40 or line.mark == "-" or not _NOT_IN_LABELS.isdisjoint(label):
        return []
    words = plain(label).replace("_", " ").replace("-", " ").split()
    if not words or len(words) > MAX_WORDS or not any(char.isalpha() for char in label):
        return []
    if label[-1] == "." and len(words[-1]) > 5:  # the end of a sentence, not "No." or "Immat."
        return []
    if len(words) > 1 and not PHRASES.sentence.isdisjoint(words):
        return []
    return [] if words[0].strip(".") in PHRASES.greetings else words
