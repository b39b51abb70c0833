"""Finds the structured data of a message: a JSON or YAML part, else what the human text says.

A JSON part counts as it is, exactly.  What people type keeps its spelling: ``NO``, ``0123``,
``12:30:00`` and ``1.10`` are strings, and so is ``yes``; a schema or a handler that wants a number can
make one, nobody can guess back what a number was before.
"""

from collections.abc import Iterable
from typing import Any

from mailpipe.mail.fold import fold
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import blocks, grid, lines, parts
from mailpipe.parse.found import DataPart, Found, Pieces, Reading

__all__ = ["MAX_TEXT", "DataPart", "Found", "extract"]

MAX_TEXT = 64 * 1024  # characters of a text; a longer one is no form


def extract(
    data_parts: Iterable[DataPart], pieces: Pieces, html: str | None, vocabulary: Vocabulary | None
) -> Found:
    """The data of a message whose text is ``pieces`` and whose HTML alternative is ``html``.

    Parts go first, in order, JSON before YAML; then the reply (never what it quotes); then the tables
    of the HTML.  Where a part and the reply disagree the part counts, and ``evidence`` says so.
    """
    found = sorted(data_parts, key=lambda part: not parts.is_json(part))
    defects: list[str] = []
    for part in found:
        value = _part(part, defects)
        if value is not None:
            source = "json" if parts.is_json(part) else "yaml"
            conflicts = _conflicts(value, pieces.reply, vocabulary)
            return Found(value, source, {"conflicts": conflicts} if conflicts else {}, defects)
    reading = _human(pieces.reply, vocabulary, defects)
    if reading is None and html:
        from mailpipe.parse import tables  # costs an HTML reader; plain text needs none

        reading = tables.read(html, vocabulary)
    if reading is None:
        return Found(None, None, {}, defects)
    evidence: dict[str, Any] = {"fields": reading.fields}
    if reading.conflicts:
        evidence["conflicts"] = reading.conflicts
    return Found(reading.values, reading.source, evidence, defects)


def _part(part: DataPart, defects: list[str]) -> Any:
    try:
        if parts.is_json(part):
            read = parts.read_json(part)
        elif parts.is_yaml(part):
            read = parts.read_yaml(part)
        else:
            return None
    except parts.Unreadable as exc:
        defects.append(exc.slug)
        return None
    defects.extend(read.defects)
    return read.value


def _human(text: str, vocabulary: Vocabulary | None, defects: list[str]) -> Reading | None:
    if len(text) > MAX_TEXT:
        defects.append("limit:data-text")
        return None
    if vocabulary is None and not any(mark in text for mark in ":：=|\t"):
        return None
    return blocks.read(text, vocabulary) or grid.read(text, vocabulary) or lines.read(text, vocabulary)


def _conflicts(value: Any, text: str, vocabulary: Vocabulary | None) -> list[dict[str, Any]]:
    """Fields that the reply states differently from the part."""
    if not isinstance(value, dict) or not text or len(text) > MAX_TEXT:
        return []
    reading = lines.read(text, vocabulary)
    if reading is None:
        return []
    names = {fold(key): key for key in value}
    found = []
    for field, stated in reading.values.items():
        key = names.get(fold(field))
        if key is None or isinstance(value[key], (dict, list)):
            continue
        if fold(_spelled(value[key])) != fold(stated):
            place = reading.fields[field]
            found.append({"field": key, "used": value[key], "other": stated, **place})
    return found


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
