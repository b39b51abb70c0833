"""The attachments of a message as JMAP EmailBodyParts: what they are, their digest, their content."""

from collections.abc import Callable, Iterable
from hashlib import sha256
from typing import Any

import pybase64

from mailpipe.mail.mime import Part
from mailpipe.parse import names
from mailpipe.parse.found import DataPart

Keep = Callable[[str, bytes], str]
"""Keeps octets under the name of their digest and tells the path."""

_BY_EXTENSION = {"json": "application/json", "yaml": "application/yaml", "yml": "application/yaml"}
_UNTYPED = ("application/octet-stream", "text/plain", "application/x-download")


def describe(part: Part, data: bytes, *, content: bool, keep: Keep | None) -> dict[str, Any]:
    """One attachment; its octets are in ``content`` as base64, or at ``path`` if there is a ``keep``."""
    digest = sha256(data).hexdigest()
    name = names.safe(part.name) if part.name else None
    described: dict[str, Any] = {
        "partId": part.id or "1",
        "blobId": f"sha256:{digest}",
        "size": len(data),
        "name": name,
        "type": part.type,
        "charset": part.parameters.get("charset") if part.type.startswith("text/") else None,
        "disposition": part.disposition,
        "cid": part.cid,
    }
    given = list(dict.fromkeys(part.names))
    if len(given) > 1 or (given and given[0] != name):
        described["namesGiven"] = given
    if keep is not None:
        described["path"] = keep(digest, data)
    elif content:
        described["content"] = pybase64.b64encode_as_string(data)
    return described


def data_part(part: Part, data: bytes) -> DataPart | None:
    """The part as structured data, if its type, or its name where the type says nothing, calls it so."""
    kind = part.type
    if kind in _UNTYPED and part.name:
        kind = _BY_EXTENSION.get(part.name.rpartition(".")[2].lower(), kind)
    subtype = kind.partition("/")[2]
    if "json" not in subtype and "yaml" not in subtype:
        return None
    return DataPart(kind, part.name, data, part.parameters.get("charset"))


def name_defects(part: Part) -> Iterable[str]:
    """What is wrong with the name that the sender chose."""
    if part.name and names.safe(part.name) != part.name:
        yield "attachment-name-unsafe"


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
