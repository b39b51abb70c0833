"""Reads YAML as people and machines send it in mail: no aliases, no tags, bounded, scalars as typed.

PyYAML's loaders turn ``NO`` into False, ``12:30:00`` into 45000 and ``0123`` into 83, and build what
aliases and tags ask for.  Here the parser's events are composed by hand: a scalar is the text that
was typed.  With ``typed`` (for ``application/yaml`` parts, RFC 9512, which machines write) a plain
scalar that is a JSON literal has JSON's value, and nothing else has.
"""

from typing import Any, NamedTuple

import yaml
from yaml import events

from mailpipe import exact

MAX_SIZE = 64 * 1024  # characters
MAX_DEPTH = 20
_JSON_WORDS = {"true": True, "false": False, "null": None}
_NUMBER_STARTS = frozenset("-0123456789")


class NotPlain(ValueError):
    """Raised when a text is not YAML, or is YAML that mail has no business to contain."""


class Document(NamedTuple):
    """The value of a YAML document and the mapping keys that were given twice (the first value counts)."""

    value: Any
    duplicates: list[str]


def read(text: str, *, typed: bool = False, max_size: int = MAX_SIZE, max_depth: int = MAX_DEPTH) -> Document:
    """The first YAML document of a text; raises :class:`NotPlain`.  Mapping keys are always strings."""
    if len(text) > max_size:
        raise NotPlain(f"more than {max_size} characters")
    builder = _Builder(typed, max_depth)
    try:
        _compose(text, builder)
    except yaml.YAMLError as exc:
        raise NotPlain(" ".join(str(exc).split())) from exc
    except UnicodeEncodeError as exc:
        raise NotPlain("a lone surrogate") from exc
    return Document(builder.document, builder.duplicates)


class _Builder:
    """Collections that are still open, innermost last; ``document`` is the outermost value."""

    def __init__(self, typed: bool, max_depth: int) -> None:
        self.typed = typed
        self.max_depth = max_depth
        self.duplicates: list[str] = []
        self.document: Any = None
        self.open: list[dict[str, Any] | list[Any]] = []
        self.keys: list[str | None] = []

    def add(self, value: Any) -> None:
        if not self.open:
            self.document = value
            return
        parent = self.open[-1]
        if isinstance(parent, list):
            parent.append(value)
            return
        key = self.keys[-1]
        if key is not None:
            if parent.setdefault(key, value) is not value:
                self.duplicates.append(key)
            self.keys[-1] = None
        elif isinstance(value, (dict, list)):
            raise NotPlain("a mapping key that is a collection")
        else:
            self.keys[-1] = value

    def enter(self, collection: dict[str, Any] | list[Any]) -> None:
        if len(self.open) >= self.max_depth:
            raise NotPlain(f"nested more than {self.max_depth} deep")
        self.add(collection)
        self.open.append(collection)
        self.keys.append(None)

    def leave(self) -> None:
        self.open.pop()
        self.keys.pop()

    def scalar(self, event: events.ScalarEvent) -> Any:
        expects_key = bool(self.open) and isinstance(self.open[-1], dict) and self.keys[-1] is None
        if expects_key or not self.typed or not event.implicit[0]:
            return event.value
        return _json_value(event.value)


def _json_value(plain: str) -> Any:
    if plain in _JSON_WORDS:
        return _JSON_WORDS[plain]
    try:
        return exact.loads(plain.encode()) if plain[:1] in _NUMBER_STARTS else plain
    except exact.NotJSON:
        return plain


def _compose(text: str, builder: _Builder) -> None:
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, events.AliasEvent):
            raise NotPlain("an alias")
        if isinstance(event, events.NodeEvent) and event.anchor:
            raise NotPlain("an anchor")
        if getattr(event, "tag", None):
            raise NotPlain("a tag")
        if isinstance(event, events.ScalarEvent):
            builder.add(builder.scalar(event))
        elif isinstance(event, events.MappingStartEvent):
            builder.enter({})
        elif isinstance(event, events.SequenceStartEvent):
            builder.enter([])
        elif isinstance(event, events.CollectionEndEvent):
            builder.leave()
        elif isinstance(event, events.DocumentEndEvent):
            return
