"""Finds the field or value that a word of any language stands for."""

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from mailpipe.errors import ConfigError
from mailpipe.mail.fold import fold

_SECTIONS = ("fields", "values")


class Vocabulary(NamedTuple):
    """Names of fields and of their values, by folded spelling.

    ``fields`` maps a folded name to the field; ``values`` maps a field to its folded names and the
    value each stands for.
    """

    fields: dict[str, str]
    values: dict[str, dict[str, str]]

    def field(self, name: str) -> str | None:
        """The field that a name in any language stands for, or None."""
        return self.fields.get(fold(name))

    def value(self, field: str, text: str) -> str:
        """The value that a text stands for in a field; a text of no known meaning is returned as typed."""
        names = self.values.get(field)
        return names.get(fold(text), text) if names else text

    def word(self, text: str) -> tuple[str, str] | None:
        """The only field and value that a bare word can mean (``Terminé !``), or None."""
        key = fold(text)
        found = [(field, names[key]) for field, names in self.values.items() if key in names]
        return found[0] if len(found) == 1 else None


def build(source: Any, where: str) -> Vocabulary:
    """A vocabulary from ``{fields: {name: [names]}, values: {field: {value: [names]}}}``.

    Each name stands for itself too.  ``where`` is the file that errors name.  Raises
    :class:`~mailpipe.errors.ConfigError`.
    """
    top = _mapping(source or {}, where, "the vocabulary")
    for key in top:
        if key not in _SECTIONS:
            raise ConfigError(f"{where}: unknown key {key!r}", hint=_did_you_mean(str(key), _SECTIONS))
    fields: dict[str, str] = {}
    for field, names in _mapping(top.get("fields") or {}, where, "fields").items():
        _enter(fields, str(field), names, where, f"fields.{field}")
    values: dict[str, dict[str, str]] = {}
    for field, meanings in _mapping(top.get("values") or {}, where, "values").items():
        name = fields.setdefault(fold(str(field)), str(field))
        table = values.setdefault(name, {})
        for value, names in _mapping(meanings, where, f"values.{field}").items():
            _enter(table, _text(value, where, f"values.{field}"), names, where, f"values.{field}.{value}")
    return Vocabulary(fields, values)


def _enter(table: dict[str, str], name: str, names: Any, where: str, path: str) -> None:
    listed = names if isinstance(names, list) else [names] if names else []
    for spelling in (name, *listed):
        key = fold(_text(spelling, where, path))
        if table.setdefault(key, name) != name:
            raise ConfigError(
                f"{where}: {path}: {spelling!r} already stands for {table[key]!r}",
                hint="leave it with one of the two",
            )


def _text(value: Any, where: str, path: str) -> str:
    # An unquoted yes or 1.10 has lost its spelling by the time it is read.
    if isinstance(value, str):
        return value
    raise ConfigError(f"{where}: {path}: {value!r} is not text", hint='put it in quotes, as in "yes"')


def _mapping(value: Any, where: str, path: str) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    raise ConfigError(f"{where}: {path} must be a mapping of names", hint="see mailpipe-config(5)")


def _did_you_mean(key: str, known: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(key, known, 1)
    return f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(known)}"
