"""A connection that speaks in lines and counted octets: bounded, timed, and in our errors."""

import io
import select
import socket
import ssl
from pathlib import Path
from typing import cast

from mailpipe.errors import ConfigError, ProtocolError, TemporaryError, UnavailableError

CONNECT_SECONDS = 30.0
ANSWER_SECONDS = 120.0  # the longest silence in the middle of an answer
MAX_LINE = 1024 * 1024  # octets
_BUFFER = 256 * 1024


class Channel:
    """One connection to ``name``; every method may raise TemporaryError."""

    def __init__(self, link: socket.socket, name: str) -> None:
        self.name = name
        self._adopt(link)

    def _adopt(self, link: socket.socket) -> None:
        self._link = link
        self._link.settimeout(ANSWER_SECONDS)
        self._file = cast(io.BufferedReader, link.makefile("rb", _BUFFER))

    @property
    def link(self) -> socket.socket:
        """The socket as it is now: a TLS socket once TLS is on."""
        return self._link

    def send(self, data: bytes) -> None:
        """Write all of it."""
        try:
            self._link.sendall(data)
        except OSError as exc:
            raise self._lost(exc) from exc

    def line(self) -> bytes:
        """One line with its end."""
        try:
            line = self._file.readline(MAX_LINE)
        except OSError as exc:
            raise self._lost(exc) from exc
        if line.endswith(b"\n"):
            return line
        if len(line) >= MAX_LINE:
            raise ProtocolError(f"{self.name} sends a line without end")
        raise TemporaryError(f"{self.name} closed the connection")

    def exactly(self, count: int) -> bytes:
        """That many octets, never fewer."""
        try:
            data = self._file.read(count)
        except OSError as exc:
            raise self._lost(exc) from exc
        if len(data) != count:
            raise TemporaryError(f"{self.name} closed the connection after {len(data)} of {count} octets")
        return data

    def skip(self, count: int) -> None:
        """Read that many octets and forget them."""
        while count > 0:
            count -= len(self.exactly(min(count, _BUFFER)))

    def at_hand(self) -> bool:
        """Whether a read would not wait; also true where it would tell that the connection is lost."""
        readable = bool(select.select([self._link], [], [], 0)[0])
        self._link.setblocking(False)
        try:
            return bool(self._file.peek(1)) or readable
        except ssl.SSLWantReadError:
            return False  # a part of a TLS record, or what TLS says to itself
        except OSError:
            return True
        finally:
            self._link.settimeout(ANSWER_SECONDS)

    def fileno(self) -> int:
        """The descriptor, for waiting."""
        return self._link.fileno()

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS; raises ProtocolError if the server has said more before than it should.

        What was received in clear must not be taken for an answer that came encrypted
        (CVE-2011-0411 and its kin).
        """
        self._link.setblocking(False)
        early = self._file.peek(1)
        self._link.settimeout(ANSWER_SECONDS)
        if early:
            raise ProtocolError(f"{self.name} sent data in clear after it had agreed to TLS")
        self._file.detach()
        self._adopt(wrapped(self._link, context, host, self.name))

    def close(self) -> None:
        """Close it, whatever its state."""
        for part in (self._file, self._link):
            try:
                part.close()
            except (OSError, ValueError):
                pass

    def _lost(self, exc: OSError) -> TemporaryError:
        if isinstance(exc, TimeoutError):
            return TemporaryError(f"{self.name} did not answer within {ANSWER_SECONDS:.0f} s")
        return TemporaryError(f"{self.name}: connection lost: {exc.strerror or exc}")


def connect(host: str, port: int, *, proxy: str | None = None) -> socket.socket:
    """A TCP connection, through an HTTP proxy if one is given; raises WorldError."""
    if proxy:
        from mailpipe.wire import proxy as http

        return http.connect(proxy, host, port, timeout=CONNECT_SECONDS)
    try:
        link = socket.create_connection((host, port), CONNECT_SECONDS)
    except socket.gaierror as exc:
        raise TemporaryError(f"{host}: no address: {exc.strerror}") from exc
    except OSError as exc:
        raise TemporaryError(f"{host}:{port}: {exc.strerror or exc}") from exc
    # Commands go out in one write each and are answered at once; Nagle would only delay them.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def trust(ca: str | None) -> ssl.SSLContext:
    """A context that verifies certificate and host name; ``ca`` replaces the system's authorities."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(f"{Path(ca or '')} holds no certificates: {exc}") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 8996
    return context


def wrapped(link: socket.socket, context: ssl.SSLContext, host: str, name: str) -> ssl.SSLSocket:
    """The same connection in TLS; raises UnavailableError or TemporaryError."""
    try:
        return context.wrap_socket(link, server_hostname=host)
    except ssl.SSLCertVerificationError as exc:
        link.close()
        raise UnavailableError(
            f"{name}: its certificate is not trusted: {exc.verify_message}",
            hint="if the authority is your own, give its PEM file as ca",
        ) from exc
    except ssl.SSLError as exc:
        link.close()
        raise UnavailableError(f"{name}: no TLS: {exc.reason or exc}") from exc
    except OSError as exc:
        link.close()
        raise TemporaryError(f"{name}: {exc.strerror or exc}") from exc
