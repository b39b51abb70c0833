"""Fills templates that only print members, without running them: most front matters, many bodies and bases.

Such a template prints the same skeleton of tokens for every record, so only the values have to be found.
Whatever is not an ordinary value in an ordinary place is left to Jinja, and so are all errors.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mailpipe.render.tokens import OPEN, Authored, Tokens

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
        # "{{{" is an error, and not a brace before a value.
        if any(_OTHER.search(text) or text.endswith("{") for text in literals[::2]) or any(
            path[0] in _WORDS for path in paths
        ):
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


_TAG = re.compile(r"\{[{%#].*?[}%#]\}", re.S)
_FRAME_TAG = re.compile(
    r"\{\{ *(?:subject|ref|lang|logo|content) *\}\}|\{% *(?:if (?:subject|ref|lang|logo)|else|endif) *%\}"
)


class _Probe(str):
    """Stands for a value of a message: as true as that is."""

    __slots__ = ("is_true",)

    is_true: bool

    def __bool__(self) -> bool:
        return self.is_true


class Frame:
    """A base that only prints what every message has, or leaves out what one has not."""

    def __init__(self, source: str, tokens: Tokens, expand: Callable[[dict[str, Any]], str]) -> None:
        """``expand`` runs the base; it is asked once for each set of things that messages have."""
        self._usable = all(_FRAME_TAG.fullmatch(tag) for tag in _TAG.findall(source))
        self._tokens = tokens
        self._expand = expand
        self._known: dict[tuple[Any, ...], tuple[str, list[str]]] = {}

    def fill(self, own: Mapping[str, Any], printed: list[Any]) -> str | None:
        """The skeleton, its values appended to ``printed``; None if Jinja has to look at it."""
        if not self._usable or any(type(value) is str and OPEN in value for value in own.values()):
            return None
        key = (len(printed), *map(bool, own.values()))
        if key not in self._known:
            self._known[key] = self._learnt(own, len(printed))
        skeleton, names = self._known[key]
        printed += [own[name] for name in names]
        return skeleton

    def _learnt(self, own: Mapping[str, Any], before: int) -> tuple[str, list[str]]:
        """What the base makes of values like these, and the names of those it prints, in order."""
        values: dict[str, Any] = {}
        for name, value in own.items():
            values[name] = value if type(value) is Authored else _Probe(name)
            if isinstance(values[name], _Probe):
                values[name].is_true = bool(value)
        kept, self._tokens.values = self._tokens.values, [None] * before
        skeleton = self._expand(values)
        names = [str(value) for value in self._tokens.values[before:]]
        self._tokens.values = kept
        return skeleton, names
