"""Makes the token that stands for one recipient of one message, and the picture that carries it.

A token is a random id and an HMAC (RFC 2104) of it under a key that only we have: it tells nothing
about anybody, nobody can make one, and of a pixel nobody can make the token that unsubscribes.
"""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from html import escape
from typing import Literal
from urllib.parse import urlsplit

from mailpipe.errors import ConfigError

ID_BYTES = 16
TAG_BYTES = 14  # 112 bits; with the id a multiple of three octets, so that a token has one spelling
LENGTH = (ID_BYTES + TAG_BYTES) * 4 // 3  # characters

Purpose = Literal["open", "unsubscribe"]

_TOKEN = re.compile(rf"[A-Za-z0-9_-]{{{LENGTH}}}")
_PIXEL = re.compile(rf'<img[^<>]*\bsrc="[^"<>]*/o/({_TOKEN.pattern})\.gif"[^<>]*>')
_BODY_END = re.compile(r"</body\s*>(?![\s\S]*</body\s*>)", re.I)
_DUMMY = bytes(ID_BYTES + TAG_BYTES)


def token(unique: bytes, key: bytes, purpose: Purpose = "open") -> str:
    """The token of 16 octets that occur only once."""
    if len(unique) != ID_BYTES:
        raise ValueError(f"an id has {ID_BYTES} octets")
    return urlsafe_b64encode(unique + _tag(unique, key, purpose)).decode("ascii")


def read(text: str, keys: Sequence[bytes], purpose: Purpose = "open") -> str | None:
    """The id of a token as hexadecimal digits; None unless one of ``keys`` has made it.

    The same work is done for every text, so that the time of an answer tells nothing about it.
    """
    raw = urlsafe_b64decode(text) if _TOKEN.fullmatch(text) else _DUMMY
    unique, tag = raw[:ID_BYTES], raw[ID_BYTES:]
    good = [hmac.compare_digest(_tag(unique, key, purpose), tag) for key in keys]
    return unique.hex() if any(good) and raw is not _DUMMY else None


def _tag(unique: bytes, key: bytes, purpose: Purpose) -> bytes:
    return hmac.digest(key, f"{purpose}\0".encode() + unique, "sha256")[:TAG_BYTES]


def base(url: str) -> str:
    """The URL of a pixel server without its last slash; raises ConfigError for what cannot be one."""
    try:
        parts = urlsplit(url)
    except ValueError as exc:
        raise ConfigError(f"{url!r} is not a URL: {exc}") from exc
    plain = not (parts.query or parts.fragment or parts.username) and re.fullmatch(r"[!#-;=?-~]+", url)
    if parts.scheme not in ("https", "http") or not parts.hostname or not plain:
        raise ConfigError(f"{url!r} is not the URL of a pixel server", hint="such as https://t.example.com")
    return url.rstrip("/")


def pixel_url(server: str, made: str) -> str:
    """Where the picture of a token is; ``server`` is a :func:`base`."""
    return f"{server}/o/{made}.gif"


def unsubscribe_url(server: str, made: str) -> str:
    """Where a token for that purpose unsubscribes (RFC 8058)."""
    return f"{server}/u/{made}"


def with_pixel(html: str, url: str) -> str:
    """The page with a picture of one invisible point as the last element of its body."""
    image = f'<img src="{escape(url)}" width="1" height="1" alt="" style="border:0">'
    end = _BODY_END.search(html)
    at = end.start() if end else len(html)
    return f"{html[:at]}{image}\n{html[at:]}"


def tokens_in(html: str) -> list[str]:
    """The tokens of the pixels in a page."""
    return _PIXEL.findall(html)


def without_pixel(html: str) -> str:
    """The page as it was before :func:`with_pixel`."""
    return re.sub(rf"{_PIXEL.pattern}(?:\r?\n)?", "", html)
