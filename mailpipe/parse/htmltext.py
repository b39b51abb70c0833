"""Writes HTML as the text a person sees: blocks on lines, table rows on a line each, hidden text left out.

Linear in the input and never recursive, whatever the nesting.  Ordinary HTML is cut at once into texts
and runs of tags, and what a run does is worked out once (:mod:`mailpipe.parse.htmlruns`).  Any other is
read tag by tag (:mod:`mailpipe.parse.htmltags`), with the same outcome.
"""

import re
from html import unescape
from typing import NamedTuple

from mailpipe.parse import htmlhidden, htmlruns, htmlsteps, htmltags
from mailpipe.parse.htmlpage import Page, collapsed

MAX_INPUT = 4 * 1024 * 1024  # characters; what comes after is left out and ``limit:html-size`` says so

_STYLE = re.compile("<style", re.IGNORECASE)


class HtmlText(NamedTuple):
    """The visible text, and what was noticed: ``hidden-text``, ``limit:html-size``, ``limit:html-depth``."""

    text: str
    defects: list[str]


def to_text(html: str) -> HtmlText:
    """The text of an HTML document or fragment; never raises."""
    shortened = html[:MAX_INPUT]
    try:
        page = by_runs(shortened)
    except htmlruns.Unordinary:
        page = by_tags(shortened)
    page.close_to(0)
    if len(html) > MAX_INPUT:
        page.defects["limit:html-size"] = None
    return HtmlText(page.lines.text(), list(page.defects))


def by_runs(html: str) -> Page:
    """The page that ordinary HTML makes.  Raises :class:`~mailpipe.parse.htmlruns.Unordinary`."""
    pieces, sheets = htmlruns.cut(html)
    sheet = frozenset[str]().union(*map(htmlhidden.hidden_names, sheets))
    page = Page()
    add = page.lines.add
    known: tuple[dict[str, list[htmlsteps.Step]], ...] = ({}, {}, {})  # by the care that is taken
    page.add(pieces[0])
    for run, text in zip(pieces[1::2], pieces[2::2], strict=True):
        todo = known[page.care].get(run)
        if todo is None:
            todo = htmlsteps.of_run(run, sheet, page.care)
            known[page.care][run] = todo
        for act, element in todo:
            act(page, element)
        if page.care:
            page.add(text)
        elif text:
            if "&" in text:
                text = unescape(text)
            add(collapsed(text))
    return page


def by_tags(html: str) -> Page:
    """The page that any HTML makes, tag by tag."""
    page = Page()
    sheet = _sheet(html) if _STYLE.search(html) else frozenset[str]()
    in_style = False
    for text, slash, name, raw in htmltags.tokens(html):
        if text and not in_style:
            page.add(text)
        in_style = name == "style" and not slash
        if name and name != "style":
            meaning = htmlsteps.of_tag(slash, name, raw)
            if sheet and not sheet.isdisjoint(meaning.names):
                meaning = htmlsteps.hidden(meaning)
            if meaning.step:
                act, element = meaning.step
                act(page, element)
    return page


def _sheet(html: str) -> frozenset[str]:
    """What all style sheets hide, wherever they stand."""
    hidden: set[str] = set()
    in_style = False
    for text, slash, name, _raw in htmltags.tokens(html):
        if in_style:
            hidden |= htmlhidden.hidden_names(text)
        in_style = name == "style" and not slash
    return frozenset(hidden)
