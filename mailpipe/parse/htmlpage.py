"""Follows the elements of HTML that are open, and has each begin and end on paper."""

import re
from collections.abc import Callable
from html import unescape
from typing import NamedTuple

from mailpipe.parse.htmllines import Lines

MAX_DEPTH = 5000  # open elements; deeper ones count as part of their parent
MAX_SEARCH = 100  # open elements that an end tag may close at once

BLOCKS = frozenset(
    {
        *("address", "article", "aside", "body", "center", "details", "div", "dl", "fieldset"),
        *("figcaption", "figure", "footer", "form", "header", "hgroup", "html", "legend", "main", "nav"),
        *("section", "summary", "tbody", "tfoot", "thead"),
    }
)
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "pre"})
LISTS = frozenset({"ul", "ol", "menu", "dir"})
NEVER_SHOWN = frozenset({"template", "head", "object", "svg", "math", "select", "datalist", "audio", "video"})
PREFORMATTED = frozenset({"pre", "textarea", "xmp"})

_WITHOUT_WORDS = NEVER_SHOWN - {"template"}  # what stands in them is not hidden by the writer
_SCOPES = frozenset({"table", "td", "th", "body", "html"})
_TABLE = frozenset({"table", "tbody", "thead", "tfoot", "tr", "td", "th"})
_CLOSED_BY = {  # start tag: the open elements that it ends, up to the element that holds them
    "li": (("li",), ("ul", "ol", "menu", "dir")),
    "dt": (("dt", "dd"), ("dl",)),
    "dd": (("dt", "dd"), ("dl",)),
    "td": (("td", "th"), ("tr", "table")),
    "th": (("td", "th"), ("tr", "table")),
    "tr": (("tr",), ("table",)),
}
_SPACE = re.compile(r"[\t\r\n\f][ \t\r\n\f]*+| [ \t\r\n\f]++")


def collapsed(text: str) -> str:
    """A text with single blanks for its white space; a no-break space is none."""
    if "\n" not in text and "  " not in text and "\t" not in text and "\r" not in text and "\f" not in text:
        return text
    if not text.isascii():
        return _SPACE.sub(" ", text)
    words = " ".join(text.split())
    before = " " if text[0] in " \n\t\r\f" else ""
    return f"{before}{words} " if words and text[-1] in " \n\t\r\f" else before + words


class Look(NamedTuple):
    """How text is shown inside of an element."""

    hidden: bool = False
    preformatted: bool = False
    white: bool = False
    dark: bool = False  # a background on which white can be read


class Effect(NamedTuple):
    """What an element does to the look inside of it; None leaves it."""

    hidden: bool = False
    preformatted: bool | None = None
    white: bool | None = None
    dark: bool | None = None


# How closely elements inside of a line are followed: not at all; each, because one of those that are open
# changes the look; each, and white space is kept as it is.
PASSING, CAREFUL, EXACT = 0, 1, 2


class Element(NamedTuple):
    """What a start tag says.

    ``link`` is the target of an ``a``; ``flat`` a paragraph without room around it, a quote without bar.
    """

    name: str
    effect: Effect | None = None
    link: str = ""
    flat: bool = False


