"""Reads everything that is attached to a message: parts, files packed into parts, messages of their own."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from mailpipe.mail.mime import Part
from mailpipe.parse import absent, attachments, packed, special
from mailpipe.parse.attachments import Choice
from mailpipe.parse.found import DataPart, File
from mailpipe.parse.special import Special

Nested = Callable[[bytes, list[str]], dict[str, Any] | None]
"""Reads an attached message; None, and a defect, if it lies too deep."""


class Attached(NamedTuple):
    """What the attachments give.

    ``described`` is the member of the record; ``text`` and ``html`` are a body out of a winmail.dat;
    ``packed`` says that a file was taken out of something.
    """

    described: list[dict[str, Any]]
    data: list[DataPart]
    specials: list[Special]
    text: str
    html: str
    packed: bool


def read(
    parts: Iterable[Part], in_text: Iterable[File], choice: Choice, nested: Nested | None, defects: list[str]
) -> Attached:
    """Describe the attachments of one message, those of the parts first."""
    found = Attached([], [], [], "", "", False)
    unpacked = list(in_text)
    text = html = ""
    for part in parts:
        data, wrong = part.content()
        defects.extend(wrong)
        file = attachments.file_of(part, data)
        _add(file, found, choice, nested, defects)
        found.described[-1].update(absent.describe(part, data, defects))
        if packed.is_tnef(file):
            inside = packed.from_tnef(file, defects)
            unpacked.extend(inside.files)
            text, html = text or inside.text, html or inside.html
    for file in unpacked:
        _add(file, found, choice, nested, defects)
    defects.extend(attachments.defects(found.described))
    return found._replace(text=text, html=html, packed=bool(unpacked))


def _add(file: File, found: Attached, choice: Choice, nested: Nested | None, defects: list[str]) -> None:
    described = attachments.describe(file, choice)
    if nested is not None and attachments.is_message(file):
        message = nested(file.data, defects)
        if message is not None:
            described["nested"] = message
            described.pop("content", None)  # all that is in it is in the record that was made of it
    found.described.append(described)
    data_part = attachments.data_part(file)
    if data_part is not None:
        found.data.append(data_part)
    recognised = special.of(file, file.data)
    if recognised is not None:
        found.specials.append(recognised)
