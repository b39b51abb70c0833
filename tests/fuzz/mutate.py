"""Damages mails in the ways that networks, programs and enemies do."""

import base64
import random
from collections.abc import Callable

from tests.fuzz.seeds import seeds

LARGEST = 400_000  # octets of one input

_TOKENS = """
--b|--=_x--|Content-Type:|multipart/mixed; boundary=|message/rfc822|text/html; charset=|charset=unicode_escape
Content-Transfer-Encoding: base64|Content-Transfer-Encoding: x-uuencode
Content-Disposition: attachment; filename*=
=?utf-8?q?|=?utf-8?b?|?=|=?x?|utf-8''%00%ff|filename*0*=|name="../../x|<|>|<div>|<td>
<p style="display:none">|</a>|<!--|<![x
&#x110000;|&nbsp|begin 644 x|=ybegin line=1 size=1 name=
=yend size=1|- - -|> > > |>>>>|On |wrote:|-- |Von: |: |{"a":|[|}
&a [*a]|!!binary |---|BEGIN:VEVENT|END:VCALENDAR|DTSTART:|geo:91,181
Status: 5.1.1|Final-Recipient: rfc822;|Action: failed
Received: |From |From: |To: |(|((((|"|,|;|@|<<|=|=\n|\\|%|\x00|\x0c|\x85|\u2028|\u202e|\ufeff|\ud7ff|ß|İ|𝕏
""".strip()
TOKENS = [token.encode() for line in _TOKENS.split("\n") for token in line.split("|")]
TOKENS += [
    b"\xff",
    b"\x80",
    b"\r",
    b"\n",
    b"\r\n",
    b"\n\n",
    b"\n ",
    b"\x1b$B",
    b"\xd8\x00",
    b"+AD0-",
    b"\x00\x00",
]

Mutation = Callable[[random.Random, bytes], bytes]


def span(rng: random.Random, raw: bytes) -> tuple[int, int]:
    start = rng.randint(0, len(raw))
    return start, min(len(raw), start + int(rng.paretovariate(0.7)))


def cut(rng: random.Random, raw: bytes) -> bytes:
    start, end = span(rng, raw)
    return raw[:start] + raw[end:]


def shorten(rng: random.Random, raw: bytes) -> bytes:
    return raw[: rng.randint(0, len(raw))]


def repeat(rng: random.Random, raw: bytes) -> bytes:
    start, end = span(rng, raw)
    piece = raw[start:end] or b"x"
    return raw[:end] + piece * min(rng.choice([1, 2, 10, 1000, 30_000]), 100_000 // len(piece)) + raw[end:]


def insert(rng: random.Random, raw: bytes) -> bytes:
    start = rng.randint(0, len(raw))
    many = rng.choice([1, 1, 1, 2, 50, 5000])
    return raw[:start] + rng.choice(TOKENS) * many + raw[start:]


def overwrite(rng: random.Random, raw: bytes) -> bytes:
    start, end = span(rng, raw)
    return raw[:start] + rng.randbytes(min(end - start, 2000)) + raw[end:]


def flip(rng: random.Random, raw: bytes) -> bytes:
    out = bytearray(raw)
    for _ in range(rng.choice([1, 3, 30])):
        if out:
            out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def swap_lines(rng: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\n")
    for _ in range(rng.choice([1, 2, 20])):
        one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def splice(rng: random.Random, raw: bytes) -> bytes:
    other = rng.choice(seeds())
    start, (begin, end) = rng.randint(0, len(raw)), span(rng, other)
    return raw[:start] + other[begin : end if rng.random() < 0.5 else len(other)] + raw[start:]


def line_ends(rng: random.Random, raw: bytes) -> bytes:
    return raw.replace(b"\r\n", b"\n").replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\r", b"\r\r\n", b"\n"]))


def wrap(rng: random.Random, raw: bytes) -> bytes:
    for _ in range(rng.choice([1, 1, 3, 40])):
        if len(raw) > LARGEST // 4:
            break
        kind = rng.choice(
            [b"message/rfc822", b"multipart/mixed; boundary=w", b"text/html", b"multipart/digest"]
        )
        if rng.random() < 0.3:
            raw = b"Content-Type: %b\nContent-Transfer-Encoding: base64\n\n%b" % (
                kind,
                base64.encodebytes(raw),
            )
        else:
            raw = b"Content-Type: %b\n\n--w\n%b\n--w--\n" % (kind, raw)
    return raw


def relabel(rng: random.Random, raw: bytes) -> bytes:
    """Another type, charset or encoding for what is there."""
    old, new = rng.choice(
        [
            (b"text/plain", b"text/html"),
            (b"text/html", b"text/plain"),
            (
                b"utf-8",
                rng.choice([b"utf-16", b"iso-2022-jp", b"utf-7", b"hz-gb-2312", b"x-unknown", b"big5"]),
            ),
            (b"8bit", rng.choice([b"base64", b"quoted-printable", b"x-uuencode"])),
            (b"base64", b"quoted-printable"),
            (b"quoted-printable", b"base64"),
            (b"mixed", rng.choice([b"alternative", b"related", b"report", b"signed", b"digest"])),
            (b"application/", rng.choice([b"text/", b"message/", b"multipart/"])),
            (b": ", b" :"),
            (b"\n\n", b"\n"),
        ]
    )
    return raw.replace(old, new, rng.choice([1, -1]))


MUTATIONS: tuple[Mutation, ...] = (
    cut, shorten, repeat, insert, insert, overwrite, flip, swap_lines, splice, line_ends, wrap, relabel,
)  # fmt: skip


def mail(seed: str) -> bytes:
    """One damaged mail; the same seed gives the same octets."""
    rng = random.Random(seed)
    raw = rng.choice(seeds())
    for _ in range(min(12, int(rng.paretovariate(0.8)))):
        raw = rng.choice(MUTATIONS)(rng, raw)[:LARGEST]
    return raw
