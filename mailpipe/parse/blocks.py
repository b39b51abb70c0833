"""Finds JSON, YAML and INI that a person pasted or typed into a text."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from mailpipe import exact
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import labels
from mailpipe.parse.found import Reading

MAX_TRIES = 8  # places in one text that look like the start of something
_FENCE = re.compile(r"[ \t]{0,3}(```+|~~~+)[ \t]*([A-Za-z]*)[ \t]*$")
_SECTION = re.compile(r"\[([^\[\]\n]{1,60})\]\s*$")
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "„": '"', "‟": '"', "″": '"', "\u00a0": " ", "\u202f": " "})
_STRUCTURED = ("|", ">", "{", "[", '"', "'")


class Block(NamedTuple):
    """Some lines of a text that may be data; ``line`` is the number of the first, from 1."""

    text: str
    line: int
    kind: str  # json, yaml, ini, or "" for any of them


def read(text: str, vocabulary: Vocabulary | None) -> Reading | None:
    """The first mapping written as JSON, YAML or INI in a text, or None."""
    source = text.split("\n")
    for block in _blocks(source):
        for kind, reader in _READERS.items():
            if block.kind in ("", kind):
                value = reader(block.text)
                if isinstance(value, dict) and value:
                    return _reading(value, kind, block.line, vocabulary)
    if value := _loose_yaml(source, vocabulary):
        return _reading(value, "yaml", 1, vocabulary)
    return None


def _blocks(source: list[str]) -> Iterator[Block]:
    tries = 0
    number = 0
    while number < len(source) and tries < MAX_TRIES:
        line = source[number]
        head = line.lstrip()
        end = 0
        if head.startswith(("```", "~~~")) and (fence := _FENCE.match(line)):
            end = _after_fence(source, number, fence[1])
            yield Block("\n".join(source[number + 1 : end]), number + 2, _kind(fence[2]))
        elif line.rstrip() == "---":
            end = _until(source, number + 1, lambda text: text.rstrip() in ("---", "..."))
            yield Block("\n".join(source[number + 1 : end]), number + 2, "yaml")
            blank = _until(source, number + 1, lambda text: not text.strip())
            if blank < end:
                yield Block("\n".join(source[number + 1 : blank]), number + 2, "yaml")
            end -= 1  # the mark that ends one document may begin the next
        elif head.startswith("{"):
            yield from _braced(source, number)
        elif head.startswith("[") and _SECTION.match(head):
            end = _until(source, number + 1, _is_not_ini)
            yield Block("\n".join(source[number:end]), number + 1, "ini")
        else:
            number += 1
            continue
        tries += 1
        number = max(number + 1, end)


def _until(source: list[str], start: int, is_end: Callable[[str], bool]) -> int:
    return next((number for number in range(start, len(source)) if is_end(source[number])), len(source))


def _after_fence(source: list[str], number: int, mark: str) -> int:
    return _until(source, number + 1, lambda text: text.strip().startswith(mark))


def _kind(word: str) -> str:
    return {"json": "json", "yaml": "yaml", "yml": "yaml", "ini": "ini", "toml": "ini", "conf": "ini"}.get(
        word.lower(), ""
    )


def _braced(source: list[str], number: int) -> Iterator[Block]:
    """The lines from an opening brace to the one that closes it, braces in strings not counted."""
    depth, quoted, escaped = 0, False, False
    for last in range(number, len(source)):
        for char in source[last].translate(_STRAIGHT):
            if escaped or (quoted and char == "\\"):
                escaped = not escaped
            elif char == '"':
                quoted = not quoted
            elif not quoted and char in "{}":
                depth += 1 if char == "{" else -1
        if depth <= 0:
            yield Block("\n".join(source[number : last + 1]), number + 1, "json")
            yield Block("\n".join(source[number : last + 1]), number + 1, "yaml")
            return


def _json(text: str) -> Any:
    for candidate in (text, text.translate(_STRAIGHT)):
        try:
            return exact.loads(candidate.strip().encode("utf-8", "replace"))
        except exact.NotJSON:
            continue
    return None


def _yaml(text: str) -> Any:
    from mailpipe.parse import yamltext  # costs a library; most texts come here for nothing

    for candidate in (text, text.expandtabs(2).translate(_STRAIGHT)):
        try:
            return yamltext.read(candidate).value
        except yamltext.NotPlain:
            continue
    return None


def _ini(text: str) -> Any:
    top: dict[str, Any] = {}
    section = top
    for line in text.split("\n"):
        stripped = line.strip()
        if found := _SECTION.match(stripped):
            section = top.setdefault(found[1].strip(), {})
            if not isinstance(section, dict):
                return None
        elif stripped and stripped[0] not in "#;":
            entry = labels.read(stripped, 0)
            if entry is None:
                return None
            section.setdefault(entry.label, entry.value)
    return top


def _is_not_ini(line: str) -> bool:
    stripped = line.strip()
    if not stripped or stripped[0] in "#;" or _SECTION.match(stripped):
        return False
    entry = labels.read(stripped, 0)
    return entry is None or entry.mark not in "=:"


_READERS: dict[str, Callable[[str], Any]] = {"json": _json, "yaml": _yaml, "ini": _ini}


def _loose_yaml(source: list[str], vocabulary: Vocabulary | None) -> dict[str, Any] | None:
    """A YAML mapping that is the whole text and more than flat ``key: value`` lines, or None.

    Flat lines are left to the reader of lines; a list under one heading is prose (``Please do:``)
    unless the heading is a known name.
    """
    lines = [line for line in source if line.strip() and not line.lstrip().startswith("#")]
    if len(lines) < 2 or not any(map(_is_structured, lines)) or not all(map(_is_yamllike, lines)):
        return None
    value = _yaml("\n".join(source))
    if not isinstance(value, dict):
        return None
    if vocabulary is not None and any(vocabulary.field(key) for key in value):
        return value
    heads = [labels.Line(0, key, "value", ":") for key in value]
    if not all(labels.is_formlike(head) or labels.is_aside(head) for head in heads):
        return None
    return value if len(value) > 1 and any(map(labels.is_formlike, heads)) else None


def _is_structured(line: str) -> bool:
    if line[0] in " \t" or line.startswith("- "):
        return True
    entry = labels.read(line, 0)
    return entry is not None and entry.value.startswith(_STRUCTURED)


def _is_yamllike(line: str) -> bool:
    return line[0] in " \t" or line.startswith("- ") or (": " in line or line.rstrip().endswith(":"))


def _reading(value: dict[str, Any], kind: str, line: int, vocabulary: Vocabulary | None) -> Reading:
    translated = translate(value, vocabulary) if vocabulary and kind != "json" else value
    fields = {field: {"source": kind, "line": line} for field in translated}
    return Reading(translated, kind, fields, [])


def translate(value: dict[str, Any], vocabulary: Vocabulary) -> dict[str, Any]:
    """The mapping with known names of fields and values in place of what was typed, at every depth."""
    result: dict[str, Any] = {}
    for key, item in value.items():
        field = vocabulary.field(key)
        if isinstance(item, dict):
            item = translate(item, vocabulary)
        elif field and isinstance(item, str):
            item = vocabulary.value(field, item)
        result.setdefault(field or key, item)
    return result
