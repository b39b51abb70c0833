"""Reach a server through a proxy: HTTP or HTTPS with CONNECT (RFC 9110 section 9.3.6), or SOCKS5."""

import os
import socket
from base64 import b64encode
from urllib.parse import SplitResult, unquote, urlsplit

from mailpipe.errors import ConfigError, NotPermittedError, ProtocolError, TemporaryError, UnavailableError

PASSWORD = "MAILPIPE_PROXY_PASSWORD"  # the environment variable for http://user@proxy:port
_PORTS = {"http": 8080, "https": 443, "socks5": 1080, "socks5h": 1080}
_HEADER = 65536  # octets of the proxy's answer
_TEMPORARY = {408, 425, 429, 500, 502, 503, 504}


def connect(proxy: str, host: str, port: int, *, timeout: float) -> socket.socket:
    """A socket on which ``host`` speaks next; ``timeout`` in seconds holds for it from then on.

    ``proxy`` is ``http://user@proxy.example.com:3128``, ``https://...`` (the way to the proxy itself is
    encrypted) or ``socks5://...``.  Raises WorldError.
    """
    parts = _parts(proxy)
    where = str(parts.hostname), parts.port or _PORTS[parts.scheme]
    shown = f"proxy {where[0]}:{where[1]}"
    try:
        link = socket.create_connection(where, timeout)
    except OSError as exc:
        raise TemporaryError(f"{shown}: {exc.strerror or exc}") from exc
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return _through(link, parts, shown, (host, port), timeout)
    except OSError as exc:
        link.close()
        raise TemporaryError(f"{shown}: {exc.strerror or exc}") from exc
    except BaseException:
        link.close()
        raise


def _through(
    link: socket.socket, parts: SplitResult, shown: str, goal: tuple[str, int], timeout: float
) -> socket.socket:
    login = (unquote(parts.username), os.environ.get(PASSWORD, "")) if parts.username else None
    if parts.scheme.startswith("socks"):
        from mailpipe.wire import socks

        socks.greet(link, shown, goal, login)
        return link
    if parts.scheme == "http":
        _ask(link, shown, goal, login)
        return link
    from mailpipe.wire import channel, relay

    outer = channel.wrapped(link, channel.trust(None), str(parts.hostname), shown)
    _ask(outer, shown, goal, login)
    inner = relay.inside(outer)
    inner.settimeout(timeout)
    return inner


def _ask(link: socket.socket, shown: str, goal: tuple[str, int], login: tuple[str, str] | None) -> None:
    link.sendall(request(*goal, _credentials(login)))
    check(header(link, shown), shown, f"{goal[0]}:{goal[1]}")


def _parts(proxy: str) -> SplitResult:
    try:
        parts = urlsplit(proxy)
        if parts.scheme in _PORTS and parts.hostname and parts.port != 0:
            if parts.password is None:
                return parts
            raise ConfigError("a proxy URL holds no password", hint=f"set {PASSWORD}")
    except ValueError:
        pass
    raise ConfigError(
        f"{proxy!r} is no proxy", hint="write http://, https:// or socks5://proxy.example.com:3128"
    )


def _credentials(login: tuple[str, str] | None) -> str:
    if login is None:
        return ""
    pair = ":".join(login).encode("utf-8", "surrogateescape")
    return f"Proxy-Authorization: Basic {b64encode(pair).decode()}\r\n"


def request(host: str, port: int, credentials: str = "") -> bytes:
    """The CONNECT request; an IPv6 address gets its brackets."""
    name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n{credentials}\r\n".encode("ascii")


def header(link: socket.socket, shown: str) -> bytes:
    """The proxy's answer up to its empty line, and not an octet more.

    The server's greeting may lie in the same segment, so nothing is read ahead.
    """
    answer = bytearray()
    while not answer.endswith(b"\r\n\r\n"):
        octet = link.recv(1)
        if not octet:
            raise TemporaryError(f"{shown} closed the connection before it answered")
        answer += octet
        if len(answer) > _HEADER:
            raise ProtocolError(f"{shown} answers without end")
    return bytes(answer)


def check(answer: bytes, shown: str, goal: str) -> None:
    """Raise what the status line of an answer means; nothing for 2xx."""
    line = answer.split(b"\r\n", 1)[0].decode("ascii", "backslashreplace")
    version, _, rest = line.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
        raise ProtocolError(f"{shown} does not speak HTTP: {line[:80]!r}")
    status = int(rest[:3])
    if 200 <= status < 300:
        return
    if status in (401, 407):  # tinyproxy answers a wrong password with 401
        raise NotPermittedError(
            f"{shown} wants a login: {rest}", hint=f"write http://user@proxy:port and set {PASSWORD}"
        )
    if 300 <= status < 400:
        raise UnavailableError(f"{shown} redirects instead of connecting to {goal}: {rest}")
    kind = TemporaryError if status in _TEMPORARY else UnavailableError
    raise kind(f"{shown} does not connect to {goal}: {rest}")
