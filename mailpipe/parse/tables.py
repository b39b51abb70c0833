"""Reads fields from the tables of an HTML alternative whose text alternative has none."""

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.parse import grid, htmltext, lines, reply
from mailpipe.parse.found import Reading

MAX_TEXT = 64 * 1024  # characters


def read(html: str, vocabulary: Vocabulary | None) -> Reading | None:
    """The rows of two cells as fields, those in quotes left out; None when there are none."""
    if "<t" not in html and "<d" not in html and "<T" not in html:
        return None
    text = reply.split(htmltext.to_text(html).text).reply[:MAX_TEXT]
    found = grid.read(text, vocabulary) or lines.read(text, vocabulary)
    if found is None:
        return None
    fields = {field: {**place, "source": "table"} for field, place in found.fields.items()}
    return found._replace(source="table", fields=fields)
