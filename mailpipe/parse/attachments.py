"""The attachments of a message as JMAP EmailBodyParts: what they are, their digest, their content."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any

import pybase64

from mailpipe.mail.mime import Part
from mailpipe.parse import names, sniff
from mailpipe.parse.found import DataPart, File, Labelled

Keep = Callable[[str, bytes], str]
"""Keeps octets under the name of their digest and tells the path."""

_BY_EXTENSION = {"json": "application/json", "yaml": "application/yaml", "yml": "application/yaml"}
_UNTYPED = ("application/octet-stream", "text/plain", "application/x-download")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whose octets to give, and where.

    ``content`` puts them into the record as base64 unless ``keep`` stores them; ``types`` are patterns
    like ``image/*`` of the attachments that are wanted, none for all.
    """

    content: bool = True
    keep: Keep | None = None
    types: tuple[str, ...] = ()

    def wants(self, declared: str, sniffed: str | None) -> bool:
        """Whether a file is wanted: by what it is, or where that is unknown by what it is called."""
        kind = sniffed or declared
        return not self.types or any(fnmatchcase(kind, pattern) for pattern in self.types)


ALL = Choice()


def file_of(part: Part, data: bytes) -> File:
    """A body part as a file."""
    return File(
        part.type,
        part.name,
        data,
        part.parameters,
        tuple(dict.fromkeys(part.names)),
        part.disposition,
        part.cid,
        part.id or "1",
    )


def describe(file: File, choice: Choice = ALL) -> dict[str, Any]:
    """One attachment; its octets are in ``content`` as base64, or at ``path`` if there is a ``keep``."""
    data = file.data
    digest = sha256(data).hexdigest()
    name = names.safe(file.name) if file.name else None
    sniffed = sniff.sniff(data)
    described: dict[str, Any] = {
        "partId": None if file.packed else file.part,
        "blobId": f"sha256:{digest}",
        "size": len(data),
        "name": name,
        "type": file.type,
        "sniffedType": sniffed,
        "charset": file.parameters.get("charset") if file.type.startswith("text/") else None,
        "disposition": file.disposition,
        "cid": file.cid,
    }
    if file.packed:
        described["packedIn"] = file.part
    if len(file.names) > 1 or (file.names and file.names[0] != name):
        described["namesGiven"] = list(file.names)
    if not choice.wants(file.type, sniffed):
        return described
    if choice.keep is not None:
        described["path"] = choice.keep(digest, data)
    elif choice.content:
        described["content"] = pybase64.b64encode_as_string(data)
    return described


def data_part(file: File) -> DataPart | None:
    """The file as structured data, if its type, or its name where the type says nothing, calls it so."""
    kind = file.type
    if kind in _UNTYPED and file.name:
        kind = _BY_EXTENSION.get(file.name.rpartition(".")[2].lower(), kind)
    subtype = kind.partition("/")[2]
    if "json" not in subtype and "yaml" not in subtype:
        return None
    return DataPart(kind, file.name, file.data, file.parameters.get("charset"))


def defects(described: Iterable[dict[str, Any]]) -> Iterator[str]:
    """What is wrong with the names and types that the sender chose."""
    taken: set[str] = set()
    for each in described:
        name, given = each["name"], each.get("namesGiven", ())
        if given and given[0] != name:
            yield "attachment-name-unsafe"
        if name:
            if name.casefold() in taken:
                yield "attachment-name-repeated"
            taken.add(name.casefold())
        if sniff.differs(each["type"], each["sniffedType"], name):
            yield "attachment-type-differs"


def is_message(file: Labelled) -> bool:
    """Whether a file is a message of its own, or the header of one."""
    if file.type in ("message/rfc822", "message/global", "text/rfc822-headers", "message/global-headers"):
        return True
    return file.type in _UNTYPED and bool(file.name) and str(file.name).lower().endswith(".eml")


def is_for_people(part: Part) -> bool:
    """Whether a person would call the part an attachment (RFC 8621 section 4.1.4, ``hasAttachment``)."""
    if part.disposition == "attachment":
        return True
    parent = part.parent
    while parent is not None:
        if parent.type in ("multipart/alternative", "multipart/report", "multipart/signed"):
            return False
        if parent.type == "multipart/related" and part.cid:
            return False
        parent = parent.parent
    return True
