"""Cuts HTML into tags and text in one linear pass, whatever the bytes are.

A tokenizer of our own, because a tree is neither needed nor safe here: libxml2 drops what is nested
deeper than its limit (256, or 2,048 with ``huge_tree``) and takes quadratic time over attributes, and
BeautifulSoup raises on ``<![foo``.  Unclosed quotes, comments and tags never make it read twice.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

# Possessive throughout: no part of a text is matched in two ways.
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]{0,50}+)[^\s/>]*+((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>")
_ATTRIBUTE = re.compile(r"([^\s=\"'>/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++)))?+")
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp")
}


class Tag(NamedTuple):
    """A start or end tag; ``attributes`` is the text between name and ``>``, see :func:`attributes`."""

    name: str
    closes: bool
    attributes: str


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, names in lower case; the first of two with one name counts, as in browsers."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text[:20_000]):
        value = double or single or bare
        found.setdefault(name.lower(), unescape(value) if "&" in value else value)
    return found


def tokens(html: str) -> Iterator[Tag | str]:
    """Tags and the undecoded text between them; comments and declarations are left out.

    The content of ``style`` comes as text between its tags; that of ``script`` and ``title`` is left out.
    """
    place, length = 0, len(html)
    quotes_count = True
    while place < length:
        less = html.find("<", place)
        if less < 0:
            yield html[place:]
            return
        if less > place:
            yield html[place:less]
        following = html[less + 1 : less + 2]
        if following in "!?":
            place = _after_declaration(html, less)
            continue
        found = _TAG.match(html, less) if quotes_count else None
        if found is None and (following.isalpha() or following == "/") and following.isascii():
            # A quote that is never closed: from here on a tag ends at the first ">".
            quotes_count = quotes_count and html.find(">", less) < 0
            close = html.find(">", less)
            if close < 0:
                return  # a tag that is cut off
            name = re.match(r"(/?)([a-zA-Z][^\s/>]{0,50})?", html[less + 1 : less + 60])
            place = close + 1
            if name and name[2]:
                yield Tag(name[2].lower(), bool(name[1]), "")
            continue
        if found is None:
            yield "<"
            place = less + 1
            continue
        name_ = found[2].lower()
        place = found.end()
        yield Tag(name_, bool(found[1]), found[3])
        if name_ in _RAW and not found[1]:
            end = _RAW[name_].search(html, place)
            stop = end.start() if end else length
            if name_ in ("style", "textarea", "xmp"):
                yield html[place:stop]
            place = stop


def _after_declaration(html: str, less: int) -> int:
    if html.startswith("<!--", less):
        # "<!-->" and "<!--->" are comments too (HTML standard, section 13.2.5.43).
        end = less + 3 if html.startswith(("<!-->", "<!--->"), less) else html.find("-->", less + 4)
        close = html.find(">", end) if end >= 0 else -1
        return close + 1 if close >= 0 else len(html)
    close = html.find(">", less)
    return close + 1 if close >= 0 else len(html)
