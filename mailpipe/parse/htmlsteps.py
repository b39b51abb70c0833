"""Works out what tags do on the page, as a list of calls that can be made again and again."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from mailpipe.parse import htmlhidden, htmltags
from mailpipe.parse.htmlpage import (
    BLOCKS,
    CAREFUL,
    EXACT,
    HEADINGS,
    LISTS,
    NEVER_SHOWN,
    PASSING,
    PREFORMATTED,
    Effect,
    Element,
    Page,
)
from mailpipe.parse.htmlruns import Unordinary

MAX_PICTURE = 8  # characters of a description that stands for the picture

# What a page is told to do, and about which element.
Step = tuple[Callable[[Page, Element], None], Element]

_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,50}+)[^\s/>]*+([^>]*+)>")
_PIECES = re.compile(r"<[^<>]++>|[ \t\r\n\f]++")
_RAW = frozenset({"script", "style", "title", "textarea", "xmp", "plaintext"})
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "wbr"}
)
_STARTS: dict[str, Callable[[Page, Element], None]] = {
    **dict.fromkeys(BLOCKS, Page.start_block),
    **dict.fromkeys((*HEADINGS, "p"), Page.start_spaced),
    **dict.fromkeys(LISTS, Page.start_list),
    "td": Page.start_cell,
    "th": Page.start_cell,
    "tr": Page.start_row,
    "table": Page.start_table,
    "blockquote": Page.start_quote,
    "li": Page.start_item,
    "dt": Page.start_term,
    "dd": Page.start_description,
    "a": Page.start_link,
    "q": Page.start_quotation,
}
_BREAKING = _STARTS.keys() - {"a", "q"} | {"br", "hr"}  # white space beside them is not seen
_NO_EFFECT = Effect()


class Meaning(NamedTuple):
    """What one tag does: nothing without ``step``; with ``inline`` only where a page is careful.

    ``changes`` is the care that it asks for, ``names`` are the classes and id of the element, as a style
    sheet has them.
    """

    step: Step | None = None
    inline: bool = False
    breaking: bool = False
    changes: int = PASSING
    names: tuple[str, ...] = ()


_NOTHING = Meaning()
_SPACE: Step = (Page.add_space, Element(" "))


def of_run(run: str, sheet: frozenset[str], care: int) -> list[Step]:
    """What a run of tags does, with the white space between them.  Raises :class:`Unordinary`.

    ``sheet`` has the classes and ids that a style sheet hides, ``care`` is the page's.
    """
    found: list[Step] = []
    space, after_break = False, False
    for piece in _PIECES.findall(run):
        if piece[0] == "<":
            step, inline, after_break, changes, names = _tag(piece)
            if sheet and not sheet.isdisjoint(names):
                step, inline, after_break, changes, names = hidden(_tag(piece))
            if space:
                space = False
                if not after_break:
                    found.append(_SPACE)
            care = changes if changes > care else care
            if step is not None and (care or not inline):
                found.append(step)
        elif care == EXACT:
            found.append((Page.add_element, Element(piece)))
        else:
            space = not after_break
    if space:
        found.append(_SPACE)
    return found


@lru_cache(maxsize=2048)  # the mail of one sender repeats its tags
def _tag(tag: str) -> Meaning:
    found = _TAG.fullmatch(tag)
    if found is None:
        if tag[1] in "!?":
            return _NOTHING
        raise Unordinary(tag[:80])
    slash, name, raw = found.groups()
    name = name.lower()
    if name in _RAW or raw.count('"') % 2 or ("'" in raw and raw.count("'") % 2 and '"' not in raw):
        raise Unordinary(tag[:80])
    return of_tag(slash, name, raw)


def of_tag(slash: str, name: str, raw: str) -> Meaning:
    """What a tag does: ``slash`` if it ends an element, name in lower case, attributes as written."""
    breaking = name in _BREAKING
    if slash:
        if name == "br":
            return Meaning((Page.break_here, Element(name)), breaking=True)  # as browsers read </br>
        if name in _STARTS:
            return Meaning((Page.close, Element(name)), breaking=breaking)
        return Meaning((Page.close_inline, Element(name)), inline=True)
    if name in _VOID:
        return _void(name, raw)
    traits = htmlhidden.traits(raw) if raw else htmlhidden.PLAIN
    element = _element(name, raw, traits)
    start = _STARTS.get(name)
    changes = _care(element.effect, inline=start is None)
    return Meaning((start or Page.start_inline, element), start is None, breaking, changes, traits.names)


def _care(effect: Effect | None, *, inline: bool) -> int:
    """The care that is needed inside of an element on a page that needed none.

    Black on white and single spaces are what such a page has; a background matters to elements inside of
    a line, for they are passed over, and so is their end.
    """
    if effect is None:
        return PASSING
    if effect.preformatted:
        return EXACT
    return CAREFUL if effect.hidden or effect.white or (inline and effect.dark is not None) else PASSING


def hidden(meaning: Meaning) -> Meaning:
    """The same tag where the style sheet hides its element."""
    if meaning.step is None:
        return meaning
    act, element = meaning.step
    effect = (element.effect or _NO_EFFECT)._replace(hidden=True)
    return meaning._replace(step=(act, element._replace(effect=effect)), changes=CAREFUL)


def _void(name: str, raw: str) -> Meaning:
    if name == "br":
        return Meaning((Page.break_here, Element(name)), breaking=True)
    if name == "hr":
        return Meaning((Page.rule, Element(name)), breaking=True)
    if name == "img" and "alt" in raw.lower():
        words = htmltags.attributes(raw).get("alt", "").strip()
        # A picture that stands for a character; other descriptions are no words of the writer.
        if 0 < len(words) <= MAX_PICTURE and not words.isascii():
            return Meaning((Page.picture, Element(words)))
    return _NOTHING


def _element(name: str, raw: str, traits: htmlhidden.Traits) -> Element:
    preformatted = traits.preformatted
    if name in PREFORMATTED and preformatted is None:
        preformatted = True
    effect = Effect(traits.hidden or name in NEVER_SHOWN, preformatted, traits.white, traits.dark)
    link = htmltags.attributes(raw).get("href", "") if name == "a" else ""
    # Mail programs use blockquote to indent, too, and then take the bar away.
    flat = traits.borderless if name == "blockquote" else traits.compact
    return Element(name, None if effect == _NO_EFFECT else effect, link, flat)
