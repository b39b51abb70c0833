"""Tells which elements of an HTML mail a reader cannot see, from their attributes and the style sheet."""

import re

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
_NAME = re.compile(r"[a-z0-9]*([.#][\w-]+)$")


def is_hidden(attributes: dict[str, str], style: str, sheet: frozenset[str]) -> bool:
    """Whether an element and all in it is not shown; ``style`` is its style attribute in lower case."""
    if "hidden" in attributes and attributes["hidden"].lower() != "until-found":
        return True
    if style and (
        _INVISIBLE.search(style) or ("overflow" in style and "hidden" in style and _COLLAPSED.search(style))
    ):
        return True
    if sheet:
        names = [f".{name}" for name in attributes.get("class", "").split()]
        return any(name in sheet for name in [*names, f"#{attributes.get('id', '')}"])
    return False


def is_white(attributes: dict[str, str], style: str) -> bool | None:
    """Whether the text of an element is white; None if it has the colour of its parent."""
    found = _COLOR.search(style)
    color = found[1].strip() if found else attributes.get("color", "").lower()
    return _is_white(color) if color else None


def is_dark(attributes: dict[str, str], style: str) -> bool | None:
    """Whether an element has a background of its own that white text can be read on."""
    found = _BACKGROUND.search(style)
    background = found[1].strip() if found else attributes.get("bgcolor", "").lower()
    if "background" in attributes and not background:
        return True
    return not _is_white(background) if background and background != "none" else None


def _is_white(color: str) -> bool:
    return (_WHITE.match(color) is not None and color != "transparent") or color.startswith("transparent")


def hidden_names(sheet: str) -> frozenset[str]:
    """The classes and ids (``.name``, ``#name``) that a style sheet hides outside of any ``@media``."""
    names: set[str] = set()
    depth = 0
    for rule in sheet[:MAX_SHEET].lower().split("}"):
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
