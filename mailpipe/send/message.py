"""Make what goes on the wire of what a record carries: CRLF only, no Bcc, a Message-ID and a Date."""

import re
from collections.abc import Callable

from mailpipe.errors import RecordError

MAX_LINE = 998  # octets without CRLF (RFC 5322 section 2.1.1)

BCC = re.compile(rb"^(?:resent-)?bcc[ \t]*:.*\r\n(?:[ \t].*\r\n)*", re.I | re.M)
# Whoever delivers for good writes a Return-Path of his own (RFC 5321 section 4.4).
_RETURN_PATH = re.compile(rb"^return-path[ \t]*:.*\r\n(?:[ \t].*\r\n)*", re.I | re.M)
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_HEAD = re.compile(rb"(?:[!-9;-~]+[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)+")
_OTHER = bytes(set(range(256)) - set(b"\r\n\0"))
_MESSAGE_ID = re.compile(rb"^message-id[ \t]*:[ \t]*((?:.|\r\n[ \t])*)\r\n", re.I | re.M)
_DATE = re.compile(rb"^date[ \t]*:", re.I | re.M)


def wire(raw: bytes) -> tuple[bytes, bytes]:
    """Header block (each line with its CRLF) and body of a message that any server may be given.

    A line feed alone becomes CRLF, so that what looks like the end of a message to a lax server
    cannot be in it (CVE-2023-51764 to 51766); a carriage return alone and NUL have no harmless
    reading and are refused, and so are over-long lines, which servers would cut.
    Raises RecordError.
    """
    message = crlf(raw)
    _check_lines(message)
    head, gap, body = message.partition(b"\r\n\r\n")
    if message.startswith(b"\r\n"):
        head, gap, body = b"", b"\r\n", message[2:]
    head = head + b"\r\n" if gap == b"\r\n\r\n" else head
    if not _HEAD.fullmatch(head):
        _refuse_head(head)
    lower = head.lower()
    if b"bcc" in lower:
        head = BCC.sub(b"", head)
    if b"return-path" in lower:
        head = _RETURN_PATH.sub(b"", head)
    return head, body


def crlf(raw: bytes) -> bytes:
    """The same text with every line ended by CRLF, the last one too.

    Raises RecordError on a carriage return alone and on NUL.
    """
    ends = raw.translate(None, _OTHER)  # what is left when all but CR, LF and NUL is taken away
    if ends != b"\r\n" * (len(ends) // 2) or raw.count(b"\r\n") * 2 != len(ends):
        _refuse_controls(raw)
        raw = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return raw if raw.endswith(b"\r\n") else raw + b"\r\n"


def _refuse_controls(raw: bytes) -> None:
    if b"\x00" in raw:
        raise RecordError(
            "the message contains a NUL octet", slug="bad-message", hint="encode that part as base64"
        )
    if raw.count(b"\r") != raw.count(b"\r\n"):
        raise RecordError(
            "the message contains a carriage return without line feed",
            slug="bad-message",
            hint="encode that part as base64 or quoted-printable",
        )


def _check_lines(message: bytes) -> None:
    start, end = 0, len(message)
    while end - start > MAX_LINE + 2:
        # Jump from line end to line end, about a thousand octets at a time.
        found = message.rfind(b"\r\n", start, start + MAX_LINE + 2)
        if found < 0:
            number = message.count(b"\n", 0, start) + 1
            raise RecordError(
                f"line {number} of the message is longer than {MAX_LINE} octets (RFC 5322 section 2.1.1)",
                slug="bad-message",
                hint="encode that part as base64 or quoted-printable",
            )
        start = found + 2


def _refuse_head(head: bytes) -> None:
    for number, line in enumerate(head.split(b"\r\n")[:-1], 1):
        if not (_FIELD.match(line) or (number > 1 and line[:1] in b" \t")):
            shown = line[:40].decode("ascii", "backslashreplace")
            raise RecordError(
                f"line {number} of the message is no header field: {shown!r}", slug="bad-message"
            )
    raise RecordError("the message has no header", slug="bad-message")


def message_id(head: bytes) -> str:
    """The Message-ID without angle brackets and folding; empty when there is none."""
    found = _MESSAGE_ID.search(head)
    value = b"".join(found.group(1).split()) if found else b""
    return value.removeprefix(b"<").removesuffix(b">").decode("utf-8", "backslashreplace")


def completed(head: bytes, new_id: Callable[[], str], date: Callable[[], str]) -> tuple[bytes, str]:
    """The header block with the Message-ID and Date that RFC 5322 section 3.6 asks for; and that id."""
    found = message_id(head)
    if not found:
        found = new_id()
        head = _MESSAGE_ID.sub(b"", head) + b"Message-ID: <%b>\r\n" % found.encode("ascii")
    if b"\nDate:" not in head and not _DATE.search(head):
        head += b"Date: %b\r\n" % date().encode("ascii")
    return head, found
