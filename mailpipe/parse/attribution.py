"""Recognises the line that introduces a quote: "On ... wrote:", "Am ... schrieb ...:", wrapped or not."""

import re

from mailpipe.parse.phrases import PHRASES, begins_with_intro, folded, has_verb

MAX_LINES = 5  # that one introduction is wrapped into
MAX_LENGTH = 600  # characters of a whole introduction
_COLONS = (":", "：", "﹕")
_TIME = re.compile(r"\d{1,2}[:.h時时시]\s?\d\d|\d\s?(?:am|pm|uhr)\b")
_DATE = re.compile(
    r"\d{4}[-/.年년]\s?\d{1,2}|\d{1,2}[-/.]\s?\d{1,2}[-/.]\s?\d{2,4}|\d{1,2}\.?[\s-]+\w{2,12}\.?,?[\s-]+\d{2,4}"
    r"|\w{3,12}\.?\s\d{1,2},?\s+\d{4}|\d{1,2}\.?\s(?:de\s)?\w{3,12}\.?\s(?:de\s)?\d{4}"
)
_SHARED = re.compile(
    r"[\s-]On (?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|\d)"
)
_DASHED = re.compile(r"[-_=*#~]{2,}\s?(\S[^\n]{0,200}?)\s?[-_=*#~]{2,}$")


def may_end(line: str) -> bool:
    """Whether a stripped line can be the end of an introduction; cheap, for every line of a text."""
    return line.endswith(_COLONS) or (line[-1:] == ">" and "@" in line)


def find(lines: list[str], end: int, *, quote_follows: bool) -> int | None:
    """The index of the line where the introduction that ends at line ``end`` begins, or None."""
    joined = ""
    blanks = 0
    fallback = None
    for start in range(end, max(-1, end - MAX_LINES - 1), -1):
        line = lines[start].strip().lstrip("\ufeff*_ ")
        if not line:
            blanks += 1
            if blanks > 1:
                break
            continue
        joined = f"{line[:MAX_LENGTH]} {joined}".strip()
        if len(joined) > MAX_LENGTH:
            break
        text = folded(joined)
        if is_introduction(text, quote_follows=quote_follows):
            if begins_with_intro(text) or text[0].isdigit():
                return start
            if not blanks and fallback is None:
                fallback = start
        elif fallback is not None:
            break
    return fallback


def is_introduction(text: str, *, quote_follows: bool) -> bool:
    """Whether a folded text, in one line, introduces a quote.

    Somebody wrote, at a time or from an address; or, in languages where the verb is left out, a time
    and an address; or anything of this right before a quote.
    """
    ends = text.endswith(_COLONS)
    addressed = "@" in text
    dated = _DATE.search(text) is not None
    timed = _TIME.search(text) is not None
    if ends and has_verb(text):
        begun = begins_with_intro(text) or text[0].isdigit()
        led = begun or _leads_with_date(text)
        return addressed or (dated and (begun or (timed and led))) or (timed and begun) or quote_follows
    if ends:
        return addressed and dated and (timed or quote_follows or begins_with_intro(text))
    return quote_follows and addressed and dated and (text[0].isdigit() or begins_with_intro(text))


def _leads_with_date(text: str) -> bool:
    """Whether at most a day of the week stands before the first number ("Tue, 14 May ...")."""
    first = next((number for number, char in enumerate(text) if char.isdigit()), len(text))
    return len(text[:first].split()) < 2


def share(line: str) -> int:
    """Where in a line an introduction begins that follows a reply without a line break; 0 for none."""
    found = _SHARED.search(line[:MAX_LENGTH])
    return found.start() + 1 if found and found.start() > 0 else 0


def marker(line: str) -> str:
    """What a line says between dashes, folded, without its colon; empty if it is no such line."""
    stripped = line.strip()
    if len(stripped) > MAX_LENGTH:
        return ""
    if found := _DASHED.match(stripped):
        return folded(found[1]).rstrip(":： ")
    return ""


def is_marker(line: str) -> bool:
    """Whether a line by itself says that a quoted or forwarded message follows."""
    stripped = line.strip().lstrip("\ufeff")
    if len(stripped) > 200:
        return False
    said = marker(stripped)
    if said:
        return (
            said in PHRASES.originals
            or said in PHRASES.forwards
            or _begins_with_marker(said)
            or asks_above(said)
            or has_verb(said)
        )
    if stripped.endswith(_COLONS):
        return folded(stripped).rstrip(":： ") in PHRASES.forwards
    return False


def asks_above(said: str) -> bool:
    """Whether a marker asks for the answer above it ("##- Please type your reply above this line -##")."""
    return any(phrase in said for phrase in PHRASES.above)


def _begins_with_marker(said: str) -> bool:
    # "Forwarded by Jane Doe on 12.05.2024", "Original message follows"
    return any(
        said.startswith((name + " by ", name + " follows", name + " from "))
        for name in ("forwarded", "original message", "forwarded message")
    ) or said.startswith("forwarded by ")
