"""Reads tables with a heading row from a text: columns are fields, each further row is a record."""

from collections.abc import Iterator
from typing import Any

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import labels
from mailpipe.parse.found import Reading

MAX_ROWS = 10_000
MIN_COLUMNS = 3  # two columns are labels and values unless something else tells


def read(text: str, vocabulary: Vocabulary | None) -> Reading | None:
    """The first table in a text: the fields of its only record, or ``{rows: [record, ...]}``.

    Columns are separated by tabs or ``|``.  The headings must be form-like and differ; with a
    vocabulary one of them must be a known name.
    """
    for number, rows, is_ruled in _tables(text):
        headings, *records = rows
        known = [vocabulary.field(heading) if vocabulary else None for heading in headings]
        named = vocabulary is not None and all(known)
        wide = len(headings) >= MIN_COLUMNS
        if not records or not (named or wide or (is_ruled and not vocabulary and _is_upright(rows))):
            continue
        if not _are_headings(headings) or (vocabulary is not None and not any(known)):
            continue
        names = [field or heading for field, heading in zip(known, headings, strict=True)]
        found = [_record(names, record, vocabulary) for record in records[:MAX_ROWS]]
        values: dict[str, Any] = found[0] if len(found) == 1 else {"rows": found}
        fields = {name: {"source": "table", "line": number} for name in values}
        return Reading(values, "table", fields, [])
    return None


def _tables(text: str) -> Iterator[tuple[int, list[list[str]], bool]]:
    """Runs of lines with the same number of cells: number of the first line, rows, rule below the first."""
    rows: list[list[str]] = []
    begin, is_ruled = 0, False
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if rows and line.strip().startswith("|") and labels.is_rule(line.strip()):
            is_ruled = is_ruled or len(rows) == 1
            continue
        cells = _cells(line)
        if rows and len(cells) != len(rows[0]):
            if len(rows) > 1:
                yield begin, rows, is_ruled
            rows, is_ruled = [], False
        if len(cells) > 1:
            begin = begin if rows else number
            rows.append(cells)


def _cells(line: str) -> list[str]:
    stripped = line.strip(" ")
    if stripped[:1] == "|":
        return [cell.strip() for cell in stripped.strip("|").split("|")]
    return [cell.strip() for cell in stripped.split("\t")] if "\t" in stripped.strip() else []


def _are_headings(cells: list[str]) -> bool:
    lines = [labels.Line(0, cell.rstrip(":： "), "value", ":") for cell in cells]
    return len({line.label.lower() for line in lines}) == len(cells) and all(map(labels.is_formlike, lines))


def _is_upright(rows: list[list[str]]) -> bool:
    """Whether two columns have headings, rather than labels on the left: only the records have numbers."""
    headings, *records = rows
    numbered = [any(map(str.isdigit, row[0])) for row in records]
    return all(numbered) and not any(map(str.isdigit, "".join(headings)))


def _record(names: list[str], cells: list[str], vocabulary: Vocabulary | None) -> dict[str, Any]:
    return {
        name: vocabulary.value(name, cell) if vocabulary else cell
        for name, cell in zip(names, cells, strict=True)
    }
