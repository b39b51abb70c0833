"""Checks and fills the URLs of a message: known schemes only, and data never leaves its place in them."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from urllib.parse import quote

from mailpipe.errors import RecordError
from mailpipe.render.tokens import Encoded

SCHEMES = ("https", "http", "mailto", "tel", "cid")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_HOST = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_AUTHORITY = re.compile(r"[^/?#\s\\<>\"'@]+")
_PLACED = re.compile(r"(?:https?://[^/?#]+[/?#]|mailto:|tel:)", re.IGNORECASE)
_UNSAFE = re.compile(r"[\0-\x1f\x7f\u2028\u2029\\]")
_RESERVED = ":/?#[]@!$&'()*+,;=%-._~"


def literal_problem(url: str) -> str | None:
    """What is wrong with a URL that the author wrote, or None; ``#anchor`` is fine."""
    if url.startswith("#"):
        return None
    match = _SCHEME.match(url)
    if match is None:
        return f"the link {url[:120]!r} has no scheme, write https://..."
    if match[1].lower() not in SCHEMES:
        return f"the link {url[:120]!r} has a scheme that mail programs do not open safely"
    return None


def filler(literals: Sequence[str]) -> Callable[[Sequence[str]], str]:
    """What makes the URL of ``literals`` with values between them, or raises :class:`RecordError`.

    Behind a host of the author's a value is percent-encoded, so that it cannot leave its place.  A value
    that brings the scheme or the host itself must make a URL that is allowed as a whole.
    """
    if not is_placed(literals[0]):
        return partial(_whole, literals)
    first, *rest = literals
    start = checked(first)
    # Where each value goes is known before it is: behind a "?" slashes are encoded too.
    places = ["".join(literals[: at + 1]) for at in range(len(rest))]
    ends = [quote(literal, safe=_RESERVED) for literal in rest]

    def fill(values: Sequence[str]) -> str:
        pieces = [start]
        for place, value, end in zip(places, values, ends, strict=True):
            pieces += (placed(place, value), end)
        return "".join(pieces)

    return fill


def _whole(literals: Sequence[str], values: Sequence[str]) -> str:
    url = literals[0]
    for value, literal in zip(values, literals[1:], strict=True):
        if is_placed(url):
            url += placed(url, value)
        elif _HOST.fullmatch(url):
            url += _host(value, url)
        else:
            url += value.strip()
        url += literal
    return checked(url)


def is_placed(url: str) -> bool:
    """Whether a value behind this beginning of a URL is past its scheme and host."""
    return _PLACED.match(url) is not None


def placed(url: str, value: str) -> str:
    """The value as it stands behind ``url``: it cannot leave its place."""
    if isinstance(value, Encoded):
        return value
    if url[0] in "tT":
        return quote(re.sub(r"[\s().-]", "", value), safe="+")
    if url[0] in "mM" and "?" not in url:
        return quote(value.strip(), safe="@")
    return quote(value, safe="/" if "?" not in url else "")


def _host(value: str, url: str) -> str:
    if not _AUTHORITY.fullmatch(value) or not value.isprintable():
        raise refused(url + value, "the data bring more than a host name")
    return value


def checked(url: str) -> str:
    """The URL in ASCII; raises :class:`RecordError` unless its scheme is allowed and it has a host."""
    match = _SCHEME.match(url)
    if match is None or match[1].lower() not in SCHEMES:
        raise refused(url, f"it must start with one of {', '.join(f'{scheme}:' for scheme in SCHEMES[:-1])}")
    if _UNSAFE.search(url):
        raise refused(url, "it has a control character or a backslash in it")
    if match[1].lower() in ("http", "https"):
        return _web(url)
    return quote(url, safe=_RESERVED)


def _web(url: str) -> str:
    match = _HOST.match(url)
    host = match[0].partition("://")[2] if match else ""
    if match is None or not host or "@" in host:
        raise refused(url, "it has no host, or a user name before it")
    if not host.isascii():
        import idna

        name, colon, port = host.partition(":")
        try:
            host = idna.encode(name, uts46=True).decode() + colon + port
        except UnicodeError as exc:
            raise refused(url, str(exc)) from exc
    elif not _AUTHORITY.fullmatch(host):
        raise refused(url, "its host is not one")
    return match[0].partition("://")[0] + "://" + host + quote(url[match.end() :], safe=_RESERVED)


def refused(url: str, why: str) -> RecordError:
    return RecordError(f"the link {url[:120]!r} is refused: {why}", slug="bad-url")
