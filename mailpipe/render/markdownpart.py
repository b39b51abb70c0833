"""Cuts the author's Markdown at its tokens, for a part of its own (RFC 7763) where values stay inert."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import quote

from mailpipe.render import urls
from mailpipe.render.skeleton import Fill, Skeleton
from mailpipe.render.tokens import Encoded, Markdown, Tokens

_CODE = re.compile(r"<code>.*?</code>|<pre>.*?</pre>", re.S)
_URL = re.compile(r'\s(?:href|src)="([^"]*)"')
_MARKS = re.compile(r"([\\`*_{}\[\]()<>#+.!|~&-])")
_FENCES = {ord("`"): "\N{MODIFIER LETTER GRAVE ACCENT}", ord("~"): "\N{SMALL TILDE}", ord("\r"): None}
_URL_SAFE = ":/?#[]@!$&'*+,;=%-._~"  # parentheses would end a link


def cut_markdown(source: str, html: str, tokens: Tokens) -> Skeleton:
    """The skeleton of ``source``, of which ``html`` was made: that says which tokens are in code or URLs."""
    in_code = {int(token[1]) for code in _CODE.findall(html) for token in tokens.pattern.finditer(code)}
    in_url = {number: start for url in _URL.findall(html) for number, start in _places(unescape(url), tokens)}
    parts: list[str | int | Fill] = []
    position = 0
    for token in tokens.pattern.finditer(source):
        literal, index = source[position : token.start()], int(token[1])
        parts.append(literal)
        if index in in_url:
            parts.append(_in_url(index, in_url[index]))
        elif index in in_code:
            line = source[: token.start()].rpartition("\n")[2]
            parts.append(_in_code(index, line[: len(line) - len(line.lstrip(" \t>"))]))
        else:
            parts.append(_in_text(index))
        position = token.end()
    return Skeleton([*parts, source[position:]], escaped=False)


def _places(url: str, tokens: Tokens) -> list[tuple[int, str]]:
    """Each token of a URL with the literal text before it."""
    return [
        (int(token[1]), tokens.pattern.sub("", url[: token.start()]))
        for token in tokens.pattern.finditer(url)
    ]


def _in_text(index: int) -> Fill:
    def make(values: Sequence[Any], texts: Sequence[str]) -> str:
        if isinstance(values[index], Markdown):
            return texts[index]
        lines = texts[index].replace("\r\n", "\n").replace("\r", "\n").split("\n")
        return "\\\n".join(_MARKS.sub(r"\\\1", line) for line in lines)

    return make


def _in_code(index: int, indent: str) -> Fill:
    """Nothing is escaped in code, so what would end it is written as what looks like it."""

    def make(_values: Sequence[Any], texts: Sequence[str]) -> str:
        return texts[index].translate(_FENCES).replace("\n", f"\n{indent}")

    return make


def _in_url(index: int, start: str) -> Fill:
    def make(values: Sequence[Any], texts: Sequence[str]) -> str:
        value = values[index]
        if isinstance(value, Encoded):
            return str(value)
        return (
            urls.placed(start, texts[index]) if urls.is_placed(start) else quote(texts[index], safe=_URL_SAFE)
        )

    return make
