"""Reach a server through a SOCKS5 proxy (RFC 1928), with user and password where it wants them (RFC 1929).

The proxy looks up the server's name, as it often knows names that we do not.
"""

import ipaddress
import socket

from mailpipe.errors import NotPermittedError, ProtocolError, TemporaryError, UnavailableError, UsageError

_NO_LOGIN, _PASSWORD = 0, 2
_FOR_GOOD = {2: "its rules forbid it", 7: "it does not know CONNECT", 8: "it does not know such addresses"}
_FOR_NOW = {
    1: "it fails",
    3: "the network cannot be reached",
    4: "the host cannot be reached",
    5: "the connection was refused",
    6: "it took too long",
}


def greet(link: socket.socket, shown: str, goal: tuple[str, int], login: tuple[str, str] | None) -> None:
    """Have the proxy connect ``link`` with ``goal``; ``login`` is user and password.

    Not an octet of the server is read.  Raises WorldError, or OSError of the link.
    """
    methods = bytes([_NO_LOGIN, _PASSWORD] if login else [_NO_LOGIN])
    link.sendall(bytes([5, len(methods)]) + methods)
    version, method = _exactly(link, 2, shown)
    if version != 5:
        raise ProtocolError(f"{shown} does not speak SOCKS5")
    if method == _PASSWORD and login:
        _log_in(link, shown, *login)
    elif method != _NO_LOGIN:
        raise NotPermittedError(
            f"{shown} wants a login", hint="write socks5://user@proxy:port and set MAILPIPE_PROXY_PASSWORD"
        )
    link.sendall(b"\5\1\0" + _address(*goal))
    version, reply, _, kind = _exactly(link, 4, shown)
    if version != 5:
        raise ProtocolError(f"{shown} does not speak SOCKS5")
    if reply:
        detail = f"{shown} does not connect to {goal[0]}:{goal[1]}: "
        if reply in _FOR_NOW:
            raise TemporaryError(detail + _FOR_NOW[reply])
        raise UnavailableError(detail + _FOR_GOOD.get(reply, f"reply {reply}"))
    length = {1: 4, 4: 16}.get(kind) or _exactly(link, 1, shown)[0]
    _exactly(link, length + 2, shown)


def _log_in(link: socket.socket, shown: str, user: str, password: str) -> None:
    name, secret = user.encode(), password.encode("utf-8", "surrogateescape")
    if not (0 < len(name) < 256 and len(secret) < 256):
        raise UsageError(f"{shown}: user and password have at most 255 octets")
    link.sendall(b"\1%c%b%c%b" % (len(name), name, len(secret), secret))
    if _exactly(link, 2, shown)[1]:
        raise NotPermittedError(f"{shown} refuses the login of {user}", hint="check MAILPIPE_PROXY_PASSWORD")


def _address(host: str, port: int) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        return b"\3%c%b" % (len(name), name) + port.to_bytes(2, "big")
    return (b"\1" if address.version == 4 else b"\4") + address.packed + port.to_bytes(2, "big")


def _exactly(link: socket.socket, count: int, shown: str) -> bytes:
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        if not more:
            raise TemporaryError(f"{shown} closed the connection before it answered")
        data += more
    return data
