"""Makes a message's HTML and text once for each skeleton: Markdown, bleach, base, styles, pictures, cuts."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import css_inline

from mailpipe.errors import ConfigError
from mailpipe.render import markup, pictures, plain
from mailpipe.render.markdownpart import cut_markdown
from mailpipe.render.pictures import ReadPicture
from mailpipe.render.skeleton import HTMLCutter, Skeleton, cut_text
from mailpipe.render.tokens import CLOSE, OPEN, Authored, Tokens

CONTENT = Authored("\ue004")  # where the base prints the content
KEPT = 256  # layouts; a template with a loop has one for each number of turns

_STYLE_SHEET = re.compile(r"<link\b|@import\b", re.I)

# No file and no server is ever read for a style sheet; what the base needs is in its <style>.
_inliner = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


class Layout(NamedTuple):
    """What all messages of one skeleton share: the two texts to fill, and the inline parts."""

    html: Skeleton
    text: Skeleton
    markdown: Skeleton | None
    parts: tuple[bytes, ...]


class Layouts:
    """Layouts by skeleton; the least recently used is forgotten."""

    def __init__(
        self,
        tokens: Tokens,
        name: str,
        to_html: Callable[[str, str], str],
        picture: ReadPicture,
        with_markdown: bool,
    ) -> None:
        self._tokens = tokens
        self._name = name
        self._to_html = to_html
        self._read = picture
        self._with_markdown = with_markdown
        self._kept: dict[tuple[str, str], Layout] = {}

    def get(self, body: str, base: str) -> Layout:
        """The layout of a body and a base, both with tokens; raises :class:`ConfigError`."""
        key = (body, base)
        layout = self._kept.pop(key, None) or self._made(body, base)
        self._kept[key] = layout
        if len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        return layout

    def _made(self, body: str, base: str) -> Layout:
        content = self._to_html(body, self._name)
        html = str(_inliner.inline(base.replace(str(CONTENT), content)))
        embedded: dict[str, pictures.Picture] = {}

        def picture(path: str) -> str:
            if path not in embedded:
                embedded[path] = pictures.picture(path, self._read(path))
            return f"cid:{embedded[path].cid}"

        page = HTMLCutter(self._tokens, self._name, picture, markup.of_value).cut(html)
        text = cut_text(plain.from_html(content), self._tokens, markup.of_value)
        parts = {each.cid: each.part for each in embedded.values()}
        source = cut_markdown(body, content, self._tokens) if self._with_markdown else None
        return Layout(page, text, source, tuple(parts.values()))


def base_values(subject: str, ref: str | None, lang: str, logo: str) -> dict[str, Any]:
    """What every message has for its base to print; the data are beneath it."""
    return {"subject": subject, "ref": ref, "lang": lang, "logo": Authored(logo), "content": CONTENT}


def check_base(source: str, name: str) -> None:
    """Raise :class:`ConfigError` for a base that cannot work."""
    if "content" not in source:
        raise ConfigError(f"{name}: the base prints no content", hint="put {{ content }} where it belongs")
    if _STYLE_SHEET.search(source):
        raise ConfigError(f"{name}: mail programs load no style sheet", hint="put the rules into <style>")
    if OPEN in source or CLOSE in source or str(CONTENT) in source:
        raise ConfigError(f"{name}: private-use characters from U+E000 on are reserved")
