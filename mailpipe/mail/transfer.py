"""Content-Transfer-Encodings (RFC 2045 section 6) as they are found, decoded without ever failing."""

import re
from binascii import Error, a2b_qp, a2b_uu

import pybase64

_NAMES = {
    "": "7bit",
    "7bit": "7bit",
    "8bit": "8bit",
    "8bits": "8bit",
    "7bits": "7bit",
    "binary": "binary",
    "none": "binary",
    "base64": "base64",
    "b64": "base64",
    "quotedprintable": "quoted-printable",
    "quotedprinted": "quoted-printable",
    "qp": "quoted-printable",
    "uuencode": "uuencode",
    "xuuencode": "uuencode",
    "uue": "uuencode",
    "xuue": "uuencode",
}
_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
_COMMENT = re.compile(r"\([^()]*\)")
_ALPHABET = bytes(
    b for b in range(256) if b not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)
_BASE64_LINE = re.compile(rb"[A-Za-z0-9+/=]*+[ \t]*+\r?(?:\n|\Z)")
_PROSE = re.compile(rb"(?<=\n)(?![A-Za-z0-9+/=]*+[ \t]*+\r?(?:\n|\Z))")
_BLANK_BEHIND = re.compile(rb"=[ \t]")
_SOFT_BREAK = re.compile(rb"=[ \t]+(?=\r?\n|$)")
_BARE_CR = re.compile(rb"=\r(?!\n)")
_UU_BEGIN = re.compile(rb"^begin(?:-base64)? [0-7]{3,4} [^\r\n]*\r?\n", re.MULTILINE)


def name(value: str) -> tuple[str, tuple[str, ...]]:
    """The canonical name of a Content-Transfer-Encoding field and the defects of its spelling.

    An encoding that nobody knows is read as ``binary`` (``transfer-encoding-unknown``).
    """
    plain = value.strip().lower() or "7bit"
    if plain in _CANONICAL:
        return plain, ()
    plain = _COMMENT.sub("", plain)
    whole = _NAMES.get(_NOT_A_NAME.sub("", plain))
    if whole is None:  # "base64, base64", "base64; charset=utf-8"
        first = re.split(r"[\s,;]+", plain.strip("\"' \t"), maxsplit=1)[0]
        whole = _NAMES.get(_NOT_A_NAME.sub("", first) or "?")
    if whole is None:
        return "binary", ("transfer-encoding-unknown",)
    return whole, (() if plain.strip() == whole else ("transfer-encoding-spelling",))


_CANONICAL = frozenset({"7bit", "8bit", "binary", "base64", "quoted-printable"})


def decode(body: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """The octets that a body stands for, and the defects met; ``encoding`` is what :func:`name` gave."""
    if encoding == "base64":
        return base64(body)
    if encoding == "quoted-printable":
        return quoted_printable(body)
    if encoding == "uuencode":
        return uuencode(body)
    return body, ()


def base64(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Decode base64; octets outside the alphabet are skipped (RFC 2045 section 6.8)."""
    return base64_at(body, 0, len(body))


def base64_at(buffer: bytes, start: int, end: int) -> tuple[bytes, tuple[str, ...]]:
    """Decode base64 where it lies in a buffer: a large attachment is not copied for it."""
    padding = buffer.find(b"=", start, end)
    if padding >= 0 and buffer[padding:end].translate(None, b"= \t\r\n"):
        return _segments(buffer[start:end], padding - start)
    try:
        return pybase64.b64decode(memoryview(buffer)[start:end]), ()
    except Error:
        return _padded(buffer[start:end].translate(None, _ALPHABET)), ("base64-padding",)


def _padded(letters: bytes) -> bytes:
    letters = letters.replace(b"=", b"")
    if len(letters) % 4 == 1:  # six bits left over are no octet
        letters = letters[:-1]
    return pybase64.b64decode(letters + b"=" * (-len(letters) % 4))


def _segments(body: bytes, end: int) -> tuple[bytes, tuple[str, ...]]:
    """Decode base64 that goes on behind its padding at ``end``: each line padded, joined files, prose.

    A later line counts only if it is all base64: list servers append their footers to encoded bodies.
    """
    defects: tuple[str, ...] = ("base64-padding",)
    stop = _prose(body, end)
    if stop >= 0:
        body = body[:stop]
        defects = (*defects, "base64-trailing-text")
    letters = body.translate(None, _ALPHABET)
    return b"".join([_padded(piece) for piece in letters.split(b"=") if piece]), defects


def _prose(body: bytes, end: int) -> int:
    """Where text begins that is no base64: the rest of the line of the padding, or a later line; or -1."""
    if not _BASE64_LINE.match(body, end):
        return end
    found = _PROSE.search(body, end)
    return found.start() if found else -1


def quoted_printable(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Decode quoted-printable; what is no valid escape stays as it is (RFC 2045 section 6.7)."""
    if _BLANK_BEHIND.search(body):  # white space added behind a soft line break on the way
        body = _SOFT_BREAK.sub(b"=", body)
    if b"\r" in body and body.count(b"=\r") != body.count(b"=\r\n"):
        body = _BARE_CR.sub(b"=\n", body)  # a2b_qp would skip everything up to the next line feed
    return a2b_qp(body), ()


def uuencode(body: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Decode the first uuencoded file in a body; a body without one stays as it is."""
    begin = _UU_BEGIN.search(body)
    if begin is None:
        return body, ("uuencode-begin-missing",)
    pieces: list[bytes] = []
    defects: tuple[str, ...] = ("uuencode-end-missing",)
    for line in body[begin.end() :].splitlines():
        if line.rstrip() == b"end":
            defects = ()
            break
        try:
            pieces.append(a2b_uu(line))
        except Error:
            # Trailing characters beyond the length that the line announces, or a line cut short.
            size = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                pieces.append(a2b_uu(line[:size]))
            except Error:
                return b"".join(pieces), ("uuencode-damaged",)
    return b"".join(pieces), defects
