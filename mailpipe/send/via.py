"""Read where messages go: a URL as a value, checked, and never with a password in it."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, unquote, urlsplit

from mailpipe.errors import UsageError

SUBMISSION, RELAY = 587, 25  # RFC 6409: who has a user submits; who has none relays
PORTS = {"smtp": RELAY, "smtps": 465, "lmtp": 24}
SENDMAIL = "/usr/sbin/sendmail"
FORMS = "smtp://user@host:port, smtps://..., lmtp://host:port, lmtp:///socket, sendmail: or maildir:DIR"

_HOST = re.compile(r"[A-Za-z0-9_.:-]+(?:%[A-Za-z0-9_.-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """A way for messages to leave; ``path`` is a Maildir, a program or a Unix socket."""

    scheme: str
    user: str | None = None
    host: str = ""
    port: int = 0
    path: str = ""

    @property
    def networked(self) -> bool:
        """Whether a server is spoken to."""
        return self.scheme in PORTS

    @property
    def url(self) -> str:
        """The URL, the same however it was written."""
        if not self.host:
            return f"{self.scheme}:{self.path}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{quote(self.user, safe='') + '@' if self.user else ''}{host}:{self.port}"


def via(url: str) -> Via:
    """The value of a URL; raises UsageError, which never repeats a password."""
    scheme, colon, rest = url.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in (*PORTS, "sendmail", "maildir"):
        raise UsageError(f"{_shown(url)!r} is no way to send", hint=f"write {FORMS}")
    if scheme == "maildir":
        if not rest:
            raise UsageError("maildir: names no folder", hint="write maildir:DIR")
        return Via(scheme=scheme, path=rest)
    if scheme == "sendmail":
        return Via(scheme=scheme, path=rest.removeprefix("//") or SENDMAIL)
    if scheme == "lmtp" and re.match(r"(?://)?/[^/]", rest):
        return Via(scheme=scheme, path=unquote(rest.removeprefix("//")))
    return _networked(url, scheme)


def _networked(url: str, scheme: str) -> Via:
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise UsageError(f"{_shown(url)!r} is no usable URL: {exc}", hint=f"write {FORMS}") from exc
    if parts.password is not None:
        raise UsageError(
            "a URL holds no password", hint="set MAILPIPE_SMTP_PASSWORD, or configure an account"
        )
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or parts.path.strip("/") or parts.query:
        raise UsageError(f"{_shown(url)!r} has no usable host", hint=f"write {FORMS}")
    user = unquote(parts.username) if parts.username else None
    default = SUBMISSION if scheme == "smtp" and user else PORTS[scheme]
    return Via(scheme=scheme, user=user, host=parts.hostname, port=port or default)


def _shown(url: str) -> str:
    """A URL without what may be a password."""
    return re.sub(r"//[^/@]*@", "//...@", url)[:200]
