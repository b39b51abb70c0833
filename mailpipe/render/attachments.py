"""Makes attachments of files, named and typed; reading them is files.py's job."""

import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple

from mailpipe.errors import RecordError
from mailpipe.mail import compose
from mailpipe.render.tokens import shown

if TYPE_CHECKING:
    from mimetypes import MimeTypes

LIMIT = 25 * 1024 * 1024  # octets of all attachments of a message; few servers take more

ReadFile = Callable[[str], bytes]
"""Reads a file below the folder that attachments may come from; raises RecordError."""

_OFFICE = "application/vnd.openxmlformats-officedocument"
# What Python's table lacks, or has by another name.
_TYPES = {
    ".yaml": "application/yaml",
    ".geojson": "application/geo+json",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".kmz": "application/vnd.google-earth.kmz",
    ".gpx": "application/gpx+xml",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".md": "text/markdown",
    ".docx": f"{_OFFICE}.wordprocessingml.document",
    ".xlsx": f"{_OFFICE}.spreadsheetml.sheet",
    ".pptx": f"{_OFFICE}.presentationml.presentation",
    ".odt": "application/vnd.oasis.opendocument.text",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
}
OCTETS = "application/octet-stream"
_MAGIC = (
    (b"%PDF", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"PK\x03\x04", "application/zip"),
    (b"\x1f\x8b", "application/gzip"),
)
_TOLD = frozenset(("application/pdf", "image/png", "image/jpeg", "image/gif"))
CHARSETS = {"text/calendar": "; charset=utf-8"}  # RFC 5545 section 3.1.4: UTF-8 unless it says otherwise
METHODS = ("PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER")
_METHOD = re.compile(rb"^METHOD:([A-Za-z]+)\s*$", re.MULTILINE)


class Attachment(NamedTuple):
    """A finished part, and what the record says of it (RFC 8621 section 4.1.4)."""

    part: bytes
    properties: dict[str, Any]
    invitation: bytes | None = None
    """The same as an alternative, if it is an invitation or an answer to one (RFC 5546)."""


def paths(value: Any) -> list[str]:
    """The paths that a value names: a text, a list of texts, or null for none."""
    if value is None or value == "":
        return []
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [each for item in value for each in paths(item)]
    raise RecordError(f"attachments: {shown(value)[:80]} is not a path", slug="bad-attachment")


def attached(names: list[str], read: ReadFile) -> list[Attachment]:
    """The attachments of one message; raises :class:`RecordError`."""
    found = [attachment(name, read(name)) for name in names]
    size = sum(each.properties["size"] for each in found)
    if size > LIMIT:
        raise RecordError(
            f"the attachments have {size} octets, {LIMIT} are allowed", slug="limit:attachments"
        )
    return found


def attachment(path: str, raw: bytes) -> Attachment:
    """The attachment of one file, with the last part of its path as its name."""
    name = path.rpartition("/")[2]
    if not name.isprintable():
        raise RecordError(f"the file name {name[:80]!r} has control characters", slug="bad-attachment")
    kind = kind_of(name, raw)
    method = method_of(raw) if kind == "text/calendar" else ""
    kind = "application/ics" if method else kind
    properties = {
        "name": name,
        "type": kind,
        "size": len(raw),
        "disposition": "attachment",
        "blobId": f"sha256:{sha256(raw).hexdigest()}",
    }
    part = compose.file_part(kind + CHARSETS.get(kind, ""), raw, name)
    return Attachment(part, properties, compose.calendar_part(raw, method) if method else None)


def method_of(raw: bytes) -> str:
    """What an iCalendar file asks for (RFC 5546 section 1.4), in capitals; empty if it is none of that."""
    head = raw.replace(b"\r\n", b"\n").partition(b"\nBEGIN:V")[0].replace(b"\n ", b"")
    match = _METHOD.search(head)
    method = match[1].decode().upper() if match else ""
    return method if method in METHODS else ""


@cache
def _types() -> "MimeTypes":
    """The types by ending, without the files of the system: the same everywhere."""
    from mimetypes import MimeTypes

    found = MimeTypes(filenames=())
    for ending, kind in _TYPES.items():
        found.add_type(kind, ending)
    return found


def kind_of(name: str, raw: bytes) -> str:
    """The media type by name, or by content where the name says nothing or something else than is in it.

    What runs is octets, whatever it is called.
    """
    kind, encoding = _types().guess_type(name, strict=False)
    if encoding:  # x.tar.gz is octets to a mail program, not a tar
        kind = {"gzip": "application/gzip"}.get(encoding)
    if raw[:2] == b"MZ" or raw[:4] == b"\x7fELF":
        return OCTETS
    found = next((kind for magic, kind in _MAGIC if raw.startswith(magic)), None)
    if kind is None:
        return found or OCTETS
    # Many formats are zip files inside; everything else with a known beginning is what it begins like.
    return OCTETS if raw and kind in _TOLD and found != kind else kind
