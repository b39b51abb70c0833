"""Reads the data parts of a message, which machines write: JSON (RFC 8259) and YAML (RFC 9512)."""

import codecs
import json
from typing import Any, NamedTuple

from mailpipe import exact
from mailpipe.mail import charsets
from mailpipe.parse.found import DataPart

MAX_SIZE = 4 * 1024 * 1024  # octets
MAX_DEPTH = 250  # levels; jq and many JSON libraries refuse more

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Value(NamedTuple):
    """The value of one part, and what was wrong with it as stable slugs."""

    value: Any
    defects: list[str]


class Unreadable(ValueError):
    """Raised when a part is not what its type says; ``slug`` is the defect."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


def is_json(part: DataPart) -> bool:
    """Whether a part is labelled as JSON (RFC 6839 section 3.1 for ``+json``)."""
    kind = part.type.lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def is_yaml(part: DataPart) -> bool:
    """Whether a part is labelled as YAML; the ``x-`` and ``text/`` names are older than RFC 9512."""
    kind = part.type.lower()
    return kind.endswith(("/yaml", "/x-yaml", "/vnd.yaml", "+yaml"))


def read_json(part: DataPart) -> Value:
    """The value of a JSON part, numbers exact; raises :class:`Unreadable`."""
    if len(part.content) > MAX_SIZE:
        raise Unreadable("limit:json-size")
    text = _utf8(part.content, part.charset)
    try:
        value = exact.loads(text)
    except exact.NotJSON as exc:
        raise Unreadable("json-invalid") from exc
    if _is_deep(value):
        raise Unreadable("limit:json-depth")
    return Value(value, ["json-duplicate-key"] if _repeats_keys(text, value) else [])


def read_yaml(part: DataPart) -> Value:
    """The value of a YAML part, plain scalars typed as JSON does; raises :class:`Unreadable`."""
    from mailpipe.parse import yamltext  # costs a library; few messages have such a part

    if len(part.content) > MAX_SIZE:
        raise Unreadable("limit:yaml-size")
    text = _utf8(part.content, part.charset).decode("utf-8", "replace")
    try:
        document = yamltext.read(text, typed=True, max_size=MAX_SIZE, max_depth=MAX_DEPTH)
    except yamltext.NotPlain as exc:
        raise Unreadable("yaml-invalid") from exc
    return Value(document.value, ["yaml-duplicate-key"] if document.duplicates else [])


def _utf8(content: bytes, charset: str | None) -> bytes:
    """The same text in UTF-8.

    JSON in mail is UTF-8 (RFC 8259 section 8.1), but UTF-16 and UTF-32 with or without a mark were
    allowed once (RFC 4627 section 3: the zeros among the first four octets tell), and some senders
    write what their label says.
    """
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), None) or _by_zeros(content)
    if encoding:
        return content.decode(encoding, "replace").encode("utf-8", "replace")
    try:
        content.decode()
    except UnicodeDecodeError:
        return charsets.decode(content, charset).text.encode("utf-8", "replace")
    return content


def _by_zeros(content: bytes) -> str | None:
    zeros = tuple(octet == 0 for octet in content[:4])
    if zeros == (True, True, True, False):
        return "utf-32-be"
    if zeros == (False, True, True, True):
        return "utf-32-le"
    if zeros[:2] == (True, False):
        return "utf-16-be"
    return "utf-16-le" if zeros[:2] == (False, True) else None


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        inner = (item for held in level for item in (held.values() if isinstance(held, dict) else held))
        level = [item for item in inner if isinstance(item, (dict, list))]
    return bool(level)


def _repeats_keys(text: bytes, value: Any) -> bool:
    # Only a text with more colons than there are members can repeat a key: most have no colon in a value.
    if text.count(b":") <= _count_members(value):
        return False
    repeated: list[bool] = []

    def check(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) < len(pairs):
            repeated.append(True)

    try:
        json.loads(text.decode("utf-8", "replace"), object_pairs_hook=check, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False  # already read by a stricter reader; only the question of keys stays open
    return bool(repeated)


def _count_members(value: Any) -> int:
    total, rest = 0, [value]
    while rest:
        held = rest.pop()
        if isinstance(held, dict):
            total += len(held)
            rest.extend(held.values())
        elif isinstance(held, list):
            rest.extend(held)
    return total
