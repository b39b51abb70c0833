"""Looks at the way to a server: its name, the connection, and its certificate."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime

from mailpipe.check.core import Finding, fail, ok, warn
from mailpipe.errors import Exit

SOON = 14  # days before the end of a certificate


def dns(topic: str, host: str, proxy: str | None) -> Iterator[Finding]:
    """The addresses of a host, or of the proxy on the way to it, which then asks for the host's."""
    if proxy:
        from urllib.parse import urlsplit

        host = urlsplit(proxy).hostname or host
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        reason = getattr(exc, "strerror", None) or str(exc)
        todo = "is the name right, and is there a resolver?"
        status = Exit.TEMPORARY if getattr(exc, "errno", None) == socket.EAI_AGAIN else Exit.UNAVAILABLE
        yield fail(topic, f"{host} has no address: {reason}", todo, status)
        return
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    yield ok(topic, f"{host} is {', '.join(addresses[:4])}")


def tls(topic: str, link: socket.socket, now: datetime) -> Iterator[Finding]:
    """The TLS of a connection, and how long the certificate is good."""
    if not isinstance(link, ssl.SSLSocket):
        yield Finding(topic, "note", "no TLS: the connection stays on this computer")
        return
    cipher = link.cipher()
    yield ok(topic, f"{link.version()}, {cipher[0] if cipher else 'no cipher'}")
    certificate = link.getpeercert() or {}
    end = certificate.get("notAfter")
    if not isinstance(end, str):
        return
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC)
    days = (until - now).days
    if days < SOON:
        yield warn(
            topic, f"the certificate ends in {days} days, on {until:%Y-%m-%d}", "tell who runs the server"
        )
    else:
        yield ok(topic, f"the certificate is good until {until:%Y-%m-%d}")
