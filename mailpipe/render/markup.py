"""Turns the author's markup into clean HTML: Markdown, then bleach's allow-list."""

import re
from functools import lru_cache
from html import escape

import bleach
import markdown

from mailpipe.errors import ConfigError
from mailpipe.render.urls import SCHEMES

TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins li ol p pre s"
        " small span strong sub sup table tbody td tfoot th thead tr u ul",
    )
)
ATTRIBUTES = {
    "a": ["href", "title"],
    "abbr": ["title"],
    "img": ["src", "alt", "title", "width", "height"],
    "ol": ["start"],
    "td": ["align", "valign", "colspan", "rowspan"],
    "th": ["align", "valign", "colspan", "rowspan"],
}

# bleach keeps the text of elements that it takes away; of these the text is not for people either.
_UNREADABLE = re.compile(r"<(script|style|title|template|noscript|svg|math)\b.*?(?:</\1\s*>|\Z)", re.I | re.S)
_LIST_START = re.compile(
    r"^(?P<before>(?![ \t]*(?:[-*+]|\d+[.)])[ \t])[^\s].*)\n(?=(?:[-*+]|1[.)])[ \t]+\S)", re.M
)

_markdown = markdown.Markdown(
    extensions=["nl2br", "fenced_code", "sane_lists", "tables"],
    extension_configs={"tables": {"use_align_attribute": True}},
)
# "Regards" over "-- " is a signature, not a heading; headings are written with "#".
_markdown.parser.blockprocessors.deregister("setextheader")
_cleaner = bleach.Cleaner(tags=TAGS, attributes=ATTRIBUTES, protocols=SCHEMES, strip=True)


def from_markdown(text: str, name: str) -> str:
    """Clean HTML of Markdown with line breaks kept; raises :class:`ConfigError` naming the template."""
    try:
        _markdown.reset()
        return clean(_markdown.convert(_with_gaps(text)), name)
    except RecursionError as exc:
        raise ConfigError(f"{name}: lists or quotes are nested too deeply for Markdown") from exc


def from_html(text: str, name: str) -> str:
    """Clean HTML of an author's HTML."""
    return clean(text, name)


def from_plain(text: str, _name: str) -> str:
    """HTML of plain text: its characters, with the line breaks where they are."""
    blocks = re.split(r"\n[ \t]*\n", text.strip("\n"))
    return "\n".join(f"<p>{escape(block, quote=False)}</p>".replace("\n", "<br>\n") for block in blocks)


def from_restructured(text: str, name: str) -> str:
    """Clean HTML of reStructuredText; raises :class:`ConfigError` naming the template."""
    try:
        from mailpipe.render.restructured import to_html
    except ImportError as exc:
        raise ConfigError(
            f"{name}: a template in reStructuredText needs docutils",
            hint="install mailpipe with its extra: pip install 'mailpipe[rst]'",
        ) from exc
    return clean(to_html(text, name), name)


FORMATS = {
    "md": from_markdown,
    "markdown": from_markdown,
    "rst": from_restructured,
    "html": from_html,
    "htm": from_html,
    "txt": from_plain,
}
"""By the ending of the template's name."""


def clean(html: str, name: str) -> str:
    """The HTML that the allow-list leaves; raises :class:`ConfigError` naming the template."""
    try:
        return str(_cleaner.clean(_UNREADABLE.sub("", html)))
    except RecursionError as exc:
        raise ConfigError(f"{name}: HTML is nested too deeply") from exc


@lru_cache(maxsize=256)
def of_value(text: str) -> str:
    """A value that is Markdown on purpose: ``{{ value | markdown }}``."""
    return from_markdown(text, "a value given to the markdown filter")


def _with_gaps(text: str) -> str:
    """A blank line before a list that follows a line of text: people forget it, Markdown needs it."""
    if "```" in text or "~~~" in text:
        return text
    return _LIST_START.sub(r"\g<before>\n\n", text)
