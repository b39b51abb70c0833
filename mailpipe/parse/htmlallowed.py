"""What a safe page may have: elements, attributes, addresses and styles; everything else is taken out."""

import re
from typing import Final

_COMMON = frozenset({"style", "title", "dir", "lang", "align"})
_CELL = _COMMON | {"valign", "width", "height", "bgcolor", "colspan", "rowspan", "nowrap"}
_NAMES = """
abbr acronym address b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em
h1 h2 h3 h4 h5 h6 hr i ins kbd li mark p pre q s samp small span strike strong sub sup tt u ul var wbr
"""

TAGS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_NAMES.split(), _COMMON),
    "a": _COMMON | {"href"},
    "img": _COMMON | {"src", "alt", "width", "height", "border", "data-remote-src"},
    "font": _COMMON | {"color", "face", "size"},
    "ol": _COMMON | {"start", "type"},
    "table": _COMMON | {"width", "height", "bgcolor", "border", "cellpadding", "cellspacing"},
    **dict.fromkeys(("td", "th", "tr", "tbody", "thead", "tfoot"), _CELL),
}
"""Elements and their attributes."""

REMOTE = "data-remote-src"
"""Where the address of a picture goes that would have to be fetched; the page may offer to show it."""

FETCHED = frozenset({"src", "background", "poster", "srcset", "data", "lowsrc", "dynsrc"})
"""Attributes whose address a browser fetches without being asked."""

PROTOCOLS = frozenset({"http", "https", "mailto", "tel", "cid", "data"})

# What a browser takes out of an address before it reads it (URL standard, section 4.4).
_IGNORED = dict.fromkeys((*range(33), *range(127, 160), 0xAD, 0x200B, 0xFEFF))
_LINK = re.compile(r"(?:https?://[^/\\?#]|mailto:|tel:)", re.IGNORECASE)
_REMOTE_URL = re.compile(r"(?:https?:|[/\\]{2})", re.IGNORECASE)
_PICTURE = re.compile(r"(?:cid:.|data:image/(?:png|gif|jpe?g|webp|bmp);base64,)", re.IGNORECASE)
_SCRIPT = re.compile(
    r"(?:javascript|vbscript|livescript|data:(?!image/(?:png|gif|jpe?g|webp|bmp)))", re.IGNORECASE
)
_LINK_OF = {"href": _LINK, "src": _PICTURE, REMOTE: re.compile(r"https?://[^/\\?#]", re.IGNORECASE)}

_STYLE_NAMES = """
background background-color border border-bottom border-collapse border-color border-left border-radius
border-right border-spacing border-style border-top border-width color direction display font font-family
font-size font-style font-variant font-weight height letter-spacing line-height list-style-type margin
margin-bottom margin-left margin-right margin-top max-width min-width overflow-wrap padding padding-bottom
padding-left padding-right padding-top table-layout text-align text-decoration text-indent text-transform
vertical-align white-space width word-break word-spacing word-wrap
"""
_STYLES = frozenset(_STYLE_NAMES.split())
# No parentheses but those of colours, no backslash, no comment: nothing that fetches, runs or hides a name.
_VALUE = re.compile(r"(?:(?:rgb|hsl)a?\([\d\s.,%/]*+\)|[\w\s#%.,\"'!/+-])++", re.ASCII)
_NEGATIVE = re.compile(r"-\s*\.?\d")


def allows(tag: str, name: str, value: str) -> bool:
    """Whether an element may have an attribute with this value, character references resolved."""
    if name not in TAGS.get(tag, ()):
        return False
    pattern = _LINK_OF.get(name)
    if pattern is None:
        return not is_script(value)  # scripts of the page may take a title for an address
    return pattern.match(_read(value)) is not None


def is_remote(value: str) -> bool:
    """Whether an address is one to fetch from somewhere else."""
    return _REMOTE_URL.match(_read(value)) is not None


def is_script(value: str) -> bool:
    """Whether an address is a program, or a document that may hold one."""
    return _SCRIPT.match(_read(value)) is not None


def _read(value: str) -> str:
    return value[:2000].translate(_IGNORED)


class _Styles:
    """What bleach calls a CSS sanitizer."""

    def sanitize_css(self, style: str) -> str:
        """The declarations that change how text looks; those that fetch, cover or move are left out."""
        kept = []
        for declaration in style[:5000].split(";"):
            name, _, value = declaration.partition(":")
            name, value = name.strip().lower(), " ".join(value.split())
            if name in _STYLES and _VALUE.fullmatch(value) and not _NEGATIVE.search(value):
                kept.append(f"{name}: {value}")
        return "; ".join(kept)


CSS = _Styles()
