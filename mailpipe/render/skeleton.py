"""Cuts finished HTML and text at their tokens, so that a message is filled by joining pieces.

Where a token stands decides how its value is written: escaped with its line breaks in text, escaped in
an attribute, checked in a URL.  A token in a place where no value is safe is the author's mistake.
"""

import re
from collections.abc import Callable, Sequence
from html import escape, unescape
from typing import Any

from mailpipe.errors import ConfigError, RecordError
from mailpipe.render import plain, urls
from mailpipe.render.tokens import CLOSE, OPEN, Markdown, Tokens

Fill = Callable[[Sequence[Any], Sequence[str]], str]
"""Makes one piece from the printed values, as they are and as they are shown."""

URL_ATTRIBUTES = frozenset(("href", "src", "background", "action", "cite", "poster", "longdesc"))
FORBIDDEN = frozenset(
    ("script", "iframe", "object", "embed", "form", "base", "applet", "frame", "svg", "math")
)

_UNIT = re.compile(
    r"(?P<comment><!--.*?-->)|(?P<raw><(?P<element>style|title)\b[^>]*>.*?</(?P=element)\s*>)"
    r'|(?P<tag></?(?P<name>[A-Za-z][^\s/>]*)(?:[^">]|"[^"]*")*>)',
    re.S | re.I,
)
_ATTRIBUTE = re.compile(r'(?P<before>\s)(?P<name>[^\s=>"/]+)(?:="(?P<value>[^"]*)")?')
_STYLE_VALUE = re.compile(r"[\w #%.,+-]*")
_MARKUP = re.compile(r"[&<>\r\n]")


class Skeleton:
    """Pieces of a text, some of them to be filled."""

    __slots__ = ("_escaped", "_fills", "_pieces", "_shown")

    def __init__(self, parts: Sequence[str | int | Fill], escaped: bool) -> None:
        """``parts`` are pieces, and for each value its index (escaped if so) or what makes its piece."""
        self._pieces = [part if isinstance(part, str) else "" for part in parts]
        shown = [(at, part) for at, part in enumerate(parts) if isinstance(part, int)]
        self._shown, self._escaped = ([], shown) if escaped else (shown, [])
        self._fills = [(at, part) for at, part in enumerate(parts) if not isinstance(part, str | int)]

    def fill(self, values: Sequence[Any], texts: Sequence[str]) -> str:
        """The whole; raises :class:`RecordError` for a value that its place does not allow."""
        pieces = self._pieces.copy()
        for at, index in self._shown:
            pieces[at] = texts[index]
        for at, index in self._escaped:
            pieces[at] = in_text(texts[index])
        for at, make in self._fills:
            pieces[at] = make(values, texts)
        return "".join(pieces)


def in_text(text: str) -> str:
    """A value between tags: its characters, and its line breaks."""
    if not _MARKUP.search(text):
        return text
    text = escape(text, quote=False)
    if "\n" in text or "\r" in text:
        text = "<br>\n".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return text


