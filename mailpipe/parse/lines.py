"""Reads fields from the lines of a text that a person wrote: forms, answers between greetings, bare words."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import labels, statements
from mailpipe.parse.found import Reading
from mailpipe.parse.labels import Line
from mailpipe.parse.statements import WORD

_SENTENCE_END = re.compile(r"[.,;!…。，、！；]+")
_MAX_WORDS = 6  # of a line that may be one bare word and a courtesy ("Done, thanks.")
_MAX_ALONE = 8  # words of the value when a single line is the whole text
_MAX_GAP = 1  # blank lines between two lines of one form


class _Field(NamedTuple):
    name: str
    value: str
    place: dict[str, Any]
    mark: str


def read(text: str, vocabulary: Vocabulary | None) -> Reading | None:
    """The fields in a text, or None when it is prose.

    With a vocabulary, a line counts when its label is a known name, and so do form-like lines next to
    such a line; a line that is just a known value (``Terminé !``) counts for the one field that has it.
    Without, two form-like lines together count, or one that is the whole text.
    """
    source = text.split("\n")
    found: list[_Field] = []
    words: list[Line] = []
    stated: set[int] = set()
    for group in _groups(source, vocabulary):
        known = [vocabulary.field(line.label) if vocabulary and line.mark != WORD else None for line in group]
        if any(known) or (vocabulary is None and _is_form(group, source)):
            for line, field in zip(group, known, strict=True):
                if field or line.value:
                    found.append(_field(line, field, vocabulary))
        stated.update(line.number for line, field in zip(group, known, strict=True) if field)
        words.extend(line for line in group if line.mark == WORD)
    if vocabulary:
        words.extend(_words(source, stated, vocabulary))
        found.extend(_meant(word, vocabulary) for word in sorted(words, key=lambda line: line.number))
    return _gather(found)


def _groups(source: list[str], vocabulary: Vocabulary | None) -> Iterator[list[Line]]:
    """Lines with a label that follow each other; rules between them do not count."""
    group: list[Line] = []
    gap = 0
    value_below = ""
    for number, text in enumerate(source, 1):
        stripped = text.strip()
        if not stripped or labels.is_rule(stripped):
            gap += not stripped
            continue
        fields = _fields(text, number, vocabulary)
        if fields:
            if group and gap > _MAX_GAP:
                yield group
                group = []
            group.extend(fields)
            if not fields[-1].value and fields[-1].mark != WORD and (value_below := _below(source, number)):
                group[-1] = group[-1]._replace(value=value_below)
        elif group and not gap and text[0] in " \t":
            group[-1] = group[-1]._replace(value=f"{group[-1].value}\n{stripped}")
        elif value_below != stripped and group:
            yield group
            group = []
        gap = 0
    if group:
        yield group


def _fields(text: str, number: int, vocabulary: Vocabulary | None) -> list[Line]:
    """The labels of a line: one as a rule, several if each is a known name (``Plate: X, status: done``)."""
    if vocabulary and (found := statements.read(text, number, vocabulary)):
        return found
    line = labels.read(text, number)
    return [line] if line and (labels.is_formlike(line) or labels.is_aside(line)) else []


def _below(source: list[str], number: int) -> str:
    """The value of a label that ends its line: the next line, unless that is another label."""
    for following in source[number : number + 2]:
        if following.strip():
            return "" if labels.read(following, 0) else following.strip()
    return ""


def _is_form(group: list[Line], source: list[str]) -> bool:
    strong = [line for line in group if labels.is_formlike(line)]
    if len(strong) != 1 or len(group) > 1:
        return len(strong) > 1
    line = strong[0]
    if len(line.label.split()) >= 3 or len(line.value.split()) > _MAX_ALONE:
        return False
    filled = (text for text in source if text.strip() and not labels.is_rule(text.strip()))
    return len(list(islice(filled, 2))) == 1  # asked for each group: two are enough to know


def _field(line: Line, field: str | None, vocabulary: Vocabulary | None) -> _Field:
    value = line.value
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    place: dict[str, Any] = {"source": "table" if line.mark in "|\t" else "lines", "line": line.number}
    if field is None or vocabulary is None:
        return _Field(line.label, value, place, line.mark)
    return _Field(field, vocabulary.value(field, value), {**place, "key": line.label}, line.mark)


def _words(source: list[str], stated: set[int], vocabulary: Vocabulary) -> Iterator[Line]:
    """Lines without fields whose sentences are names of values; a question is no answer."""
    for number, text in enumerate(source, 1):
        line = text[: labels.MAX_LINE].strip()
        if number in stated or not line or line[-1] in "?？" or len(line.split()) > _MAX_WORDS:
            continue
        for sentence in _SENTENCE_END.split(line):
            if sentence and "?" not in sentence and vocabulary.word(sentence):
                yield Line(number, sentence.strip(), "", WORD)


def _meant(line: Line, vocabulary: Vocabulary) -> _Field:
    """The field and value that a bare word stands for."""
    field, value = vocabulary.word(line.label) or (line.label, line.label)
    return _Field(field, value, {"source": "lines", "line": line.number, "key": line.label}, WORD)


def _gather(found: list[_Field]) -> Reading | None:
    """The first value of each field; a later one that differs is a conflict."""
    kept: dict[str, _Field] = {}
    conflicts: list[dict[str, Any]] = []
    for field in found:
        first = kept.setdefault(field.name, field)
        if first.value != field.value:
            conflicts.append({"field": field.name, "used": first.value, "other": field.value, **field.place})
    if not kept:
        return None
    marks = {field.mark for field in kept.values()}
    source = "ini" if marks == {"="} else "table" if marks <= {"|", "\t"} else "lines"
    values = {field.name: field.value for field in kept.values()}
    return Reading(values, source, {field.name: field.place for field in kept.values()}, conflicts)
