"""Checks the address of a webhook before the first record; pure."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from mailpipe.config import Secret
from mailpipe.route.ruletypes import Post

MOST_RETRIES = 5
LONGEST = 60.0  # seconds of one try
PORT = 443

_HOST = re.compile(r"[A-Za-z0-9.:-]+")
_PATH = re.compile(r"[\x21-\x7e]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A webhook that can be called; ``origin`` is how people and records are told of it."""

    host: str
    port: int
    path: str = field(repr=False)  # it may be as good as a password
    secret: Secret
    private: bool
    ca: str | None
    retries: int
    timeout: float

    @property
    def origin(self) -> str:
        """Scheme, host and port without the path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}" + ("" if self.port == PORT else f":{self.port}")


def posting(said: str | Post, default: Secret | None) -> Posting:
    """The webhook that a rule names; raises ValueError with what is wrong."""
    post = Post(url=said) if isinstance(said, str) else said
    secret = post.secret or default
    if secret is None:
        raise ValueError("post: there is no secret to sign with; add secret: {file: hook.key} to the file")
    if not 0 <= post.retries <= MOST_RETRIES:
        raise ValueError(f"post: retries is a number up to {MOST_RETRIES}")
    if not 0 < post.timeout <= LONGEST:
        raise ValueError(f"post: timeout is a number of seconds up to {LONGEST:.0f}")
    host, port, path = _address(post.url)
    if not post.private and _is_inside(host):
        raise ValueError(
            f"post: {host} is not a public address; if that is meant, write post: {{url: ..., private: true}}"
        )
    return Posting(
        host=host,
        port=port,
        path=path,
        secret=secret,
        private=post.private,
        ca=post.ca,
        retries=post.retries,
        timeout=post.timeout,
    )


def _address(url: str) -> tuple[str, int, str]:
    if "{" in url or "}" in url:
        raise ValueError("post: nothing of a message can be in the URL; it is in the body")
    try:
        parts = urlsplit(url)
        port = parts.port or PORT
    except ValueError as exc:
        raise ValueError(f"post: {url!r} is not a URL: {exc}") from exc
    if parts.scheme != "https":
        raise ValueError(f"post: {url!r} does not begin with https://")
    if "@" in parts.netloc:
        raise ValueError("post: a URL holds no user and no password")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or parts.fragment:
        raise ValueError(
            f"post: {url!r} has no usable host, or a fragment; other scripts are written xn--..."
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if not _PATH.fullmatch(path):
        raise ValueError("post: the path of the URL has characters that must be %-encoded")
    return parts.hostname, port, path


def _is_inside(host: str) -> bool:
    """Whether a literal host can only be private; names are judged when they are resolved."""
    from mailpipe.wire.public import is_public

    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return not is_public(host)
