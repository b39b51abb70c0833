"""Reads fields from the tables of an HTML alternative whose text alternative has none."""

import re
from html import unescape

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import grid, htmltext, labels, lines, reply
from mailpipe.parse.found import Reading

MAX_TEXT = 64 * 1024  # characters

# The first words of a cell or term.  Bounded and possessive: a "<" that is never closed costs little.
_CELL = re.compile(
    r"<(?:t[dh]|dt)\b[^>]{0,4000}+>\s*+(?:<[^>]{0,4000}+>\s*+|&nbsp;)*+([^<]{1,44}+)(?=<)", re.IGNORECASE
)


def read(html: str, vocabulary: Vocabulary | None) -> Reading | None:
    """The rows of two cells as fields, those in quotes left out; None when there are none."""
    if not _may_have_fields(html, vocabulary):
        return None
    text = reply.split(htmltext.to_text(html).text).reply[:MAX_TEXT]
    found = grid.read(text, vocabulary) or lines.read(text, vocabulary)
    if found is None:
        return None
    fields = {field: {**place, "source": "table"} for field, place in found.fields.items()}
    return found._replace(source="table", fields=fields)


def _may_have_fields(html: str, vocabulary: Vocabulary | None) -> bool:
    """Whether any cell begins with what can be a label; most mail has tables only for its layout."""
    for words in set(_CELL.findall(html)):
        cell = unescape(words) if "&" in words else words
        if vocabulary:
            if vocabulary.field(cell.partition(":")[0]):
                return True
        elif len(cell.split()) <= labels.MAX_WORDS and any(map(str.isalpha, cell)):
            return True
    return False
