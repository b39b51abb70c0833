"""Turns the author's markup into clean HTML: Markdown, then bleach's allow-list."""

import re
from functools import cache, lru_cache
from html import escape
from typing import Any

import markdown
from markdown.extensions.nl2br import Nl2BrExtension
from markdown.extensions.sane_lists import SaneListExtension
from markdown.extensions.tables import TableExtension

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

# What Markdown makes of most templates: nothing in it is for bleach to take away.
_ELEMENTS = "blockquote|code|em|h[1-6]|li|ol|p|pre|strong|table|tbody|td|th|thead|tr|ul"
_CLEAN = re.compile(
    rf"[^<>&]+|&(?:amp|lt|gt|quot);|<(?P<open>{_ELEMENTS})>|</(?P<close>{_ELEMENTS}|a)>|<(?:br|hr) /?>"
    r'|<(?P<link>a) href="https://[\w./?=%:@\ue000\ue001-]+">'
)


@cache
def _markdown(fenced: bool) -> markdown.Markdown:
    extensions: list[Any] = [Nl2BrExtension(), SaneListExtension(), TableExtension(use_align_attribute=True)]
    if fenced:  # it loads pygments, if that is installed
        from markdown.extensions.fenced_code import FencedCodeExtension

        extensions.append(FencedCodeExtension())
    made = markdown.Markdown(extensions=extensions)
    # "Regards" over "-- " is a signature, not a heading; headings are written with "#".
    made.parser.blockprocessors.deregister("setextheader")
    return made


@cache
def _cleaner() -> Any:
    import bleach  # a tenth of a second for those who need it

    return bleach.Cleaner(tags=TAGS, attributes=ATTRIBUTES, protocols=SCHEMES, strip=True)


def from_markdown(text: str, name: str) -> str:
    """Clean HTML of Markdown with line breaks kept; raises :class:`ConfigError` naming the template."""
    try:
        converter = _markdown("```" in text or "~~~" in text)
        converter.reset()
        html = converter.convert(_with_gaps(text))
        return html if is_clean(html) else clean(html, name)
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
        return str(_cleaner().clean(_UNREADABLE.sub("", html)))
    except RecursionError as exc:
        raise ConfigError(f"{name}: HTML is nested too deeply") from exc


def is_clean(html: str) -> bool:
    """Whether HTML is plainly clean: few elements, all closed in their order, and no attribute but links.

    bleach would leave it as it is, which is worth knowing because loading bleach takes longer than
    making a hundred messages.
    """
    position = 0
    opened: list[str] = []
    while match := _CLEAN.match(html, position):
        position = match.end()
        if started := match["open"] or match["link"]:
            opened.append(started)
        elif match["close"] and (not opened or opened.pop() != match["close"]):
            return False
    return position == len(html) and not opened


@lru_cache(maxsize=256)
def of_value(text: str) -> str:
    """A value that is Markdown on purpose: ``{{ value | markdown }}``."""
    return from_markdown(text, "a value given to the markdown filter")


def _with_gaps(text: str) -> str:
    """A blank line before a list that follows a line of text: people forget it, Markdown needs it."""
    if "```" in text or "~~~" in text:
        return text
    return _LIST_START.sub(r"\g<before>\n\n", text)
