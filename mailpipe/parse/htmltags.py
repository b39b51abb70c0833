"""Cuts HTML into tags and text in one linear pass, whatever the characters are.

A tokenizer of our own, because a tree is neither needed nor safe here: libxml2 drops what is nested
deeper than its limit (256, or 2,048 with ``huge_tree``) and takes quadratic time over attributes, and
BeautifulSoup raises on ``<![foo``.  Unclosed quotes, comments and tags never make it read twice.
"""

import re
from collections.abc import Iterator
from html import unescape

MAX_ATTRIBUTES = 20_000  # characters of one tag that are looked at

# Possessive throughout: no part of a text is matched in two ways.
_TEXT_AND_TAG = re.compile(
    r"([^<]*+)(?:<(/?)([a-zA-Z][^\s/>]{0,50}+)[^\s/>]*+((?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>)?+"
)
_WITHOUT_QUOTES = re.compile(r"([^<]*+)(?:<(/?)([a-zA-Z][^\s/>]{0,50}+)[^\s/>]*+([^>]*+)>)?+")
_TAG = re.compile(r"</?[a-zA-Z]")  # of ASCII, or the patterns above would not take it and we would not move
_LITERAL = re.compile(r"<(?:[^a-zA-Z/!?<&]|<(?![a-zA-Z/!?]))*+")
_ATTRIBUTE = re.compile(r"([^\s=\"'>/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'>]++)))?+")
_RAW = {
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "xmp")
}
_LEFT_OUT = frozenset({"script", "title"})

Token = tuple[str, str, str, str]  # text, "/" of an end tag, name in lower case or empty, attributes


def attributes(text: str) -> dict[str, str]:
    """The attributes of a tag, names in lower case; the first of two with one name counts, as in browsers."""
    found: dict[str, str] = {}
    for name, double, single, bare in _ATTRIBUTE.findall(text[:MAX_ATTRIBUTES]):
        value = double or single or bare
        found.setdefault(name.lower(), unescape(value) if "&" in value else value)
    return found


def tokens(html: str) -> Iterator[Token]:
    """Each tag with the undecoded text before it; comments and declarations are left out.

    The content of ``style`` comes as text before its end tag; that of ``script`` and ``title`` is left out.
    """
    place, length, pattern = 0, len(html), _TEXT_AND_TAG
    while place < length and (found := pattern.match(html, place)):
        text, slash, name, rest = found.groups()
        place = found.end()
        if name is None:
            literal, place = _odd(html, place)
            yield text + literal, "", "", ""
            if place < 0:
                pattern, place = _WITHOUT_QUOTES, found.end()
            continue
        name = name.lower()
        yield text, slash, name, rest
        if name in _RAW and not slash:
            end = _RAW[name].search(html, place)
            stop = end.start() if end else length
            if name not in _LEFT_OUT:
                yield html[place:stop], "", "", ""
            place = stop


def _odd(html: str, less: int) -> tuple[str, int]:
    """Literal text, and where to go on, for a ``<`` that begins no whole tag, or the end of the text.

    -1 says that a quote is never closed: from here on a tag ends at the first ``>``.
    """
    following = html[less + 1 : less + 2]
    if less >= len(html):
        return "", less
    if following and following in "!?":
        return "", _after_declaration(html, less)
    if following == "/" or (following.isascii() and following.isalpha()):
        close = html.find(">", less)
        if close < 0:
            return "", len(html)  # a tag that is cut off
        return ("", -1) if _TAG.match(html, less) else ("", close + 1)
    literal = _LITERAL.match(html, less)
    run = literal[0] if literal else "<"
    return run, less + len(run)


def _after_declaration(html: str, less: int) -> int:
    if html.startswith("<!--", less):
        # "<!-->" and "<!--->" are comments too (HTML standard, section 13.2.5.43).
        short = html.startswith(("<!-->", "<!--->"), less)
        end = less + 3 if short else html.find("-->", less + 4)
    else:
        end = less
    close = html.find(">", end) if end >= 0 else -1
    return close + 1 if close >= 0 else len(html)
