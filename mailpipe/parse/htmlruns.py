"""Cuts ordinary HTML into texts and runs of tags, at the speed of one regular expression.

Mail repeats a few runs (``</td></tr> <tr><td style="...">``) hundreds of times: who knows what one means
knows them all.  What is not ordinary (a ``<`` that begins no tag, quotes that are not closed, ``>`` in an
attribute) is left to :mod:`mailpipe.parse.htmltags`, which reads anything.
"""

import re
from typing import NamedTuple

_RUN = re.compile(r"(<[^<>]++>(?:[ \t\r\n\f]*+<[^<>]++>)*+[ \t\r\n\f]*+)")
_SPECIAL = re.compile(r"<(?=[!sStT])(?:!--|((?i:script|style|title))(?=[\s>/]))")
_ENDS = {name: re.compile(rf"</{name}[^<>]*+>", re.IGNORECASE) for name in ("script", "style", "title")}


class Unordinary(ValueError):
    """Raised for HTML that only a careful reader can take apart."""


class Cut(NamedTuple):
    """Texts and runs of tags in turn, a text first and last, and what the style sheets say."""

    pieces: list[str]
    sheets: list[str]


def cut(html: str) -> Cut:
    """The texts and runs of a document.  Raises :class:`Unordinary`."""
    sheets: list[str] = []
    # The one entity that mail is full of is decoded at once.
    pieces = _RUN.split(_without_special(html, sheets).replace("&nbsp;", "\u00a0"))
    if "<" in "".join(pieces[::2]):
        raise Unordinary("a < that begins no tag")
    return Cut(pieces, sheets)


def _without_special(html: str, sheets: list[str]) -> str:
    """The document without comments, scripts, titles and style sheets; the last go into ``sheets``."""
    kept: list[str] = []
    place = 0
    while found := _SPECIAL.search(html, place):
        before = html[place : found.start()]
        if before.rfind("<") > before.rfind(">"):
            raise Unordinary("a tag in a tag")  # what is around it must not become one
        kept.append(before)
        place = _after(html, found, sheets)
    if not kept:
        return html
    kept.append(html[place:])
    return "".join(kept)


def _after(html: str, found: re.Match[str], sheets: list[str]) -> int:
    """Where what ``found`` begins has ended."""
    if found[1] is None:
        # "<!-->" and "<!--->" are comments too (HTML standard, section 13.2.5.43).
        short = html.startswith((">", "->"), found.end())
        end = found.end() - 2 if short else html.find("-->", found.end())
        close = html.find(">", end) if end >= 0 else -1
        if close < 0:
            raise Unordinary("a comment that is not closed")
        return close + 1
    name = found[1].lower()
    begin = html.find(">", found.end())
    closed = _ENDS[name].search(html, begin) if begin >= 0 else None
    if closed is None:
        raise Unordinary(f"a {name} that is not closed")
    if name == "style":
        sheets.append(html[begin + 1 : closed.start()])
    return closed.end()
