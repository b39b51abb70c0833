"""Makes attachments of files, named and typed; reading them is files.py's job."""

from collections.abc import Callable
from hashlib import sha256
from mimetypes import MimeTypes
from typing import Any, NamedTuple

from mailpipe.errors import RecordError
from mailpipe.mail import compose
from mailpipe.render.tokens import shown

LIMIT = 25 * 1024 * 1024  # octets of all attachments of a message; few servers take more

ReadFile = Callable[[str], bytes]
"""Reads a file below the folder that attachments may come from; raises RecordError."""

# Without the files of the system, so that the same input makes the same octets everywhere.
_types = MimeTypes(filenames=())
_types.add_type("application/yaml", ".yaml")
_types.add_type("application/geo+json", ".geojson")
_types.add_type("application/vnd.google-earth.kml+xml", ".kml")
_types.add_type("text/calendar", ".ics")


class Attachment(NamedTuple):
    """A finished part, and what the record says of it (RFC 8621 section 4.1.4)."""

    part: bytes
    properties: dict[str, Any]


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
    properties = {
        "name": name,
        "type": kind,
        "size": len(raw),
        "disposition": "attachment",
        "blobId": f"sha256:{sha256(raw).hexdigest()}",
    }
    return Attachment(compose.file_part(kind, raw, name), properties)


def kind_of(name: str, raw: bytes) -> str:
    """The media type by name, unless the octets begin like something that runs."""
    kind, encoding = _types.guess_type(name, strict=False)
    if encoding:  # x.tar.gz is octets to a mail program, not a tar
        kind = {"gzip": "application/gzip"}.get(encoding)
    if kind is None or raw[:2] == b"MZ" or raw[:4] == b"\x7fELF":
        return "application/octet-stream"
    return kind
