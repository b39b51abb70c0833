"""Takes a text apart into what its writer wrote, what is quoted, and the signature.

By lines, and nothing is ever lost: each line is in exactly one of the three pieces (a reply that
shares its line with "On ... wrote:" is cut in two).  Blank lines at the edges of a piece are left out.
"""

from mailpipe.parse import quotes, signatures
from mailpipe.parse.found import Pieces

__all__ = ["Pieces", "split"]

_REPLY, _QUOTED, _SIGNATURE = 0, 1, 2


def split(text: str) -> Pieces:
    """The pieces of a text; quotes between answers are taken out, the answers stay in order."""
    if not text or text.isspace():
        return Pieces("", "", "")
    lines = text.split("\n")
    kinds = [_QUOTED if is_quoted else _REPLY for is_quoted in quotes.mark(lines)]
    _mark_signatures(lines, kinds)
    return Pieces(*(_gather(lines, kinds, kind) for kind in (_REPLY, _QUOTED, _SIGNATURE)))


def _mark_signatures(lines: list[str], kinds: list[int]) -> None:
    """Mark the signature above the first quote, and the one at the end of the text."""
    stretches = _stretches(lines, kinds)
    for begin, end in {stretches[0], stretches[-1]} if stretches else ():
        own = lines[begin:end]
        first = begin + signatures.start(own, alone=begin > 0 and begin != stretches[0][0])
        kinds[first:end] = [_SIGNATURE] * (end - first)


def _stretches(lines: list[str], kinds: list[int]) -> list[tuple[int, int]]:
    """The runs of reply lines, as start and end, blank lines at the edges left out."""
    found: list[tuple[int, int]] = []
    interrupted = True
    for number, kind in enumerate(kinds):
        if kind != _REPLY:
            interrupted = True
        elif lines[number].strip():
            start = number if interrupted else found.pop()[0]
            found.append((start, number + 1))
            interrupted = False
    return found


def _gather(lines: list[str], kinds: list[int], wanted: int) -> str:
    """The lines of one kind; where others were between them, one blank line is."""
    gathered: list[str] = []
    last = -1
    for number, kind in enumerate(kinds):
        if kind == wanted:
            if 0 <= last < number - 1 and gathered[-1].strip():
                gathered.append("")
            gathered.append(lines[number])
            last = number
    while gathered and not gathered[-1].strip():
        gathered.pop()
    first = next((number for number, line in enumerate(gathered) if line.strip()), 0)
    return "\n".join(gathered[first:])
