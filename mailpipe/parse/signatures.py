"""Finds where the signature of a text begins."""

import re

from mailpipe.parse import labels
from mailpipe.parse.phrases import PHRASES, folded

MAX_LINES = 14  # of a signature that no standard separator announces
MAX_REGARDS = 8  # lines from "Best regards" to the end
MAX_LEGAL = 60  # lines of legal footers
MAX_PARAGRAPH = 400  # characters of a paragraph that are looked at
MIN_LEGAL = 6  # words of a legal footer
MAX_WIDTH = 90  # characters; longer lines are prose
_STANDARD = ("-- ", "--")  # RFC 3676 section 4.3; the blank is often lost on the way
_RULE = re.compile(r"(?:-{2,}|_{2,}|={3,}|—+|–{2,})$")
_LIST_RULE = re.compile(r"_{20,}$")
_NAME_DASH = re.compile(r"[-–—]{1,2} ?[^\W\d_][\w.' ]{0,30}\.?$")
_CONTACT = re.compile(
    r"(?:tel|telefon|telefono|telefone|telephone|phone|mobile|mobil|mob|cell|fax|e-?mail|mail|web|www|skype|gsm|m|t|f|e|p|w|"
    r"tlf|tel fixe|portable|direct|office|whatsapp|linkedin|address|adresse|тел|моб|電話|电话)\.?$"
)


def start(lines: list[str], *, alone: bool = False) -> int:
    """The index of the line where the signature at the end of some lines begins; their number for none.

    Something must stand above a signature, unless the lines are what is left below a quote (``alone``).
    """
    end = len(lines)
    while end and not lines[end - 1].strip():
        end -= 1
    found = end
    for rule in (_by_law, _by_separator, _by_device, _by_dash, _by_regards):
        begin = rule(lines, found)
        if begin < found and (alone or any(line.strip() for line in lines[:begin])):
            found = begin
    return found if found < end else len(lines)


def _by_law(lines: list[str], end: int) -> int:
    """Paragraphs at the end that only lawyers read: "If you are not the intended recipient, ..."."""
    begin, stop = end, end
    for number in range(end - 1, max(-1, end - MAX_LEGAL), -1):
        if lines[number].strip() and number:
            continue
        first = number + 1 if not lines[number].strip() else number
        paragraph = " ".join(lines[first:stop])[:MAX_PARAGRAPH]
        if paragraph.strip():
            if len(paragraph.split()) < MIN_LEGAL or not any(
                map(folded(paragraph).__contains__, PHRASES.legal)
            ):
                break
            begin = first
        stop = number
    return begin


def _by_separator(lines: list[str], end: int) -> int:
    """The last separator below which only a signature can be."""
    count = 0
    for number in range(end - 1, -1, -1):
        line = lines[number].strip()
        if not line:
            continue
        if lines[number] == "-- " and not _is_data(lines, number, end, surely=True):
            return number
        if count > MAX_LINES or len(line) > 4 * MAX_WIDTH:
            # Further up only the standard separator counts.
            return next((place for place in range(number, -1, -1) if lines[place] == "-- "), end)
        if _RULE.match(line) and count and not _is_data(lines, number, end):
            short = all(len(text.strip()) <= MAX_WIDTH for text in lines[number:end])
            if line == "--" or _LIST_RULE.match(line) or (short and count <= 6 and len(line) < 8):
                return number
        count += 1
    return end


def _is_data(lines: list[str], number: int, end: int, *, surely: bool = False) -> bool:
    """Whether the lines below a separator are fields or a list: ``---`` also begins a YAML document.

    With ``surely``, all of them must be fields.
    """
    filled = [line.strip() for line in lines[number + 1 : end] if line.strip()]
    fields = [entry for line in filled if (entry := labels.read(line, 0)) and labels.is_formlike(entry)]
    contacts = sum(1 for entry in fields if _CONTACT.match(folded(entry.label)))
    if fields and len(fields) == len(filled) and contacts < len(fields):
        return True
    if surely:
        return False
    items = sum(1 for line in filled if line.startswith("- "))
    return (bool(fields) and not contacts and 2 * len(fields) >= len(filled)) or (items == len(filled) > 1)


def _by_device(lines: list[str], end: int) -> int:
    """Lines that a program adds: "Sent from my iPhone", alone or the last of several."""
    begin = end
    for number in range(end - 1, max(-1, end - 4), -1):
        line = lines[number].strip().lstrip("-—–_*[<(「 ")
        if not line:
            continue
        if len(line) > 120 or not folded(line).startswith(PHRASES.devices):
            break
        begin = number
    return begin


def _by_dash(lines: list[str], end: int) -> int:
    """A name after a dash, as people sign in a hurry: "-Jane"."""
    number = end - 1
    while number >= 0 and not lines[number].strip():
        number -= 1
    if number > 0 and _NAME_DASH.match(lines[number].strip()):
        is_list = any(
            line.lstrip()[:1] in "-–—*•" for line in lines[max(0, number - 2) : number] if line.strip()
        )
        if not is_list and len(lines[number].split()) <= 3 and lines[number].strip()[1:2] != " ":
            return number
    return end


def _by_regards(lines: list[str], end: int) -> int:
    """A line that only ends the letter, with a name and perhaps an address below."""
    filled = 0
    for number in range(end - 1, -1, -1):
        line = lines[number].strip()
        if not line:
            continue
        filled += 1
        if filled > MAX_REGARDS or len(line) > MAX_WIDTH:
            return end
        if len(line) < 50 and folded(line).rstrip(" ,.!;:，。！") in PHRASES.regards:
            return end if _is_data(lines, number, end) else number
    return end
