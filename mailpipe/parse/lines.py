"""Reads fields from the lines of a text that a person wrote: forms, answers between greetings, bare words."""

import re
from collections.abc import Iterator

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import labels
from mailpipe.parse.found import Reading
from mailpipe.parse.labels import Line

_SENTENCE_END = re.compile(r"[.,;!…。，！；\n]+")
_MAX_WORDS = 6  # of a line that may be one bare word and a courtesy ("Done, thanks.")
_MAX_ALONE = 8  # words of the value when a single line is the whole text


def read(text: str, vocabulary: Vocabulary | None) -> Reading | None:
    """The fields in a text, or None when it is prose.

    With a vocabulary, a line counts when its label is a known name, and so do form-like lines next to
    such a line; a line that is just a known value (``Terminé !``) counts for the one field that has it.
    Without, two form-like lines together count, or one that is the whole text.
    """
    source = text.split("\n")
    found: list[tuple[str, str, dict[str, object]]] = []
    for group in _groups(source, vocabulary):
        known = [vocabulary.field(line.label) if vocabulary else None for line in group]
        if any(known) or (vocabulary is None and _is_form(group, source)):
            for line, field in zip(group, known, strict=True):
                if field or labels.is_formlike(line):
                    found.append(_field(line, field, vocabulary))
    if vocabulary:
        found.extend(_words(source, vocabulary))
    return _gather(found)


def _groups(source: list[str], vocabulary: Vocabulary | None) -> Iterator[list[Line]]:
    """Lines with a label that follow each other, with at most one blank line between two."""
    group: list[Line] = []
    last = 0
    for number, text in enumerate(source, 1):
        if not text or text.isspace():
            continue
        line = labels.read(text, number)
        if line and (labels.is_formlike(line) or (vocabulary and vocabulary.field(line.label))):
            if group and number - last > 2:
                yield group
                group = []
            group.append(line if line.value else line._replace(value=_below(source, number)))
            last = number
        elif group and number == last + 1 and text[0] in " \t":
            group[-1] = group[-1]._replace(value=f"{group[-1].value}\n{text.strip()}".lstrip("\n"))
            last = number
        elif group and not (line is None and group[-1].value == text.strip()):
            yield group
            group = []
        else:
            last = number  # the value of a label that stands alone on the line before
    if group:
        yield group


def _below(source: list[str], number: int) -> str:
    """The value of a label that ends its line: the next line, unless that is another label."""
    for following in source[number : number + 2]:
        if following.strip():
            return "" if labels.read(following, 0) else following.strip()
    return ""


def _is_form(group: list[Line], source: list[str]) -> bool:
    lines = [line for line in group if labels.is_formlike(line)]
    if len(lines) > 1:
        return True
    alone = sum(1 for text in source if text.strip()) == 1
    return (
        alone
        and len(lines) == 1
        and len(lines[0].label.split()) < 3
        and len(lines[0].value.split()) <= _MAX_ALONE
    )


def _field(
    line: Line, field: str | None, vocabulary: Vocabulary | None
) -> tuple[str, str, dict[str, object]]:
    value = line.value
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    place: dict[str, object] = {"source": "table" if line.mark in "|\t" else "lines", "line": line.number}
    if field is None or vocabulary is None:
        return line.label, value, place
    return field, vocabulary.value(field, value), {**place, "key": line.label}


def _words(source: list[str], vocabulary: Vocabulary) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Lines whose sentences are names of values; a question is no answer."""
    for number, text in enumerate(source, 1):
        line = text[: labels.MAX_LINE].strip()
        if not line or line[-1] in "?？" or len(line.split()) > _MAX_WORDS:
            continue
        for sentence in _SENTENCE_END.split(line):
            if sentence and "?" not in sentence and (meant := vocabulary.word(sentence)):
                yield *meant, {"source": "lines", "line": number, "key": sentence.strip()}


def _gather(found: list[tuple[str, str, dict[str, object]]]) -> Reading | None:
    values: dict[str, object] = {}
    fields: dict[str, dict[str, object]] = {}
    conflicts: list[dict[str, object]] = []
    for field, value, place in found:
        if field not in values:
            values[field], fields[field] = value, place
        elif values[field] != value:
            conflicts.append({"field": field, "used": values[field], "other": value, **place})
    if not values:
        return None
    is_table = all(place["source"] == "table" for place in fields.values())
    return Reading(values, "table" if is_table else "lines", fields, conflicts)
