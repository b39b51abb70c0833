"""POST to one HTTPS server: its name is resolved once, and nothing but that address is talked to."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Timer
from typing import Any

from mailpipe.errors import UnavailableError
from mailpipe.wire import channel
from mailpipe.wire.public import is_public

LIMIT = 64 * 1024  # octets of an answer that are read
_HEADERS = 100  # fields of an answer, the limit of http.client

Resolve = Callable[[str, int], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has answered; ``body`` is at most its first 64 kB."""

    status: int
    body: bytes
    retry_after: str = ""


class NoAnswer(Exception):
    """Raised when a server did not answer; ``sent`` says whether it may have got the request."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.sent = sent


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where to: ``path`` with its query; ``private`` allows addresses that are not for everybody."""

    host: str
    port: int
    path: str
    private: bool = False
    ca: str | None = None


def resolve(host: str, port: int) -> list[tuple[Any, ...]]:
    """The addresses of a host, as socket.getaddrinfo gives them."""
    return list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


def post(
    target: Target, body: bytes, headers: Mapping[str, str], seconds: float, *, lookup: Resolve = resolve
) -> Answer:
    """Send one request and read its answer, all within ``seconds``; redirects are answers like others.

    An answer whose status has come counts, however much of its body has.

    Raises NoAnswer; ConfigError if the authorities of ``target.ca`` cannot be read.
    """
    trusted = channel.trust(target.ca)
    deadline = time.monotonic() + seconds
    held = [_connected(target, deadline, lookup)]
    # Each read has its own time limit, and a server could feed us one octet at a time.
    watch = Timer(max(0.01, deadline - time.monotonic()), _cut, [held])
    watch.daemon = True
    watch.start()
    try:
        return _exchanged(held, target, trusted, body, headers)
    finally:
        watch.cancel()
        for link in held:
            link.close()


def _connected(target: Target, deadline: float, lookup: Resolve) -> socket.socket:
    name = f"{target.host}:{target.port}"
    try:
        found = lookup(target.host, target.port)
    except (OSError, UnicodeError) as exc:
        raise NoAnswer(f"{target.host} has no address: {exc}", sent=False) from exc
    # All of them, so that a name with two faces is not asked until it shows the right one.
    hidden = [str(entry[4][0]) for entry in found if not is_public(str(entry[4][0]))]
    if hidden and not target.private:
        raise NoAnswer(f"{target.host} is {hidden[0]}, which is not a public address", sent=False)
    why = "no address"
    for family, kind, protocol, _name, address in found:
        link = socket.socket(family, kind, protocol)
        try:
            link.settimeout(max(0.01, deadline - time.monotonic()))
            link.connect(address)
            return link
        except OSError as exc:
            link.close()
            why = exc.strerror or str(exc)
    raise NoAnswer(f"{name}: {why}", sent=False)


def _exchanged(
    held: list[socket.socket],
    target: Target,
    trusted: ssl.SSLContext,
    body: bytes,
    headers: Mapping[str, str],
) -> Answer:
    name, sent = f"{target.host}:{target.port}", False
    try:
        secured = channel.wrapped(held[0], trusted, target.host, name)
        held.append(secured)
        # The connection is made: http.client only writes and reads on it.
        client = http.client.HTTPSConnection(target.host, target.port, context=trusted)
        client.sock = secured
        sent = True
        client.request("POST", target.path, body, dict(headers))
        with client.getresponse() as response:
            retry = response.headers.get("Retry-After", "")
            return Answer(response.status, response.read(LIMIT), retry)
    except UnavailableError as exc:
        raise NoAnswer(exc.detail, sent=False) from exc
    except http.client.HTTPException as exc:
        raise NoAnswer(f"{name} does not answer in HTTP: {type(exc).__name__}", sent=True) from exc
    except (OSError, ValueError) as exc:  # ValueError: read on what the watch has closed
        raise NoAnswer(f"{name}: {getattr(exc, 'strerror', None) or exc}", sent=sent) from exc


def _cut(held: list[socket.socket]) -> None:
    for link in held:
        try:
            # Of the socket itself: the shutdown of a TLS socket takes its state away from under a reader.
            socket.socket.shutdown(link, socket.SHUT_RDWR)
        except OSError:
            pass  # TLS has taken it over, or it has just ended by itself
