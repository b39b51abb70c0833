"""Fills templates that only print members, without running them: most values of a front matter, many bodies.

Such a template prints the same skeleton of tokens for every record, so only the values have to be found.
Whatever is not an ordinary value in an ordinary place is left to Jinja, and so are all errors.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from mailpipe.render.tokens import OPEN, Tokens

_PRINT = re.compile(r"\{\{\s*([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*\}\}", re.ASCII)
_OTHER = re.compile(r"\{[{%#]|[%#}]\}|\r")
_WORDS = frozenset(
    ("true", "false", "none", "True", "False", "None", "not", "and", "or", "is", "in", "if", "else", "self")
)
_PLAIN = frozenset((str, int, Decimal, float, bool, type(None), list, dict))


class Members:
    """A template that only prints members: where to find them, and the skeleton."""

    __slots__ = ("_paths", "_skeleton")

    def __init__(self, skeleton: str, paths: tuple[tuple[str, ...], ...]) -> None:
        self._skeleton = skeleton
        self._paths = paths

    @classmethod
    def of(cls, source: str, tokens: Tokens) -> "Members | None":
        """The same as the template ``source``, or None if it does anything else."""
        literals = _PRINT.split(source)
        paths = tuple(tuple(path.split(".")) for path in literals[1::2])
        if any(_OTHER.search(text) for text in literals[::2]) or any(path[0] in _WORDS for path in paths):
            return None
        for number in range(len(paths)):
            literals[2 * number + 1] = tokens.plain(number)
        return cls("".join(literals), paths)

    def fill(self, values: Mapping[str, Any], printed: list[Any]) -> str | None:
        """The skeleton, its values appended to the empty ``printed``; None if Jinja has to look at it."""
        found = []
        for path in self._paths:
            value: Any = values
            for name in path:
                if type(value) is not dict or name not in value:
                    return None
                value = value[name]
            kind = type(value)
            if kind not in _PLAIN or (kind is str and OPEN in value):
                return None
            found.append(value)
        printed += found
        return self._skeleton
