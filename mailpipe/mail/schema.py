"""Holds data to a JSON Schema and names every violation by its path; nothing is ever fetched."""

import re
from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from typing import Any, NamedTuple

from mailpipe.errors import ConfigError, RecordError

MAX_VIOLATIONS = 50  # that are named; data may violate a schema a million times
MAX_SHOWN = 200  # characters of one violation

_PLAIN = re.compile(r"[A-Za-z_$][\w$-]*")


class Violation(NamedTuple):
    """Where, as in ``items[2].key`` (empty for the whole), and what is wrong there."""

    path: str
    detail: str

    def __str__(self) -> str:
        return f"{self.path}: {self.detail}" if self.path else self.detail


class Schema:
    """One schema; of the dialect it names, else of draft 2020-12.  ``format`` is checked, too."""

    def __init__(self, schema: Any, name: str) -> None:
        """Read it; raises :class:`ConfigError` if it is none, naming it ``name``."""
        self._name = name
        if not isinstance(schema, dict):
            raise ConfigError(f"{name} is not a JSON Schema: it is not an object")
        library = _library()
        kind = library.validators.validator_for(schema, default=library.Draft202012Validator)
        try:
            kind.check_schema(schema)
        except library.SchemaError as exc:
            where = Violation(_path(exc.absolute_path), exc.message[:MAX_SHOWN])
            raise ConfigError(f"{name} is not a JSON Schema: {where}") from exc
        # A registry of its own: the library's fetches what a $ref names.
        registry = import_module("referencing").Registry()
        self._validator = kind(schema, registry=registry, format_checker=kind.FORMAT_CHECKER)

    def violations(self, value: Any) -> list[Violation]:
        """What is wrong with a value, at most ``MAX_VIOLATIONS``, in the order of the data."""
        unresolvable = import_module("referencing.exceptions").Unresolvable
        try:
            found = list(islice(self._validator.iter_errors(value), MAX_VIOLATIONS))
        except unresolvable as exc:
            raise ConfigError(
                f"{self._name}: there is no {exc.ref!r} in it", hint="a $ref is followed within the file only"
            ) from exc
        except RecursionError as exc:
            raise RecordError("the data are nested too deeply for their schema", slug="bad-data") from exc
        return [Violation(_path(error.absolute_path), _shown(error.message)) for error in found]

    def check(self, value: Any) -> None:
        """Raise :class:`RecordError` naming every violation."""
        found = self.violations(value)
        if found:
            more = " and more" if len(found) == MAX_VIOLATIONS else ""
            raise RecordError(
                f"the data do not follow {self._name}: {'; '.join(map(str, found))}{more}", slug="bad-data"
            )


def _library() -> Any:
    try:
        return import_module("jsonschema")
    except ImportError as exc:
        raise ConfigError(
            "a schema needs jsonschema",
            hint="install mailpipe with its extra: pip install 'mailpipe[schema]'",
        ) from exc


def _path(steps: Iterable[str | int]) -> str:
    out = ""
    for step in steps:
        if isinstance(step, int):
            out += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            out += f".{step}" if out else step
        else:
            out += f"[{step!r}]"
    return out


def _shown(message: str) -> str:
    return message if len(message) <= MAX_SHOWN else f"{message[:80]} ... {message[-80:]}"
