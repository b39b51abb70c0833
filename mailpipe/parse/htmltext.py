"""Writes HTML as the text a person sees: blocks on lines, table rows on a line each, hidden text left out.

Linear in the input and never recursive, whatever the nesting; see :mod:`mailpipe.parse.htmltags`.
"""

import re
from html import unescape
from typing import NamedTuple

from mailpipe.parse import htmlhidden, htmltags
from mailpipe.parse.htmllines import Lines

MAX_INPUT = 4 * 1024 * 1024  # characters; what comes after is left out and ``limit:html-size`` says so
MAX_DEPTH = 5000  # open elements; deeper ones count as part of their parent
MAX_SEARCH = 100  # open elements that an end tag may close at once

_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_BLOCKS = frozenset(
    {
        *("address", "article", "aside", "body", "center", "details", "div", "dl", "fieldset"),
        *("figcaption", "figure", "footer", "form", "header", "hgroup", "html", "legend", "main", "nav"),
        *("section", "summary", "tbody", "tfoot", "thead"),
    }
)
_LISTS = frozenset({"ul", "ol", "menu", "dir"})
_SPACED = frozenset(["blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "table"])
_ENDS_PARAGRAPH = _BLOCKS | _SPACED | _LISTS
_SCOPES = frozenset(["table", "td", "th", "body", "html"])
_TABLE = frozenset(["table", "tbody", "thead", "tfoot", "tr", "td", "th"])
_NEVER_SHOWN = frozenset(
    ["template", "head", "object", "svg", "math", "select", "datalist", "audio", "video"]
)
_PREFORMATTED = frozenset({"pre", "textarea", "xmp"})
_LOOKS = _NEVER_SHOWN | _PREFORMATTED | {"style"}
_CLOSED_BY = {  # start tag: the open elements that it ends, up to the element that holds them
    "li": (("li",), ("ul", "ol", "menu", "dir")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
}
_SPACE = re.compile(r"[ \t\r\n\f]+")


class HtmlText(NamedTuple):
    """The visible text, and what was noticed: ``hidden-text``, ``limit:html-size``, ``limit:html-depth``."""

    text: str
    defects: list[str]


def to_text(html: str) -> HtmlText:
    """The text of an HTML document or fragment; never raises."""
    reader = _Reader()
    reader.read(html[:MAX_INPUT])
    if len(html) > MAX_INPUT:
        reader.defects["limit:html-size"] = None
    return HtmlText(reader.lines.text(), list(reader.defects))


class _Look(NamedTuple):
    """How text is shown inside of an element."""

    hidden: bool = False
    preformatted: bool = False
    white: bool = False
    dark: bool = False  # a background on which white can be read


class _Reader:
    """Follows tags and keeps the open elements; what they mean on paper is the job of Lines."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.defects: dict[str, None] = {}
        self.open: list[tuple[str, _Look, str]] = []  # name, the look outside of it, target of a link
        self.look = _Look()
        self.sheet: frozenset[str] = frozenset()
        self.in_style = False

    def read(self, html: str) -> None:
        for text, slash, name, raw in htmltags.tokens(html):
            if text:
                self.add(text)
            if slash:
                self.close(name)
            elif name in _VOID:
                if not self.look.hidden:
                    self.void(name, raw)
            elif name:
                self.start(name, raw)
        self.close_to(0)

    def add(self, raw: str) -> None:
        if self.in_style:
            self.sheet |= htmlhidden.hidden_names(raw)
            return
        text = unescape(raw) if "&" in raw else raw
        look = self.look
        if look.hidden or (look.white and not look.dark):
            words = any(map(str.isalnum, text))
            if words and not (self.open and self.open[-1][0] in _NEVER_SHOWN - {"template"}):
                self.defects["hidden-text"] = None
        elif look.preformatted:
            self.lines.add_preformatted(text)
        else:
            self.lines.add(_SPACE.sub(" ", text))

    def start(self, name: str, raw: str) -> None:
        if name in _CLOSED_BY:
            self.close_implied(*_CLOSED_BY[name])
        elif name in _ENDS_PARAGRAPH and self.open and self.open[-1][0] == "p":
            self.close_to(len(self.open) - 1)
        if len(self.open) >= MAX_DEPTH:
            self.defects["limit:html-depth"] = None
            return
        outside = self.look
        traits = htmlhidden.traits(raw) if raw else htmlhidden.PLAIN
        if traits is not htmlhidden.PLAIN or name in _LOOKS:
            self.look = self.look_of(name, traits)
            self.in_style = name == "style"
        link = ""
        if not self.look.hidden:
            if name == "a":
                link = htmltags.attributes(raw).get("href", "")
            self.begin(name, traits)
        self.open.append((name, outside, link))

    def look_of(self, name: str, traits: htmlhidden.Traits) -> _Look:
        look = self.look
        hidden = traits.hidden or name in _NEVER_SHOWN or not self.sheet.isdisjoint(traits.names)
        if traits.preformatted is not None or name in _PREFORMATTED:
            look = look._replace(preformatted=traits.preformatted is not False)
        if traits.white is not None:
            look = look._replace(white=traits.white)
        if traits.dark is not None:
            look = look._replace(dark=traits.dark)
        return look._replace(hidden=True) if hidden else look

    def begin(self, name: str, traits: htmlhidden.Traits) -> None:
        lines = self.lines
        if name in _BLOCKS:
            lines.break_line(blank=False)
        elif name == "a":
            lines.begin_link()
        elif name == "table":
            lines.begin_table()
        elif name in ("td", "th"):
            lines.begin_cell(name == "th")
        elif name == "tr":
            lines.begin_row()
        elif name == "blockquote":
            # Mail programs use the element to indent, too, and then take the bar away.
            lines.begin_quote(plain=traits.borderless)
        elif name in _LISTS:
            lines.begin_list(numbered=name == "ol")
        elif name == "li":
            lines.begin_item()
        elif name == "dt":
            lines.break_line(blank=False)
        elif name == "dd":
            lines.begin_description()
        elif name == "q":
            lines.add('"')
        elif name in _SPACED:
            lines.break_line(blank=not traits.compact)

    def void(self, name: str, raw: str) -> None:
        if name == "br":
            self.lines.break_here()
        elif name == "hr":
            self.lines.break_line(blank=True)
        elif name == "img" and "alt" in raw.lower():
            alt = htmltags.attributes(raw).get("alt", "").strip()
            # A picture that stands for a character; other descriptions are no words of the writer.
            if 0 < len(alt) < 9 and not alt.isascii():
                self.lines.add(alt)

    def close(self, name: str) -> None:
        stack = self.open
        if stack and stack[-1][0] == name:
            self.close_to(len(stack) - 1)
            return
        if name == "br":
            self.lines.break_here()  # browsers read </br> as <br>
            return
        for place in range(len(stack) - 1, max(-1, len(stack) - 1 - MAX_SEARCH), -1):
            held = stack[place][0]
            if held == name:
                self.close_to(place)
                return
            if held in _SCOPES and name not in _TABLE:
                return

    def close_implied(self, names: tuple[str, ...], holders: tuple[str, ...]) -> None:
        stack = self.open
        for place in range(len(stack) - 1, max(-1, len(stack) - 1 - MAX_SEARCH), -1):
            held = stack[place][0]
            if held in names:
                self.close_to(place)
                return
            if held in holders or held == "table":
                return

    def close_to(self, place: int) -> None:
        while len(self.open) > place:
            name, outside, link = self.open.pop()
            was_hidden = self.look.hidden
            self.look = outside
            self.in_style = False
            if not was_hidden:
                self.end(name, link)

    def end(self, name: str, link: str) -> None:
        lines = self.lines
        if name in _BLOCKS:
            lines.break_line(blank=False)
        elif name == "a":
            lines.end_link(link)
        elif name in ("td", "th"):
            lines.end_cell()
        elif name == "tr":
            lines.end_row()
        elif name == "table":
            lines.end_table()
        elif name == "blockquote":
            lines.end_quote()
        elif name in _LISTS:
            lines.end_list()
        elif name in ("li", "dd"):
            lines.break_line(blank=False)
        elif name == "dt":
            lines.end_term()
        elif name == "q":
            lines.add('"')
        elif name in _SPACED:
            lines.break_line(blank=name != "p" or lines.spaced)
