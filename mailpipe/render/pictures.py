"""Makes inline parts of the author's pictures, named by their content."""

from collections.abc import Callable
from hashlib import sha256
from typing import NamedTuple

from mailpipe.errors import ConfigError
from mailpipe.mail import compose

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", 0, "image/png"),
    (b"\xff\xd8\xff", 0, "image/jpeg"),
    (b"GIF8", 0, "image/gif"),
    (b"WEBP", 8, "image/webp"),
)
LIMIT = 2 * 1024 * 1024  # octets of one picture

ReadPicture = Callable[[str], bytes]
"""Reads a picture by the path that the author wrote; raises ConfigError."""


class Picture(NamedTuple):
    """The id that HTML shows it by, without angle brackets, and the finished part."""

    cid: str
    part: bytes


def picture(path: str, raw: bytes) -> Picture:
    """The part of one file; raises :class:`ConfigError` unless it is PNG, JPEG, GIF or WebP."""
    kind = next((kind for magic, at, kind in _KINDS if raw[at : at + len(magic)] == magic), None)
    if kind is None:
        raise ConfigError(
            f"{path} is not a picture that mail programs show", hint="use PNG, JPEG, GIF or WebP"
        )
    if len(raw) > LIMIT:
        raise ConfigError(f"{path} has {len(raw)} octets, pictures may have {LIMIT}")
    name = path.rpartition("/")[2]
    cid = f"{sha256(raw).hexdigest()[:16]}@inline"
    return Picture(cid, compose.inline_part(kind, raw, name, cid))
