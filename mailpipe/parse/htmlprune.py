"""Prunes HTML to what a page may show safely, balanced and in one linear pass, and tells what it took out.

bleach comes after it and decides; but bleach's parser takes seconds for what is nested or left open
thousands of times, and keeps the text of scripts and style sheets as text for people.
"""

from html import escape, unescape
from typing import NamedTuple

from mailpipe.parse import htmlallowed, htmltags

MAX_TAGS = 10_000  # start tags of one document
MAX_REFERENCES = 50_000  # characters that are written as references
MAX_DEPTH = 300  # open elements
MAX_INPUT = 2 * 1024 * 1024  # characters
MAX_SEARCH = 100  # open elements that an end tag may close at once

_VOID = frozenset({"br", "hr", "img", "col", "wbr"})
# The text inside of them is for programs.
_SKIPPED = frozenset(
    {
        "script",
        "style",
        "title",
        "template",
        "svg",
        "math",
        "iframe",
        "object",
        "applet",
        "noembed",
        "noframes",
    }
    | {"audio", "video", "canvas", "select", "datalist", "frameset"}
)
_ACTIVE = frozenset(
    {"script", "iframe", "object", "applet", "embed", "form", "svg", "math", "base", "frameset", "frame"}
)
_STRUCTURE = frozenset({"table", "tbody", "thead", "tfoot", "tr", "colgroup"})
_IN_TABLE = frozenset({"tbody", "thead", "tfoot", "tr", "td", "th", "caption", "colgroup", "col"})
_ENDS_PARAGRAPH = frozenset(
    {"address", "blockquote", "center", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr"}
    | {"li", "ol", "p", "pre", "table", "ul"}
)
_CLOSED_BY = {  # start tag: the open elements that it ends, up to the element that holds them
    "li": ({"li"}, {"ul", "ol", "td", "th", "blockquote", "div"}),
    "dt": ({"dt", "dd"}, {"dl"}),
    "dd": ({"dt", "dd"}, {"dl"}),
    "td": ({"td", "th", "caption"}, {"tr", "table"}),
    "th": ({"td", "th", "caption"}, {"tr", "table"}),
    "tr": ({"tr", "caption"}, {"table"}),
    "tbody": ({"tbody", "thead", "tfoot", "caption"}, {"table"}),
    "thead": ({"tbody", "thead", "tfoot", "caption"}, {"table"}),
    "tfoot": ({"tbody", "thead", "tfoot", "caption"}, {"table"}),
    "a": ({"a"}, {"td", "th", "table"}),
}
_PARAGRAPH_HOLDERS = frozenset({"td", "th", "table", "caption"})


class TooMuch(ValueError):
    """Raised for a document that is larger or deeper than a page for people ever is."""


class Pruned(NamedTuple):
    """Balanced HTML of allowed elements, and what was noticed: ``active-content``, ``remote-content``."""

    html: str
    defects: list[str]


def prune(html: str) -> Pruned:
    """Prune a document or fragment; raises :class:`TooMuch`."""
    if len(html) > MAX_INPUT:
        raise TooMuch
    pruner = _Pruner()
    for text, slash, name, raw in htmltags.tokens(html):
        pruner.take(text, slash, name, raw)
    pruner.close_to(0)
    if pruner.references > MAX_REFERENCES:
        raise TooMuch
    return Pruned("".join(pruner.out), list(pruner.defects))


class _Pruner:
    """Writes allowed tags and keeps the open elements, so that all are closed in order."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.open: list[str] = []
        self.defects: dict[str, None] = {}
        self.skipping = ""
        self.skipped = 0  # open elements of the name that is skipped
        self.tags = 0
        self.references = 0

    def take(self, text: str, slash: str, name: str, raw: str) -> None:
        """One token of :mod:`mailpipe.parse.htmltags`."""
        if self.skipping:
            if name == self.skipping:
                self.skipped += -1 if slash else 1
                self.skipping = name if self.skipped else ""
            return
        if text:
            shown = escaped(unescape(text) if "&" in text else text)
            self.references += shown.count("&")
            self.out.append(shown)
        if slash:
            self.end(name)
        elif name:
            self.start(name, raw)

    def start(self, name: str, raw: str) -> None:
        if name in _ACTIVE:
            self.defects["active-content"] = None
        if name in _SKIPPED:
            self.skipping, self.skipped = ("" if raw.endswith("/") else name), 1
            return
        allowed = htmlallowed.TAGS.get(name)
        if allowed is None:
            self.watch(raw)
            return
        if self.open and self.open[-1] in _STRUCTURE and name not in _IN_TABLE:
            return  # it would be moved out of the table, with all that is open in it, once for each cell
        self.close_implied(name)
        self.tags += 1
        if self.tags > MAX_TAGS or self.references > MAX_REFERENCES or len(self.open) >= MAX_DEPTH:
            raise TooMuch
        self.out.append(f"<{name}{self.attributes(name, raw)}>")
        if name not in _VOID:
            self.open.append(name)

    def attributes(self, name: str, raw: str) -> str:
        if not raw or raw == "/":
            return ""
        kept = []
        for key, value in htmltags.attributes(raw).items():
            self.look_at(key, value)
            if name == "img" and key == "src" and htmlallowed.is_remote(value):
                key = htmlallowed.REMOTE
            value = htmlallowed.CSS.sanitize_css(value) if key == "style" else value
            if value and htmlallowed.allows(name, key, value):
                kept.append(f' {key}="{escape(value)}"')
        return "".join(kept)

    def watch(self, raw: str) -> None:
        """Look at the attributes of a tag that is left out."""
        if raw:
            for key, value in htmltags.attributes(raw).items():
                self.look_at(key, value)

    def look_at(self, key: str, value: str) -> None:
        if key.startswith("on") or (":" in value and htmlallowed.is_script(value)):
            self.defects["active-content"] = None
        elif (key in htmlallowed.FETCHED and htmlallowed.is_remote(value)) or (
            key == "style" and "url(" in value.lower()
        ):
            self.defects["remote-content"] = None

    def end(self, name: str) -> None:
        if name not in htmlallowed.TAGS or name in _VOID:
            return
        lowest = max(0, len(self.open) - MAX_SEARCH)
        for place in range(len(self.open) - 1, lowest - 1, -1):
            if self.open[place] == name:
                self.close_to(place)
                return
            if self.open[place] in _PARAGRAPH_HOLDERS and name not in _IN_TABLE and name != "table":
                return  # an end tag in a cell closes nothing outside of it

    def close_implied(self, name: str) -> None:
        if name in _CLOSED_BY:
            self.close_nearest(*_CLOSED_BY[name])
        if name in _ENDS_PARAGRAPH:
            self.close_nearest({"p"}, _PARAGRAPH_HOLDERS)

    def close_nearest(self, ended: set[str], holders: "set[str] | frozenset[str]") -> None:
        lowest = max(0, len(self.open) - MAX_SEARCH)
        for place in range(len(self.open) - 1, lowest - 1, -1):
            if self.open[place] in ended:
                self.close_to(place)
                return
            if self.open[place] in holders:
                return

    def close_to(self, place: int) -> None:
        while len(self.open) > place:
            self.out.append(f"</{self.open.pop()}>")


def escaped(text: str) -> str:
    """Text as HTML that shows it."""
    return escape(text, quote=False)
