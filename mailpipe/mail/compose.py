"""Writes MIME messages as joined octets: parts, multiparts, and the message around them.

Every part is octets that are ready for any SMTP server: lines end with CR LF and have at most 998
octets, and everything that is not short lines of ASCII is quoted-printable or base64 (RFC 2045
section 6).  Nothing has to be encoded again on the way, so a signature over a part stays valid.
"""

from binascii import b2a_qp
from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256

import pybase64

from mailpipe.mail import encode

LINE = 998  # octets without CR LF, RFC 5322 section 2.1.1

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def text_part(kind: str, text: str) -> bytes:
    """A part of text in UTF-8; ``kind`` is its media type, such as ``text/plain``.

    Line ends of every kind become CR LF.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = text.replace("\n", "\r\n")
    raw = text.encode()
    head = f"Content-Type: {kind}; charset=utf-8\r\nContent-Transfer-Encoding: ".encode()
    if raw.isascii() and _fits(raw):
        return b"%b7bit\r\n\r\n%b" % (head, raw)
    # Letters with accents stay readable in quoted-printable; other scripts would grow to three times.
    if len(raw) - len(text) <= len(text) // 6:
        return b"%bquoted-printable\r\n\r\n%b" % (head, quoted_printable(raw))
    return b"%bbase64\r\n\r\n%b" % (head, base64(raw))


def data_part(kind: str, raw: bytes, name: str) -> bytes:
    """A part of JSON or YAML with a file name: short lines of ASCII as they are, else base64.

    Line ends become CR LF, which means the same in both.
    """
    lines = raw.replace(b"\n", b"\r\n")
    plain = b"\r" not in raw and is_7bit(lines)
    head = (
        f"Content-Type: {kind}{encode.parameter('name', name)}\r\n"
        f"Content-Disposition: attachment{encode.parameter('filename', name)}\r\n"
        f"Content-Transfer-Encoding: {'7bit' if plain else 'base64'}\r\n\r\n"
    )
    return head.encode() + (lines if plain else base64(raw))


def file_part(kind: str, raw: bytes, name: str) -> bytes:
    """An attachment: its octets arrive as they are, whatever they are."""
    head = (
        f"Content-Type: {kind}{encode.parameter('name', name)}\r\n"
        f"Content-Disposition: attachment{encode.parameter('filename', name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64(raw)


def calendar_part(raw: bytes, method: str) -> bytes:
    """An invitation, or an answer to one: ``method`` is the one in it (RFC 6047 section 2.4)."""
    head = (
        f"Content-Type: text/calendar; charset=utf-8; method={method}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64(raw)


def inline_part(kind: str, raw: bytes, name: str, cid: str) -> bytes:
    """A part that the HTML shows by ``cid:`` (RFC 2392); ``cid`` is without angle brackets."""
    head = (
        f"Content-Type: {kind}{encode.parameter('name', name)}\r\n"
        f"Content-ID: <{encode.checked_id('Content-ID', cid)}>\r\n"
        f"Content-Disposition: inline{encode.parameter('filename', name)}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + base64(raw)


def is_7bit(raw: bytes) -> bool:
    """Whether the octets may travel as they are: ASCII, no NUL, CR and LF in pairs, no long line."""
    if not raw.isascii():
        return False
    lines = raw.count(b"\r\n")
    if lines != raw.count(b"\n") or lines != raw.count(b"\r"):
        return False
    return _fits(raw)


def _fits(raw: bytes) -> bool:
    """Whether text with the right line ends has no NUL and no long line."""
    return b"\0" not in raw and (len(raw) <= LINE or max(map(len, raw.split(b"\n"))) <= LINE)


def quoted_printable(raw: bytes) -> bytes:
    """RFC 2045 section 6.7, for text whose lines end with CR LF."""
    quoted = b2a_qp(raw, istext=True)
    # It breaks lines with CR LF only where it has seen one.
    return quoted if b"\r\n" in raw else quoted.replace(b"=\n", b"=\r\n")


def base64(raw: bytes) -> bytes:
    """RFC 2045 section 6.8, in lines of 76."""
    return pybase64.encodebytes(raw).replace(b"\n", b"\r\n")


def multipart(kind: str, parts: Sequence[bytes], unique: str, parameters: str = "") -> bytes:
    """A multipart of at least one part; a single part stays itself.

    The boundary starts with ``=_``, which neither quoted-printable nor base64 can contain, and is
    made anew should it occur in a part nevertheless (RFC 2046 section 5.1.1).
    """
    if len(parts) == 1:
        return parts[0]
    boundary = _boundary(kind, parts, unique)
    opened = f"--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{kind}{parameters};\r\n boundary="{boundary}"\r\n\r\n'.encode()
    between = b"\r\n" + opened
    return b"%b%b%b\r\n--%b--\r\n" % (head, opened, between.join(parts), boundary.encode())


def _boundary(kind: str, parts: Sequence[bytes], unique: str) -> str:
    boundary = f"=_{kind[:3]}_{unique}"
    while any(boundary.encode() in part for part in parts):
        unique = sha256(boundary.encode()).hexdigest()[:32]
        boundary = f"=_{kind[:3]}_{unique}"
    return boundary


def message(fields: Iterable[bytes], body: bytes) -> bytes:
    """A whole message: header fields, each ending with CR LF, and a part with fields of its own.

    Raises :class:`~mailpipe.mail.encode.BadHeaderError` rather than return a header that a reader could
    take for another one.
    """
    own, _, content = body.partition(b"\r\n\r\n")
    block = b"%bMIME-Version: 1.0\r\n%b\r\n" % (b"".join(fields), own)
    return b"%b\r\n%b" % (encode.check_block(block), content)


def date(moment: datetime) -> str:
    """An aware moment as in RFC 5322 section 3.3: ``Fri, 20 Nov 2026 09:12:44 +0100``."""
    zone = moment.strftime("%z")[:5]
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year:04} "
        f"{moment.hour:02}:{moment.minute:02}:{moment.second:02} {zone}"
    )
