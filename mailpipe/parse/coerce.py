"""Makes what people typed into the types that a JSON Schema wants, where there is no doubt what they meant.

A text becomes a number only if all of it is one.  What else a number may look like is said in the
schema, beside its type: ``x-decimal: ","`` for 1,5, ``x-group: " "`` for 12 500, ``x-unit: [km]`` for
12500 km, and ``x-separator: ","`` for lists.  Nothing else is guessed.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from mailpipe.mail.fold import fold
from mailpipe.mail.schema import Offence, Schema
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import yesno

ROUNDS = 4  # a list that has become one may have items to become numbers
MAX_ITEMS = 1000

_NUMBER = re.compile(r"[-+]?\d{1,400}(?:\.\d{1,400})?")
_INTEGER = re.compile(r"[-+]?\d{1,400}")
_BLANKS = "\u00a0\u202f\u2009\u2007 "
_KEPT = object()


class Fitted(NamedTuple):
    """The data with the names and types of the schema, and how names were changed: old to new."""

    data: Any
    renamed: dict[str, str]


def fit(data: Any, schema: Schema, vocabulary: Vocabulary | None) -> Fitted:
    """The data as the schema wants it, as far as that is beyond doubt; ``data`` itself is left alone."""
    data, renamed = _named(_copied(data), schema.document)
    for _ in range(ROUNDS):
        changed = False
        for offence in schema.offences(data):
            if not isinstance(offence.instance, str):
                continue
            value = _converted(offence, vocabulary)
            if value is not _KEPT and _get(data, offence.path) == offence.instance:
                data = _put(data, offence.path, value)
                changed = True
        if not changed:
            break
    return Fitted(data, renamed)


def _copied(value: Any) -> Any:
    """A copy, two levels of which are what people can type; deeper ones are copied too."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


def _named(data: Any, document: Any) -> tuple[Any, dict[str, str]]:
    """Fields of another spelling (``Plate Number``) under the name that the schema has for them."""
    properties = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(data, dict) or not isinstance(properties, dict):
        return data, {}
    known = {fold(name): name for name in properties}
    renamed: dict[str, str] = {}
    for key in data:
        name = known.get(fold(key))
        if key not in properties and name and name not in data and name not in renamed.values():
            renamed[key] = name
    return {renamed.get(key, key): value for key, value in data.items()}, renamed


def _get(data: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


def _put(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    _get(data, path[:-1])[path[-1]] = value
    return data


def _converted(offence: Offence, vocabulary: Vocabulary | None) -> Any:
    """The value that a text means, or ``_KEPT``."""
    text = offence.instance.strip()
    field = next((str(key) for key in reversed(offence.path) if isinstance(key, str)), "")
    if vocabulary is not None:
        text = vocabulary.value(field, text)
    if offence.keyword == "type":
        wanted = offence.wanted if isinstance(offence.wanted, list) else [offence.wanted]
        for kind in ("integer", "number", "boolean", "null", "array"):
            if kind in wanted:
                value = _TYPES[kind](text, offence.schema)
                if value is not _KEPT:
                    return value
    elif offence.keyword in ("enum", "const"):
        return _chosen(text, offence.wanted if offence.keyword == "enum" else [offence.wanted])
    return _KEPT


def _chosen(text: str, values: Any) -> Any:
    """The one value of an enumeration that has this spelling, whatever its case and punctuation."""
    found = [value for value in values if fold(_spelled(value)) == fold(text)] if fold(text) else []
    return found[0] if len(found) == 1 else _KEPT


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value) if isinstance(value, int | Decimal) else ""


def _integer(text: str, schema: Mapping[str, Any]) -> Any:
    plain = _plain(text, schema)
    return int(plain) if _INTEGER.fullmatch(plain) else _KEPT


def _number(text: str, schema: Mapping[str, Any]) -> Any:
    plain = _plain(text, schema)
    if _INTEGER.fullmatch(plain):
        return int(plain)
    return Decimal(plain) if _NUMBER.fullmatch(plain) else _KEPT


def _plain(text: str, schema: Mapping[str, Any]) -> str:
    """A number as JSON has it: without what the schema allows people to write around and within it."""
    text = _without_unit(text, schema.get("x-unit"))
    text = text.replace("\u2212", "-")
    if not text.isascii():
        text = "".join(
            str(unicodedata.digit(char)) if char.isdecimal() else char for char in text
        )  # digits of every script
    group = schema.get("x-group")
    if isinstance(group, str) and group:
        signs = _BLANKS if group.isspace() else group
        text = _ungrouped(text, signs)
    decimal = schema.get("x-decimal")
    if isinstance(decimal, str) and decimal and decimal != ".":
        # Where a comma is the decimal sign a point is none: 1.500 would be read as one and a half.
        text = "" if "." in text else text.replace(decimal, ".", 1)
    return text


def _ungrouped(text: str, signs: str) -> str:
    """``12 500`` without its blank; only between a digit and three more, so that ``1 2`` is no number."""
    return re.sub(rf"(?<=\d)[{re.escape(signs)}](?=\d{{3}}(?!\d))", "", text)


def _without_unit(text: str, units: Any) -> str:
    for unit in units if isinstance(units, list) else [units]:
        if isinstance(unit, str) and unit and text.casefold().endswith(unit.casefold()):
            return text[: -len(unit)].rstrip(_BLANKS)
    return text


def _boolean(text: str, _schema: Mapping[str, Any]) -> Any:
    said = yesno.read(text)
    return _KEPT if said is None else said


def _null(text: str, _schema: Mapping[str, Any]) -> Any:
    return None if text in ("", "null") else _KEPT


def _array(text: str, schema: Mapping[str, Any]) -> Any:
    separator = schema.get("x-separator")
    if not isinstance(separator, str) or not separator:
        return _KEPT
    items = (item.strip() for item in text.split(separator, MAX_ITEMS))
    return [item for item in items if item]


_TYPES: dict[str, Callable[[str, Mapping[str, Any]], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "null": _null,
    "array": _array,
}
