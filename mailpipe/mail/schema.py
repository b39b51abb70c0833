"""Checks JSON values against a JSON Schema (draft 2020-12), numbers exact; the library is jsonschema.

It is the reference implementation, keeps up with the drafts, works on Decimal, and tells for each
violation where it is and which keyword of which subschema it offends: coercion needs all of that.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any, NamedTuple

import jsonschema
from jsonschema import validators
from referencing import Registry, Resource
from referencing.exceptions import NoSuchResource, Unresolvable
from referencing.jsonschema import DRAFT202012

from mailpipe.errors import ConfigError

MAX_VIOLATIONS = 50  # that are reported of one value
MAX_MESSAGE = 300  # characters

_DECIMAL = re.compile(r"Decimal\('([^']*)'\)")
_TYPES = jsonschema.Draft202012Validator.TYPE_CHECKER.redefine_many(
    {
        "number": lambda _checker, value: isinstance(value, int | Decimal) and not isinstance(value, bool),
        # 1.0 is an integer (JSON Schema 2020-12, section 6.1.1).
        "integer": lambda _checker, value: (
            (isinstance(value, int) and not isinstance(value, bool))
            or (isinstance(value, Decimal) and value == value.to_integral_value())
        ),
    }
)


class Violation(NamedTuple):
    """Where in the value (a JSON Pointer, RFC 6901; "" is the whole), and what is wrong there."""

    path: str
    message: str

    def as_record(self) -> dict[str, str]:
        """``{path, message}``."""
        return {"path": self.path, "message": self.message}


class Offence(NamedTuple):
    """A violation as coercion needs it: path as keys, the offended keyword, its value and its schema."""

    path: tuple[str | int, ...]
    instance: Any
    keyword: str
    wanted: Any
    schema: dict[str, Any]


class Schema:
    """One schema, checked itself; ``name`` is the file that errors name, ``uri`` what it is called.

    ``retrieve`` gives the document that a ``$ref`` names, or raises ``KeyError``; nothing is ever
    fetched.
    """

    def __init__(
        self, document: Any, name: str, uri: str = "", retrieve: Callable[[str], Any] | None = None
    ) -> None:
        """Raises ConfigError if the document is no JSON Schema."""
        if not isinstance(document, dict):
            raise ConfigError(f"{name} is not a JSON Schema: it is not an object")
        kind: Any = validators.validator_for(document, default=jsonschema.Draft202012Validator)
        try:
            kind.check_schema(document)
        except jsonschema.SchemaError as exc:
            where = "".join(f"/{key}" for key in exc.absolute_path)
            raise ConfigError(f"{name}{' at ' + where if where else ''}: {_said(exc.message)}") from exc
        self.name = name
        self.document = document
        registry: Any = Registry(retrieve=_retriever(retrieve))  # type: ignore[call-arg]
        registry = registry.with_resource(
            uri, Resource.from_contents(document, default_specification=DRAFT202012)
        )
        extended: Any = validators.extend(kind, type_checker=_TYPES)  # type: ignore[no-untyped-call]
        rooted = {"$ref": uri} if uri else document
        self._validator = extended(rooted, registry=registry, format_checker=_formats())

    def violations(self, value: Any) -> list[Violation]:
        """What is wrong with a value; raises ConfigError for a broken ``$ref``."""
        found: list[Violation] = []
        try:
            for error in self._errors(value, MAX_VIOLATIONS):
                found.append(Violation(pointer(error.absolute_path), _said(error.message)))
        except (RecursionError, ArithmeticError):
            found.append(Violation("", "is nested too deeply, or has numbers too large, to be checked"))
        return found

    def offences(self, value: Any) -> Iterator[Offence]:
        """Each violation, those within the branches of ``anyOf`` and ``oneOf`` too."""
        try:
            todo = list(self._errors(value, 20 * MAX_VIOLATIONS))
        except (RecursionError, ArithmeticError):
            return
        while todo:
            error = todo.pop()
            todo.extend(error.context or ())
            schema = error.schema if isinstance(error.schema, dict) else {}
            yield Offence(
                tuple(error.absolute_path), error.instance, error.validator, error.validator_value, schema
            )

    def _errors(self, value: Any, limit: int) -> Iterator[Any]:
        try:
            yield from islice(self._validator.iter_errors(value), limit)
        except Unresolvable as exc:
            raise ConfigError(f"{self.name}: $ref {exc.ref!r} leads nowhere", hint=HINT) from exc


HINT = "it may name a definition or a file beside the schema; nothing is fetched"


def pointer(path: Any) -> str:
    """The JSON Pointer (RFC 6901) of some keys."""
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def _said(message: str) -> str:
    """The message in JSON's words, not in Python's."""
    text = _DECIMAL.sub(r"\1", message)
    return text if len(text) <= MAX_MESSAGE else f"{text[: MAX_MESSAGE // 2]} ... {text[-MAX_MESSAGE // 2 :]}"


def _retriever(retrieve: Callable[[str], Any] | None) -> Callable[[str], Any]:
    def resource(uri: str) -> Any:
        try:
            document = retrieve(uri) if retrieve else None
        except KeyError:
            document = None
        if document is None:
            raise NoSuchResource(ref=uri)  # type: ignore[call-arg]
        return Resource.from_contents(document, default_specification=DRAFT202012)

    return resource


def _formats() -> jsonschema.FormatChecker:
    """The formats of the library, and the one that everybody uses and it leaves to an extra."""
    checker = jsonschema.FormatChecker()
    checker.checkers = {**checker.checkers, "date-time": (_is_moment, ())}
    return checker


def _is_moment(value: Any) -> bool:
    """Whether a text is a date-time of RFC 3339: with its offset."""
    if not isinstance(value, str):
        return True
    try:
        return len(value) > 18 and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
