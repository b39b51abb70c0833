"""Tells which elements of an HTML mail a reader cannot see, from their attributes and the style sheet."""

import re
from functools import lru_cache
from typing import NamedTuple

from mailpipe.parse import htmltags

MAX_NAMES = 100  # classes of one element
MAX_SHEET = 64 * 1024  # characters of style sheets that are looked at

_INVISIBLE = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}(?:hidden|collapse)"
    r"|(?:^|[;\s])font-size\s{0,9}:\s{0,9}0*(?:\.0+)?0(?:px|pt|em|rem|%)?\s{0,9}(?:!|;|$)"
    r"|(?:^|[;\s])opacity\s{0,9}:\s{0,9}0*\.?0+\s{0,9}(?:!|;|$)"
    r"|(?:text-indent|left|top|margin-left)\s{0,9}:\s{0,9}-\d{3,}"
)
_COLLAPSED = re.compile(
    r"max-height\s{0,9}:\s{0,9}0(?:px|pt|em)?\s{0,9}(?:!|;|$)|(?:^|[;\s])height\s{0,9}:\s{0,9}0(?:px)?\s{0,9}(?:!|;|$)"
)
_COLOR = re.compile(r"(?:^|[;\s])color\s{0,9}:\s{0,9}([^;!]{1,40})")
_BACKGROUND = re.compile(r"background(?:-color)?\s{0,9}:\s{0,9}([^;!]{1,200})")
_WHITE = re.compile(
    r"white|#fff(?:fff)?(?:ff?)?(?![0-9a-f])|#f[a-f]f[a-f]f[a-f](?![0-9a-f])"
    r"|rgba?\(\s{0,9}25[0-5]\s{0,9},\s{0,9}25[0-5]\s{0,9},\s{0,9}25[0-5]|transparent"
)
_MATTERS = re.compile(r"style|hidden|color|class|background|\bid\b", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9]*([.#][\w-]+)$")


class Traits(NamedTuple):
    """What the attributes of an element say about how it is shown; None where they say nothing."""

    hidden: bool = False
    names: tuple[
        str, ...
    ] = ()  # its classes and id, as the selectors of a style sheet (``.name``, ``#name``)
    white: bool | None = None  # the colour of its text
    dark: bool | None = None  # a background on which white can be read
    preformatted: bool | None = None
    borderless: bool = False
    compact: bool = False  # a paragraph of Outlook, with no room around it


PLAIN = Traits()


@lru_cache(maxsize=2048)  # a mail repeats a few styles on all its elements
def traits(raw: str) -> Traits:
    """The traits that a tag's attributes give; ``PLAIN`` itself if none that matters is among them."""
    if not _MATTERS.search(raw):
        return PLAIN
    attributes = htmltags.attributes(raw)
    style = attributes.get("style", "").lower()
    classes = attributes.get("class", "").split()
    names = [f".{name}" for name in classes[:MAX_NAMES]]
    if "id" in attributes:
        names.append(f"#{attributes['id']}")
    flat = style.replace(" ", "")
    found = Traits(
        _is_hidden(attributes, style),
        tuple(names),
        _is_white(attributes, style),
        _is_dark(attributes, style),
        "nowrap" not in flat and "normal" not in flat if "white-space" in style else None,
        "border:none" in flat or "border:0" in flat,
        "MsoNormal" in classes,
    )
    return PLAIN if found == PLAIN else found


def _is_hidden(attributes: dict[str, str], style: str) -> bool:
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    if not style:
        return False
    collapsed = "overflow" in style and "hidden" in style and _COLLAPSED.search(style)
    return bool(collapsed) or _INVISIBLE.search(style) is not None


def _is_white(attributes: dict[str, str], style: str) -> bool | None:
    found = _COLOR.search(style)
    color = found[1].strip() if found else attributes.get("color", "").lower()
    return _names_white(color) if color else None


def _is_dark(attributes: dict[str, str], style: str) -> bool | None:
    found = _BACKGROUND.search(style)
    background = found[1].strip() if found else attributes.get("bgcolor", "").lower()
    if "background" in attributes and not background:
        return True
    return not _names_white(background) if background and background != "none" else None


def _names_white(color: str) -> bool:
    return _WHITE.match(color) is not None


def hidden_names(sheet: str) -> frozenset[str]:
    """The classes and ids (``.name``, ``#name``) that a style sheet hides outside of any ``@media``."""
    names: set[str] = set()
    depth = 0
    for rule in _without_comments(sheet[:MAX_SHEET].lower()).split("}"):
        opened = rule.count("{")
        if depth + opened - 1 > 0 or "@" in rule:
            depth = max(0, depth + opened - 1)
            continue
        selectors, _, declarations = rule.partition("{")
        depth = max(0, depth + opened - 1)
        if _INVISIBLE.search(declarations[:2000]):
            for selector in selectors[-2000:].split(","):
                if found := _NAME.match(selector.strip()):
                    names.add(found[1])
    return frozenset(names)


def _without_comments(sheet: str) -> str:
    """A style sheet without comments and without the marks that hide it from old browsers."""
    first, *rest = sheet.replace("<!--", " ").replace("-->", " ").split("/*")
    return " ".join([first, *(piece.partition("*/")[2] for piece in rest)])
