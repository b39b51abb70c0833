"""Make of one recipient's copy the message as its author keeps it: without pixel, with everybody in it."""

import re
from collections.abc import Iterable
from typing import Any

from mailpipe.errors import RecordError
from mailpipe.mail import compose, encode, mime, pixel
from mailpipe.mail.mailbox import Mailbox, named
from mailpipe.mail.mime import Part

_PEOPLE = re.compile(rb"^(?:from|to|cc)[ \t]*:.*\r\n(?:[ \t].*\r\n)*", re.I | re.M)
_BCC = re.compile(rb"^bcc[ \t]*:", re.I | re.M)
_OURS = re.compile(
    rb"^list-unsubscribe:[ \t]*<[^<>\r\n]*/u/[A-Za-z0-9_-]{%d}>\r\nlist-unsubscribe-post:.*\r\n"
    % pixel.LENGTH,
    re.I | re.M,
)


def canonical(raw: bytes, bcc: Iterable[Any]) -> bytes:
    """The message without pixel and without its recipient's way to unsubscribe, with a Bcc field.

    ``raw`` has CRLF line ends, ``bcc`` are addresses as records have them.
    """
    head, gap, body = without_pixels(raw).partition(b"\r\n\r\n")
    head = _OURS.sub(b"", head + b"\r\n")
    people = [box for box in map(_mailbox, bcc) if box is not None]
    if people and not _BCC.search(head):
        last = max((found.end() for found in _PEOPLE.finditer(head)), default=0)
        head = head[:last] + encode.addresses("Bcc", people) + head[last:]
    return head.removesuffix(b"\r\n") + gap + body


def _mailbox(given: Any) -> Mailbox | None:
    if not isinstance(given, dict) or not isinstance(given.get("email"), str):
        return None
    name = given.get("name")
    try:
        return named(name if isinstance(name, str) else None, given["email"])
    except RecordError:
        return None  # it was in the envelope of a mail that is sent: no reason to keep no copy


def with_people(raw: bytes, original: bytes) -> bytes:
    """The message with From, To and Cc as they are in a copy that the provider has kept."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    kept = _PEOPLE.findall(original.partition(b"\r\n\r\n")[0] + b"\r\n")
    own = _PEOPLE.findall(head + b"\r\n")
    if not any(field.lower().startswith(b"from") for field in kept) or sorted(kept) == sorted(own):
        return raw
    rest = _PEOPLE.sub(b"", head + b"\r\n")
    return (b"".join(kept) + rest).removesuffix(b"\r\n") + gap + body


def tokens(raw: bytes) -> list[str]:
    """The tokens of the pixels in a message."""
    return [found for part in _pages(raw) for found in pixel.tokens_in(_page(part))]


def without_pixels(raw: bytes) -> bytes:
    """The message without pixels; what has none stays as it is, octet by octet."""
    for part in reversed(_pages(raw)):
        page = _page(part)
        if pixel.tokens_in(page):
            body = _encoded(pixel.without_pixel(page).encode("latin-1"), part.encoding)
            raw = raw[: part.body] + body + raw[part.end :]
    return raw


def _pages(raw: bytes) -> list[Part]:
    """The parts of HTML that lie in the message itself, in their order."""
    parts = mime.read(raw).walk()
    return [part for part in parts if part.type == "text/html" and not part.parts and part.buffer is raw]


def _page(part: Part) -> str:
    return part.content()[0].decode("latin-1")  # a pixel is ASCII; every other octet comes back as it was


def _encoded(data: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return compose.base64(data)
    return compose.quoted_printable(data) if encoding == "quoted-printable" else data
