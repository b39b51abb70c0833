"""Writes header fields: encoded words (RFC 2047), parameters (RFC 2231), folding (RFC 5322 section 2.2.3).

Only text for people is ever encoded.  Identifiers, addresses and URLs are folded between themselves
and never inside: a message id in encoded words is another message id.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote

from mailpipe.errors import MailpipeError, RecordError
from mailpipe.mail.mailbox import Mailbox

SOFT, HARD = 76, 998  # octets of a line: what we aim at, and what RFC 5322 section 2.1.1 allows
WORD = 75  # characters of an encoded word, RFC 2047 section 2

_PHRASE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_TOKEN = re.compile(r"[!#$&+.^_`{|}~A-Za-z0-9-]+")  # without those that RFC 2231 gives a meaning
_FORGED = re.compile(r"=\?[^?\s]*\?([bq])\?([^?\s]*)\?=", re.IGNORECASE)
_Q_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")
_Q_SHORT = bytes(_Q_SAFE) + b" "
_Q = [chr(octet) if octet in _Q_SAFE else "_" if octet == 32 else f"={octet:02X}" for octet in range(256)]
_BLOCK = re.compile(rb"(?:[!-9;-~]{1,200}:(?: [^\r\n\0]{0,990})?\r\n(?:[ \t][^\r\n\0]{0,997}\r\n)*)+")
_BLANK_LINE = re.compile(rb"\r\n[ \t]*\r\n")


class BadHeaderError(MailpipeError):
    """Raised when a finished header block is not what it must be: a fault of ours, never sent."""

    slug = "bad-header"


def text(name: str, value: str) -> bytes:
    """A field whose body is text for people (RFC 5322 section 2.2.1), such as Subject.

    Raises :class:`RecordError` for control characters, also for those in an encoded word that the
    value brings along: older libraries decode it and write the line end that it hides.
    """
    value = checked(name, value)
    if value.isascii() and "=?" not in value and len(name) + 2 + len(value) <= SOFT:
        return f"{name}: {value}\r\n".encode()
    return folded(name, words(value, len(name) + 2))


def checked(name: str, value: str) -> str:
    """The value without outer blanks; raises :class:`RecordError` if it would deceive or break a line."""
    if not (value.isascii() and value.isprintable()):
        for character in value:
            if character != "\t" and (not character.isprintable() and not _visible(character)):
                raise RecordError(
                    f"{name} has the control character U+{ord(character):04X} in it: {value[:80]!r}",
                    slug="bad-header",
                    hint="remove it from the data",
                )
    if "=?" in value:
        _refuse_hidden_lines(name, value)
    return value.strip(" \t")


def _visible(character: str) -> bool:
    """Not printable for Python, and yet without harm: all kinds of blanks, joiners, private use."""
    import unicodedata

    return (
        unicodedata.category(character) in ("Zs", "Co", "Cn") or character in "\u200b\u200c\u200d\ufeff\u00ad"
    )


def _refuse_hidden_lines(name: str, value: str) -> None:
    from base64 import b64decode
    from binascii import Error
    from quopri import decodestring

    for kind, payload in _FORGED.findall(value):
        try:
            raw = b64decode(payload) if kind in "bB" else decodestring(payload.encode(), header=True)
        except (Error, ValueError):
            continue
        if any(octet < 32 or octet == 127 for octet in raw):
            raise RecordError(
                f"{name} has an encoded word with a control character in it: {value[:80]!r}",
                slug="bad-header",
            )


def words(value: str, used: int) -> list[str]:
    """The text as words to fold between; those from the first to the last that need it are encoded."""
    pieces = value.split(" ")
    odd = [index for index, piece in enumerate(pieces) if _needs_encoding(piece)]
    if not odd:
        return pieces
    first, last = odd[0], odd[-1] + 1
    before = used + sum(len(piece) + 1 for piece in pieces[:first])
    return [*pieces[:first], *encoded_words(" ".join(pieces[first:last]), before), *pieces[last:]]


def _needs_encoding(piece: str) -> bool:
    return not piece.isascii() or "=?" in piece or "\t" in piece or len(piece) > HARD - 80


def encoded_words(value: str, used: int = 0) -> list[str]:
    """The text as encoded words in UTF-8: in Q unless B is much shorter; no character is split."""
    raw = value.encode()
    cost_in_q = len(raw) + 2 * len(raw.translate(None, _Q_SHORT))
    in_q = cost_in_q <= (len(raw) + 2) // 3 * 6
    room = max(WORD - 12 - used, 16) if used < SOFT else WORD - 12
    if in_q and cost_in_q <= room:
        return [_word(raw, in_q)]
    out: list[str] = []
    piece, size = b"", 0
    for character in value:
        octets = character.encode()
        cost = sum(len(_Q[octet]) for octet in octets) if in_q else len(octets)
        if size + cost > (room if in_q else room // 4 * 3):
            out.append(_word(piece, in_q))
            piece, size, room = b"", 0, WORD - 12
        piece += octets
        size += cost
    return [*out, _word(piece, in_q)]


def _word(raw: bytes, in_q: bool) -> str:
    if in_q:
        return f"=?utf-8?q?{''.join(_Q[octet] for octet in raw)}?="
    return f"=?utf-8?b?{b64encode(raw).decode()}?="


def addresses(name: str, mailboxes: Iterable[Mailbox]) -> bytes:
    """A field that is a list of mailboxes (RFC 5322 section 3.4), folded after commas."""
    shown = [address(mailbox) for mailbox in mailboxes]
    if len(shown) == 1 and len(name) + 2 + len(shown[0]) <= SOFT:
        return f"{name}: {shown[0]}\r\n".encode()
    pieces: list[str] = []
    for item in shown[:-1]:
        pieces += f"{item},".split(" ")
    return folded(name, pieces + shown[-1].split(" "))


def address(mailbox: Mailbox) -> str:
    """One mailbox as it stands in a header; the name quoted or encoded where it has to be."""
    shown = mailbox.name
    if not shown:
        return mailbox.email
    if not shown.isascii() or "=?" in shown:
        shown = " ".join(encoded_words(shown, 12))
    elif not _PHRASE.fullmatch(shown):
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
        shown = f'"{escaped}"'
    return f"{shown} <{mailbox.email}>"


def identifiers(name: str, ids: Iterable[str]) -> bytes:
    """A field of message ids, given without angle brackets, such as References."""
    return folded(name, [f"<{checked_id(name, each)}>" for each in ids])


def checked_id(name: str, value: str) -> str:
    """The id; raises :class:`RecordError` if it has blanks, brackets or anything that is not ASCII."""
    if not value.isascii() or not value.isprintable() or not value or re.search(r"[\s<>]", value):
        raise RecordError(f"{name} has {value[:120]!r}, which is not a message id", slug="bad-header")
    return value


def structured(name: str, value: str) -> bytes:
    """A field that programs read, such as List-Unsubscribe: folded at blanks, never encoded."""
    value = checked(name, value)
    if not value.isascii():
        raise RecordError(
            f"{name} is read by programs and must be ASCII: {value[:80]!r}",
            slug="bad-header",
            hint="percent-encode the URL",
        )
    return folded(name, re.sub(r",(?=<)", ", ", value).split())


def folded(name: str, pieces: list[str]) -> bytes:
    """A field of pieces with a blank or a fold between them; a piece that is too long is a RecordError."""
    out = [f"{name}:"]
    width = len(out[0])
    for index, piece in enumerate(pieces):
        size = len(piece) if piece.isascii() else len(piece.encode())
        if size > HARD - 1 or (not index and width + 1 + size > HARD):
            raise RecordError(f"{name} has a word of {size} octets, 997 are allowed", slug="bad-header")
        # A line of blanks alone would end the header for some readers, so a fold needs a visible piece.
        if index and piece and width + 1 + size > SOFT:
            out.append("\r\n")
            width = 0
        out.append(f" {piece}")
        width += 1 + size
    out.append("\r\n")
    return "".join(out).encode()


def parameter(name: str, value: str) -> str:
    """``; name=value`` for Content-Type and Content-Disposition: RFC 2231 where ASCII does not do."""
    if value.isascii() and value.isprintable() and len(value) <= 60:
        if _TOKEN.fullmatch(value):
            return f"; {name}={value}"
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'; {name}="{escaped}"'
    octets = quote(value, safe="!#$&+-.^_`|~")
    if len(octets) <= 60:
        return f";\r\n {name}*=utf-8''{octets}"
    return "".join(
        f";\r\n {name}*{number}*={piece}" for number, piece in enumerate(_sections(f"utf-8''{octets}"))
    )


def _sections(octets: str) -> Iterable[str]:
    """At most 60 characters each, never cut inside ``%xx``."""
    while octets:
        end = 60
        while end < len(octets) and "%" in octets[end - 2 : end]:
            end -= 1
        yield octets[:end]
        octets = octets[end:]


def check_block(block: bytes) -> bytes:
    """The header block, checked octet by octet; raises :class:`BadHeaderError`.

    Every line starts a field or continues one, ends with CR LF and has at most 998 octets; there is
    no bare CR or LF, no NUL and no line of blanks alone.
    """
    if not _BLOCK.fullmatch(block) or _BLANK_LINE.search(block):
        raise BadHeaderError(f"the header block is not well-formed: {block[:400]!r}")
    return block