class HTMLCutter:
    """Cuts HTML as the inliner writes it: every attribute in double quotes, ``&`` and ``"`` escaped.

    ``image`` is asked for the ``cid:`` of each picture that is named without a scheme, ``markup`` for
    the HTML of a value that is Markdown on purpose.
    """

    def __init__(
        self, tokens: Tokens, name: str, image: Callable[[str], str], markup: Callable[[str], str]
    ) -> None:
        self._tokens = tokens
        self._name = name
        self._image = image
        self._markup = markup
        self._parts: list[str | int | Fill] = []

    def cut(self, html: str) -> Skeleton:
        """The skeleton; raises :class:`ConfigError` for a token where no value is safe."""
        html = re.sub(rf"<p[^>]*>({self._tokens.markdown.pattern})</p>", r"\1", html)
        position = 0
        for unit in _UNIT.finditer(html):
            self._text(html[position : unit.start()])
            if unit["tag"]:
                self._tag(unit["tag"], unit["name"].lower())
            elif unit["raw"]:
                self._raw(unit["raw"], unit["element"].lower())
            else:
                self._fixed(unit[0], "a comment")
            position = unit.end()
        self._text(html[position:])
        return Skeleton(self._parts, escaped=True)

    def _fixed(self, html: str, where: str) -> None:
        if OPEN in html or CLOSE in html:
            raise ConfigError(f"{self._name}: a value is printed in {where}, where none is safe")
        self._parts.append(html)

    def _text(self, html: str) -> None:
        position = 0
        for token in self._tokens.pattern.finditer(html):
            self._fixed(html[position : token.start()], "the middle of another")
            index = int(token[1])
            is_markdown = self._tokens.markdown.fullmatch(token[0])
            self._parts.append(self._markdown(index) if is_markdown else index)
            position = token.end()
        self._fixed(html[position:], "the middle of another")

    def _markdown(self, index: int) -> Fill:
        def make(values: Sequence[Any], texts: Sequence[str]) -> str:
            return (
                self._markup(texts[index]) if isinstance(values[index], Markdown) else in_text(texts[index])
            )

        return make

    def _raw(self, html: str, element: str) -> None:
        if element == "style":
            self._fixed(html, "a style sheet")
            return
        opened, closed = html.index(">") + 1, html.rindex("<")
        pieces = self._tokens.pattern.split(html[opened:closed])
        self._parts.append(html[:opened])
        self._parts.append(_attribute(pieces))
        self._parts.append(html[closed:])

    def _tag(self, tag: str, name: str) -> None:
        if name in FORBIDDEN:
            raise ConfigError(f"{self._name}: mail programs do not show <{name}>", hint="take it out")
        position = 0
        for match in _ATTRIBUTE.finditer(tag):
            attribute, value = match["name"].lower(), match["value"] or ""
            if attribute.startswith("on") or attribute == "srcdoc":
                raise ConfigError(f"{self._name}: mail programs do not run {attribute}= on <{name}>")
            if OPEN not in value and attribute not in URL_ATTRIBUTES:
                continue
            self._fixed(tag[position : match.start("value")], "the name of an attribute")
            self._value(attribute, name, value)
            position = match.end("value")
        self._fixed(tag[position:], "a tag")

    def _value(self, attribute: str, element: str, value: str) -> None:
        pieces = self._tokens.pattern.split(value)
        if attribute in URL_ATTRIBUTES and len(pieces) > 1:
            self._parts.append(_url([unescape(piece) for piece in pieces[::2]], pieces[1::2]))
        elif attribute in URL_ATTRIBUTES:
            self._parts.append(escape(self._own_url(unescape(value), element)))
        elif attribute == "style":
            self._parts.append(_style(pieces))
        elif attribute == "srcset":
            raise ConfigError(f"{self._name}: a value is printed in srcset=, where none is safe")
        else:
            self._parts.append(_attribute(pieces))

    def _own_url(self, url: str, element: str) -> str:
        """A URL that the author wrote; a picture without a scheme is a file of his."""
        if element in ("a", "area", "link") or "//" in url or url.partition(":")[0].lower() in urls.SCHEMES:
            problem = urls.literal_problem(url)
            if problem:
                raise ConfigError(f"{self._name}: {problem}")
            return url
        return self._image(url)


def _attribute(pieces: Sequence[str]) -> Fill:
    def make(_values: Sequence[Any], texts: Sequence[str]) -> str:
        return "".join(
            escape(" ".join(texts[int(piece)].split())) if at % 2 else piece
            for at, piece in enumerate(pieces)
        )

    return make


def _style(pieces: Sequence[str]) -> Fill:
    write = _attribute(pieces)

    def make(values: Sequence[Any], texts: Sequence[str]) -> str:
        for index in pieces[1::2]:
            if not _STYLE_VALUE.fullmatch(texts[int(index)]):
                raise RecordError(f"{texts[int(index)][:80]!r} is not a value for a style", slug="bad-style")
        return write(values, texts)

    return make


def _url(literals: Sequence[str], indexes: Sequence[str]) -> Fill:
    filled = url_fill(literals, indexes)

    def make(values: Sequence[Any], texts: Sequence[str]) -> str:
        return escape(filled(values, texts))

    return make


def url_fill(literals: Sequence[str], indexes: Sequence[str]) -> Fill:
    """What makes a URL of the author's pieces and the values between them."""
    numbers = [int(index) for index in indexes]
    fill = urls.filler(literals)

    def make(values: Sequence[Any], texts: Sequence[str]) -> str:
        return fill([_for_url(values[number], texts[number]) for number in numbers])

    return make


def _for_url(value: Any, text: str) -> str:
    return value if isinstance(value, str) else text


def cut_text(text: str, tokens: Tokens, markup: Callable[[str], str]) -> Skeleton:
    """The skeleton of a text part: values as they are, links as in the HTML."""
    parts: list[str | int | Fill] = []
    for at, unit in enumerate(re.split(f"{plain.URL_OPEN}([^{plain.URL_CLOSE}]*){plain.URL_CLOSE}", text)):
        pieces = tokens.pattern.split(unit)
        if at % 2 and len(pieces) > 1:
            parts.append(url_fill(pieces[::2], pieces[1::2]))
            continue
        position = 0
        for token in tokens.pattern.finditer(unit):
            index = int(token[1])
            parts.append(unit[position : token.start()])
            parts.append(_plain_markdown(index, markup) if tokens.markdown.fullmatch(token[0]) else index)
            position = token.end()
        parts.append(unit[position:])
    return Skeleton(parts, escaped=False)


def _plain_markdown(index: int, markup: Callable[[str], str]) -> Fill:
    def make(values: Sequence[Any], texts: Sequence[str]) -> str:
        if not isinstance(values[index], Markdown):
            return texts[index]
        return plain.from_html(markup(texts[index])).strip("\n").translate(_NO_MARKS)

    return make


_NO_MARKS = {ord(plain.URL_OPEN): None, ord(plain.URL_CLOSE): None}
