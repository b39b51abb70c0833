"""Reads what a msgspec Struct says of its keys: names, types, defaults and the text below each field."""

import ast
import inspect
import textwrap
import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_WORDS = {str: "text", bool: "true or false", int: "whole number", float: "number", Any: "any value"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping in a file."""

    name: str
    type: str
    default: str
    meaning: str


def summary(struct: type[msgspec.Struct]) -> str:
    """The docstring of the Struct in one line."""
    return " ".join((struct.__doc__ or "").split())


def keys(struct: type[msgspec.Struct]) -> list[Key]:
    """The keys in the order of the source, as they are written in a file."""
    hints, meanings = get_type_hints(struct), _meanings(struct)
    return [
        Key(
            info.encode_name,
            type_name(hints[info.name]),
            _default(info),
            meanings.get(info.name) or _meaning_of_type(hints[info.name]),
        )
        for info in msgspec.structs.fields(struct)
    ]


def type_name(hint: Any) -> str:
    """A type in words: ``text``, ``list of text``, ``smtp or lmtp``, the name of a mapping."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(type_name(one) for one in arguments if one is not type(None))
    if origin is Literal:
        return ", ".join(map(str, arguments[:-1])) + f" or {arguments[-1]}"
    if origin is list:
        return f"list of {type_name(arguments[0])}"
    if origin is dict:
        return f"mapping of names to {type_name(arguments[1])}"
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return hint.__name__.lower()
    return _WORDS.get(hint, "any value")


def _default(info: msgspec.structs.FieldInfo) -> str:
    if info.default is msgspec.NODEFAULT or info.default in (None, "", False, [], {}):
        return ""
    return f"{info.default:g}" if isinstance(info.default, float) else str(info.default)


def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The string that follows each field in the source."""
    [tree] = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(tree, ast.ClassDef)
    found = {}
    for field, after in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(after.value.value).split())
    return found


def _meaning_of_type(hint: Any) -> str:
    known = [
        one for one in (hint, *get_args(hint)) if isinstance(one, type) and issubclass(one, msgspec.Struct)
    ]
    return summary(known[0]) if known else ""
