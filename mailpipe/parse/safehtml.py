"""Makes the HTML of a message inert, for showing in a page: nothing in it runs, sends or fetches."""

from typing import NamedTuple

import bleach

from mailpipe.parse import htmlallowed, htmlprune

_cleaner = bleach.Cleaner(
    tags=htmlallowed.TAGS.keys(),
    attributes=htmlallowed.allows,
    protocols=htmlallowed.PROTOCOLS,
    css_sanitizer=htmlallowed.CSS,  # type: ignore[arg-type]  # bleach asks for no more than this method
    strip=True,
)


class Safe(NamedTuple):
    """Inert HTML, and what was noticed.

    ``active-content`` and ``remote-content`` say what was in it; ``safe-html-as-text`` that only its text
    could be kept.
    """

    html: str
    defects: list[str]


def clean(html: str, text: str) -> Safe:
    """The inert form of ``html``; of what is too large or too deep for a page, its ``text``, escaped.

    Pictures that the message brings along (``cid:``, ``data:``) stay; the address of those elsewhere is moved
    to ``data-remote-src``, so that nothing is fetched before a person wants it.
    """
    try:
        pruned = htmlprune.prune(html)
        return Safe(str(_cleaner.clean(pruned.html)), pruned.defects)
    except (htmlprune.TooMuch, RecursionError, AssertionError, ValueError):
        return Safe(f"<pre>{htmlprune.escaped(text)}</pre>", ["safe-html-as-text"])