class Page:
    """The open elements, the look of what is written now, and the ``care`` that it takes."""

    def __init__(self) -> None:
        self.lines = Lines()
        self.defects: dict[str, None] = {}
        self.open: list[tuple[str, Look, str, int]] = []  # name, look and care outside of it, link
        self.look = PAPER
        self.care = PASSING

    def add(self, raw: str) -> None:
        """Text as written in the document."""
        text = unescape(raw) if "&" in raw else raw
        look = self.look
        if look.hidden or (look.white and not look.dark):
            if any(map(str.isalnum, text)) and not (self.open and self.open[-1][0] in _WITHOUT_WORDS):
                self.defects["hidden-text"] = None
        elif look.preformatted:
            self.lines.add_preformatted(text)
        else:
            self.lines.add(collapsed(text))

    def enter(self, element: Element) -> bool:
        """Open an element; whether it can be seen."""
        if len(self.open) >= MAX_DEPTH:
            self.defects["limit:html-depth"] = None
            return False
        self.open.append((element.name, self.look, element.link, self.care))
        if element.effect is not None:
            self.turn(element.effect)
        return not self.look.hidden

    def turn(self, effect: Effect) -> None:
        """Let an effect change the look."""
        look = self.look
        turned = Look(
            look.hidden or effect.hidden,
            look.preformatted if effect.preformatted is None else effect.preformatted,
            look.white if effect.white is None else effect.white,
            look.dark if effect.dark is None else effect.dark,
        )
        if turned != look:
            self.look = turned
            care = EXACT if turned.preformatted else CAREFUL if turned.hidden or turned.white else PASSING
            self.care = max(self.care, care)

    def start_inline(self, element: Element) -> None:
        """An element inside of a line."""
        look = self.look
        if (self.care or element.effect is not None) and self.enter(element):
            self.care = self.care or (CAREFUL if self.look is not look else PASSING)

    def start_block(self, element: Element) -> None:
        self.end_open_paragraph()
        if self.enter(element):
            self.lines.end_line()

    def start_spaced(self, element: Element) -> None:
        """A paragraph, heading or preformatted text."""
        self.end_open_paragraph()
        if not self.enter(element):
            return
        if element.flat:
            self.lines.end_line()
        else:
            self.lines.end_paragraph()

    def start_cell(self, element: Element) -> None:
        if not self.open or self.open[-1][0] != "tr":
            self.close_implied(element.name)
        if self.enter(element):
            self.lines.begin_cell(heading=element.name == "th")

    def start_row(self, element: Element) -> None:
        self.close_implied("tr")
        if self.enter(element):
            self.lines.end_row()

    def start_table(self, element: Element) -> None:
        self.end_open_paragraph()
        if self.enter(element):
            self.lines.begin_table()

    def start_quote(self, element: Element) -> None:
        self.end_open_paragraph()
        if self.enter(element):
            self.lines.begin_quote(plain=element.flat)

    def start_list(self, element: Element) -> None:
        self.end_open_paragraph()
        if self.enter(element):
            self.lines.begin_list(numbered=element.name == "ol")

    def start_item(self, element: Element) -> None:
        self.close_implied("li")
        if self.enter(element):
            self.lines.begin_item()

    def start_term(self, element: Element) -> None:
        self.close_implied("dt")
        if self.enter(element):
            self.lines.end_line()

    def start_description(self, element: Element) -> None:
        self.close_implied("dd")
        if self.enter(element):
            self.lines.begin_description()

    def start_link(self, element: Element) -> None:
        if self.enter(element):
            self.lines.begin_link()

    def start_quotation(self, element: Element) -> None:
        if self.enter(element):
            self.lines.add('"')

    def add_space(self, _element: Element) -> None:
        self.lines.add(" ")

    def add_element(self, element: Element) -> None:
        """White space between tags, which stands in the place of a name."""
        self.add(element.name)

    def break_here(self, _element: Element) -> None:
        if not self.look.hidden:
            self.lines.break_here()

    def rule(self, _element: Element) -> None:
        if not self.look.hidden:
            self.lines.end_paragraph()

    def picture(self, element: Element) -> None:
        """A picture that stands for a character, in the place of a name."""
        if not self.look.hidden:
            self.lines.add(element.name)

    def close_inline(self, element: Element) -> None:
        """The end tag of an element inside of a line."""
        if self.care:
            self.close(element)

    def close(self, element: Element) -> None:
        """An end tag: it ends what is still open inside of its element, too."""
        stack, name = self.open, element.name
        if stack and stack[-1][0] == name:
            self.leave()
            return
        for place in range(len(stack) - 1, max(-1, len(stack) - 1 - MAX_SEARCH), -1):
            held = stack[place][0]
            if held == name:
                self.close_to(place)
                return
            if held in _SCOPES and name not in _TABLE:
                return

    def end_open_paragraph(self) -> None:
        if self.open and self.open[-1][0] == "p":
            self.leave()

    def close_implied(self, name: str) -> None:
        """End the open elements that a start tag of this name ends."""
        names, holders = _CLOSED_BY[name]
        stack = self.open
        for place in range(len(stack) - 1, max(-1, len(stack) - 1 - MAX_SEARCH), -1):
            held = stack[place][0]
            if held in names:
                self.close_to(place)
                return
            if held in holders or held == "table":
                return

    def close_to(self, place: int) -> None:
        """End elements until so many are open."""
        while len(self.open) > place:
            self.leave()

    def leave(self) -> None:
        """End the innermost element."""
        name, outside, link, care = self.open.pop()
        look = self.look
        self.look, self.care = outside, care
        if look.hidden:
            return
        if end := _ENDS.get(name):
            end(self.lines)
        elif name == "a":
            self.lines.end_link(link)


PAPER = Look()


def _end_paragraph(lines: Lines) -> None:
    if lines.spaced:
        lines.end_paragraph()
    else:
        lines.end_line()


def _end_quotation(lines: Lines) -> None:
    lines.add('"')


_ENDS: dict[str, Callable[[Lines], None]] = {
    **dict.fromkeys((*BLOCKS, "li", "dd"), Lines.end_line),
    **dict.fromkeys(HEADINGS, Lines.end_paragraph),
    **dict.fromkeys(LISTS, Lines.end_list),
    "p": _end_paragraph,
    "td": Lines.end_cell,
    "th": Lines.end_cell,
    "tr": Lines.end_row,
    "table": Lines.end_table,
    "blockquote": Lines.end_quote,
    "dt": Lines.end_term,
    "q": _end_quotation,
}
