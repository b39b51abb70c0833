"""Stands tokens in for printed values, so that nothing downstream can take data for markup.

While a template is filled each printed value is put aside and a token is printed in its place.
Markdown, bleach, the HTML base and the CSS inliner see the author's markup with tokens in it; the
values come back when all of them are done.  A token is two private-use characters around digits, of
which the first are a secret of this run: neither data nor a template can forge one.
"""

import re
from decimal import Decimal
from typing import Any

from jinja2 import TemplateRuntimeError, Undefined

from mailpipe.errors import RecordError
from mailpipe.exact import dumps

OPEN, CLOSE = "\ue000", "\ue001"
RESERVED = re.compile("[\ue000-\ue004]")
BLOCK = "a filter works on values, not on a macro or a block that prints some; apply it to each value"
CALL_IT = "are parentheses missing, as in items()?"
MAX_ZEROS = 40  # a decimal such as 1E+500 is not written out


class Authored(str):
    """What a macro or a block made: the author's markup, with tokens where it prints values."""

    __slots__ = ()


class Markdown(str):
    """A value that the author wants to be read as Markdown."""

    __slots__ = ()


class Encoded(str):
    """A value that the author has percent-encoded himself, for a URL."""

    __slots__ = ()


class Tokens:
    """The values that one message prints, in order."""

    def __init__(self, secret: str) -> None:
        self.values: list[Any] = []
        self._plain = f"{OPEN}{secret}0"
        self._markdown = f"{OPEN}{secret}1"
        self.pattern = re.compile(rf"{OPEN}{secret}[01](\d+){CLOSE}")
        self.markdown = re.compile(rf"{OPEN}{secret}1(\d+){CLOSE}")

    def stand_in(self, value: Any) -> str:
        """The token for a printed value; Jinja is told to print what this returns."""
        values = self.values
        kind = type(value)
        if kind is str and OPEN not in value:
            values.append(value)
            return f"{self._plain}{len(values) - 1}{CLOSE}"
        if kind is Authored:
            return str(value)
        prefix = self._plain
        if kind is Markdown:
            prefix = self._markdown
        elif kind is not str and isinstance(value, Undefined):
            str(value)  # raises, with the name
        if isinstance(value, str) and OPEN in value and self.pattern.search(value):
            raise TemplateRuntimeError(BLOCK)
        values.append(value)
        return f"{prefix}{len(values) - 1}{CLOSE}"

    def plain(self, number: int) -> str:
        """The token for a value that is not Markdown on purpose, printed as the one of this number."""
        return f"{self._plain}{number}{CLOSE}"

    def only(self, text: str) -> int | None:
        """The index of the value if the text is one token and nothing else."""
        match = self.pattern.fullmatch(text)
        return int(match[1]) if match else None

    def filled(self, text: str) -> str:
        """The text with the values in place of their tokens, as they are shown to people."""
        if OPEN not in text:
            return text
        match = self.pattern.fullmatch(text)
        if match:
            return shown(self.values[int(match[1])])
        return self.pattern.sub(lambda match: shown(self.values[int(match[1])]), text)


def shown(value: Any) -> str:
    """A value as people read it: text as it is, numbers as they were written, null as nothing.

    ``true`` and ``false`` are written as in JSON, and so are lists and objects.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, Decimal):
        exponent = value.as_tuple().exponent
        return f"{value:f}" if isinstance(exponent, int) and exponent <= MAX_ZEROS else str(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | dict | tuple):
        return dumps(value).decode()
    raise RecordError(f"a {type(value).__name__} cannot be printed", slug="not-printable", hint=CALL_IT)


def _number(value: int | float) -> str:
    try:
        return str(value)
    except ValueError as exc:  # more than 4300 digits
        raise RecordError("a number is too long to be printed", slug="not-printable") from exc
