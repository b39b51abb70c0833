"""Takes a text apart into what its writer wrote, what is quoted, and the signature.

One pass by lines, nothing is ever lost: each line is in exactly one of the three pieces (a reply that
shares its line with "On ... wrote:" is cut in two).  Blank lines at the edges of a piece are left out.
"""

import re

from mailpipe.parse import attribution, headerlines, signatures
from mailpipe.parse.found import Pieces

__all__ = ["Pieces", "split"]

MAX_LINE = 1000  # characters of a line that are looked at
_REPLY, _QUOTED, _SIGNATURE = 0, 1, 2
_RULE = re.compile(r"[-_=*—–]{3,}$")
_UNCLOSED_LINK = re.compile(r"[(<]\s?(?:https?|mailto):[^\s)>]*$")
_LINK_REST = re.compile(r"\(?(?:https?:|_)?\S*[)>](?: ?[>)])?$")


def split(text: str) -> Pieces:
    """The pieces of a text; quotes in between answers are taken out, the answers stay in order."""
    if not text or text.isspace():
        return Pieces("", "", "")
    lines = text.split("\n")
    kinds = _mark(lines)
    _mark_signatures(lines, kinds)
    return Pieces(*(_gather(lines, kinds, kind) for kind in (_REPLY, _QUOTED, _SIGNATURE)))


def _mark(lines: list[str]) -> list[int]:
    """Which lines are quoted; a line that holds a reply and an introduction is cut in place."""
    kinds = [_REPLY] * len(lines)
    number = 0
    while number < len(lines):
        line = lines[number]
        head = line[:MAX_LINE].strip().lstrip("\ufeff")
        if not head:
            number += 1
        elif head[0] == ">":
            kinds[number] = _QUOTED
            number += 1
        elif head.startswith(("```", "~~~")):
            number = _after_fence(lines, number)
        else:
            begun = _begins_quote(lines, number, head)
            if begun is None:
                number += 1
                continue
            start, end, is_rest = begun
            if cut := attribution.share(lines[start]):
                _cut(lines, kinds, start, cut)
                start, end = start + 1, end + 1
            stop = len(lines) if is_rest else end
            for place in range(_with_rules(lines, start), stop):
                kinds[place] = _QUOTED
            number = stop
    _join(lines, kinds)
    return kinds


def _begins_quote(lines: list[str], number: int, head: str) -> tuple[int, int, bool] | None:
    """Start and end of the introduction to a quote that ends or begins at a line, if there is one.

    The third member says that everything below is quoted: no line of it has a mark of its own.
    """
    if attribution.may_end(head):
        follows = _quote_follows(lines, number)
        start = attribution.find(lines, number, quote_follows=follows)
        if start is not None:
            return start, number + 1, not follows
    if (head[0] in "-_=*" or head[-1] in ":：") and attribution.is_marker(head):
        return number, number + 1, not _quote_follows(lines, number)
    if head[0] in "-_=*" and _is_unknown_marker(lines, number, head):
        return number, number + 1, True
    if ":" in head or "：" in head:
        block = headerlines.block(lines, number)
        if block is not None:
            return number, block.end, True
        if head[:2] == "--" and _holds_header(head):
            return number, number + 1, True
    return None


def _is_unknown_marker(lines: list[str], number: int, head: str) -> bool:
    """Words between dashes in a language we do not know, with header lines below."""
    if not attribution.marker(head):
        return False
    below = next(
        (place for place in range(number + 1, min(number + 4, len(lines))) if lines[place].strip()), None
    )
    return below is not None and headerlines.block(lines, below) is not None


def _holds_header(head: str) -> bool:
    """Whether words between dashes are followed by header lines without line breaks."""
    place = head.find("--", 2 + len(head) - len(head.lstrip("-")))
    rest = head[place:].lstrip("- ") if place > 0 else ""
    return bool(rest) and "@" in rest and headerlines.read(rest) is not None


def _quote_follows(lines: list[str], number: int) -> bool:
    for following in lines[number + 1 : number + 7]:
        if following.strip():
            return following.lstrip()[0] == ">"
    return False


def _after_fence(lines: list[str], number: int) -> int:
    """The line after a fenced block, which is never looked into; the next line if it is not closed."""
    mark = lines[number].strip()[:3]
    for last in range(number + 1, len(lines)):
        if lines[last].strip().startswith(mark):
            return last + 1
    return number + 1


def _cut(lines: list[str], kinds: list[int], number: int, place: int) -> None:
    line = lines[number]
    before = line[:place].rstrip("- \t")
    lines[number : number + 1] = [before, line[len(before) :]]
    kinds.insert(number, _REPLY)


def _with_rules(lines: list[str], start: int) -> int:
    """The start of a quote with the rule above it (``_____``)."""
    above = start - 1
    while above >= 0 and not lines[above].strip():
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above].strip()) else start


def _join(lines: list[str], kinds: list[int]) -> None:
    """Count to the quote what lies inside of it: blank lines, and links that a mail program broke."""
    last = None
    for number, kind in enumerate(kinds):
        if kind != _QUOTED:
            continue
        if last is not None and 1 < number - last <= 4:
            between = [line.strip() for line in lines[last + 1 : number] if line.strip()]
            if not between or (len(between) == 1 and _is_broken_link(lines[last], between[0])):
                kinds[last + 1 : number] = [_QUOTED] * (number - last - 1)
        last = number


def _is_broken_link(above: str, line: str) -> bool:
    if len(line) > MAX_LINE or not _LINK_REST.match(line):
        return False
    return line.startswith(("(http", "<http")) or _UNCLOSED_LINK.search(above[-MAX_LINE:]) is not None


def _mark_signatures(lines: list[str], kinds: list[int]) -> None:
    """Mark the signature of the last stretch of the reply, and of the one above the first long quote."""
    stretches: list[tuple[int, int]] = []
    for number, kind in enumerate(kinds):
        if kind == _REPLY and lines[number].strip():
            if stretches and all(other == _REPLY for other in kinds[stretches[-1][1] : number]):
                stretches[-1] = (stretches[-1][0], number + 1)
            else:
                stretches.append((number, number + 1))
    for place in {0, len(stretches) - 1} if stretches else ():
        begin, end = stretches[place]
        own = lines[begin:end]
        first = begin + signatures.start(own)
        for number in range(first, end):
            kinds[number] = _SIGNATURE


def _gather(lines: list[str], kinds: list[int], wanted: int) -> str:
    """The lines of one kind; where others were between them, one blank line is."""
    pieces: list[str] = []
    last = None
    for number, kind in enumerate(kinds):
        if kind == wanted:
            if last is not None and number - last > 1 and pieces and pieces[-1].strip():
                pieces.append("")
            pieces.append(lines[number])
            last = number
    while pieces and not pieces[-1].strip():
        pieces.pop()
    first = next((number for number, line in enumerate(pieces) if line.strip()), 0)
    return "\n".join(pieces[first:])
