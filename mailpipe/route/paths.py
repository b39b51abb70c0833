"""Finds the values of a record that a dotted path names."""

from collections.abc import Iterator, Mapping
from typing import Any

from mailpipe.mail.fold import fold
from mailpipe.mail.vocabulary import Vocabulary

ANY = "*"


def split(path: str) -> tuple[str, ...]:
    """The names in a path; raises ValueError if one is empty."""
    names = tuple(path.split("."))
    if not all(names):
        raise ValueError(f"{path!r} is not a path; write it as in auto.class")
    return names


def find(record: Mapping[str, Any], names: tuple[str, ...], vocabulary: Vocabulary) -> list[Any]:
    """Every value that the path names; a list is its items, and ``*`` is every name of an object.

    Under ``data`` a name is found in any spelling and, through the vocabulary, in any language.
    ``headers`` is a list of ``{name, value}``: ``headers.List-Id`` is the value of those fields.
    """
    if names[0] == "headers" and len(names) > 1:
        wanted = ".".join(names[1:]).lower()
        return [field.get("value") for field in _objects(record.get("headers")) if _name(field) == wanted]
    if names[0] == "data":
        return list(_walk(record.get("data"), names[1:], vocabulary)) if "data" in record else []
    return list(_walk(record, names, None))


def field_of(names: tuple[str, ...], vocabulary: Vocabulary) -> str:
    """The field whose vocabulary of values counts for a path: its last name, in the canonical spelling."""
    return vocabulary.field(names[-1]) or names[-1]


def _walk(value: Any, names: tuple[str, ...], vocabulary: Vocabulary | None) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _walk(item, names, vocabulary)
    elif not names:
        yield value
    elif isinstance(value, dict):
        yield from _step(value, names, vocabulary)


def _step(value: dict[str, Any], names: tuple[str, ...], vocabulary: Vocabulary | None) -> Iterator[Any]:
    if names[0] == ANY:
        for item in value.values():
            yield from _walk(item, names[1:], vocabulary)
        return
    # A key may have dots of its own: an address in deliveryStatus, any text in data.
    for taken in range(1, len(names) + 1):
        key = _key(value, ".".join(names[:taken]), vocabulary)
        if key is not None:
            yield from _walk(value[key], names[taken:], vocabulary)


def _key(value: dict[str, Any], name: str, vocabulary: Vocabulary | None) -> str | None:
    if name in value or vocabulary is None:
        return name if name in value else None
    wanted = _meaning(name, vocabulary)
    return next((key for key in value if _meaning(key, vocabulary) == wanted), None)


def _meaning(name: str, vocabulary: Vocabulary) -> str:
    return fold(vocabulary.field(name) or name)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in value if isinstance(item, dict)) if isinstance(value, list) else iter(())


def _name(field: dict[str, Any]) -> str:
    return str(field.get("name", "")).lower()
