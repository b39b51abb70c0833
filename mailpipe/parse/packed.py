"""Takes files out of what they were packed into: text of a body, and winmail.dat."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mailpipe.mail import charsets
from mailpipe.mail.textfiles import File as TextFile
from mailpipe.parse import sniff
from mailpipe.parse.found import File

_TNEF_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef", "application/x-tnef")
_SIGNATURE = b"\x78\x9f\x3e\x22"
_UNKNOWN = "application/octet-stream"


class Unpacked(NamedTuple):
    """The files of a winmail.dat, and the body that it holds beside them."""

    files: list[File]
    text: str
    html: str


def from_text(found: Iterable[tuple[str, str | None, TextFile]], defects: list[str]) -> Iterator[File]:
    """Files that were written into a text, given with the id and the charset of their part."""
    for part, charset, file in found:
        defects.extend(file.defects)
        name = charsets.decode(file.name, charset).text
        yield File(
            sniff.sniff(file.data) or _UNKNOWN, name, file.data, {}, (name,), "attachment", None, part, True
        )


def is_tnef(file: File) -> bool:
    """Whether a file is what Outlook calls winmail.dat."""
    return file.type in _TNEF_TYPES or (file.type == _UNKNOWN and file.data.startswith(_SIGNATURE))


def from_tnef(file: File, defects: list[str]) -> Unpacked:
    """Open a winmail.dat; whatever is wrong with it, what can be read is given."""
    from mailpipe.mail import tnef  # few messages have one

    contents = tnef.read(file.data)
    defects.extend(contents.defects)
    files = [
        File(
            each.type.lower() or sniff.sniff(each.data) or _UNKNOWN,
            each.name or None,
            each.data,
            {},
            (each.name,) if each.name else (),
            "attachment",
            each.cid.strip("<>") or None,
            file.part,
            True,
        )
        for each in contents.files
    ]
    return Unpacked(files, contents.text, contents.html)
