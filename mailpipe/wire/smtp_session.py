"""Open an SMTP or LMTP session: connection, greeting, TLS, login; no secret before it is safe."""

import binascii
import socket
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailpipe.errors import NotPermittedError, ProtocolError, TemporaryError, UnavailableError, WorldError
from mailpipe.mail.reply import Reply
from mailpipe.wire import auth, esmtp
from mailpipe.wire.esmtp import Dialect, Replies
from mailpipe.wire.loopback import is_loopback
from mailpipe.wire.transaction import Terms

if TYPE_CHECKING:
    import ssl

_RECEIVE = 64 * 1024  # more than a TLS record, so that nothing stays behind in the TLS layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds (RFC 5321 section 4.5.3.2)."""

    connect: float = 30.0
    command: float = 300.0
    dot: float = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A server and how it is spoken to.

    ``path`` is a Unix socket and stands instead of host and port.  ``tls`` starts with TLS at once;
    else STARTTLS is required unless the connection stays on this host.  ``ca`` names a PEM file
    with the authorities to trust instead of the system's, ``pin`` the SHA-256 of the certificate.
    """

    dialect: Dialect
    host: str = ""
    port: int = 0
    path: str = ""
    tls: bool = False
    ca: str | None = None
    pin: str | None = None
    proxy: str | None = None
    greet_as: str = ""
    credentials: auth.Credentials | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)

    @property
    def name(self) -> str:
        """The server as messages to people name it."""
        return self.path or f"{self.host}:{self.port}"

    @property
    def private(self) -> bool:
        """Whether nobody else can listen to a connection with it."""
        return bool(self.path) or (self.proxy is None and is_loopback(self.host))


class Lost(Exception):
    """Raised when the connection is gone, silent for too long, or no SMTP any more.

    ``reply`` is what the server said of it, if it did.
    """

    def __init__(self, why: str, reply: Reply | None = None) -> None:
        super().__init__(why)
        self.reply = reply


class Session:
    """One connection; ``terms`` are what the server offered last."""

    def __init__(self, place: Place, link: socket.socket) -> None:
        self.place = place
        self.link = link
        self.terms = Terms(place.dialect, {})
        self._replies = Replies()
        self._blocked: tuple[type[OSError], ...] = (BlockingIOError, TimeoutError)
        self._pending: Callable[[], int] = int  # octets in the TLS layer

    def send(self, data: bytes) -> None:
        """Write all of it, waiting where needed; raises Lost."""
        try:
            self.link.settimeout(self.place.timeouts.command)
            self.link.sendall(data)
        except OSError as exc:
            raise Lost(str(exc.strerror or exc)) from exc

    def receive(self, seconds: float) -> None:
        """Take in what is there, waiting for it at most so long; raises Lost."""
        self.link.settimeout(max(seconds, 0.001))
        if not self._received():
            raise Lost("no answer in time")

    def unblock(self) -> None:
        """From now on nothing waits: :meth:`write` and :meth:`receive_now` are used."""
        self.link.setblocking(False)

    def write(self, data: memoryview) -> int:
        """Write what the network takes now and give back how much that is; raises Lost."""
        try:
            return self.link.send(data)
        except self._blocked:
            return 0
        except OSError as exc:
            raise Lost(str(exc.strerror or exc)) from exc

    def receive_now(self) -> None:
        """Take in all that is there, if anything is; raises Lost."""
        # The TLS layer gives one record at a time, and select does not see those behind it.
        while self._received() and self._pending():
            pass

    def _received(self) -> bool:
        try:
            data = self.link.recv(_RECEIVE)
        except self._blocked:
            return False
        except OSError as exc:
            raise Lost(str(exc.strerror or exc)) from exc
        if not data:
            raise Lost("the server closed the connection")
        self._replies.feed(data)
        return True

    def taken(self) -> Reply | None:
        """The next reply that was received whole; raises Lost when it is none."""
        try:
            return self._replies.next()
        except ProtocolError as exc:
            raise Lost(exc.detail) from exc

    def replies(self) -> Iterator[Reply]:
        """All replies that were received whole; raises Lost behind the last where one is none."""
        while True:
            yield from self._replies.drain()
            reply = self.taken()
            if reply is None:
                return
            yield reply

    def ask(self, command: bytes) -> Reply:
        """Send one command and wait for its reply; raises Lost."""
        self.send(command + b"\r\n")
        return self.reply()

    def reply(self) -> Reply:
        """Wait for one reply; raises Lost."""
        while (reply := self.taken()) is None:
            self.receive(self.place.timeouts.command)
        return reply

    def start_tls(self) -> None:
        """Go on in TLS; what the server said in clear is forgotten, and may not run ahead."""
        if not self._replies.empty:
            # It would be taken for an answer that came encrypted (CVE-2011-0411 and its kin).
            raise ProtocolError(f"{self.place.name} sent data in clear after it had agreed to TLS")
        import ssl

        self.link = secured = _in_tls(self.link, self.place)
        self._replies = Replies()
        self._pending = secured.pending
        self._blocked = (BlockingIOError, TimeoutError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

    def close(self, *, politely: bool = False) -> None:
        """Close it; ``politely`` with QUIT, whose answer changes nothing."""
        try:
            if politely:
                self.link.settimeout(1.0)  # the message is sent, whatever the server says now
                self.link.sendall(b"QUIT\r\n")
                self.link.recv(_RECEIVE)
        except OSError:
            pass
        finally:
            self.link.close()


def open_session(place: Place) -> Session:
    """A session ready for MAIL; raises WorldError."""
    session = Session(place, _connected(place))
    try:
        if place.tls:
            session.start_tls()
        _greeted(session)
        _hello(session)
        if not place.tls:
            _start_tls(session)
        if place.credentials is not None:
            _log_in(session, place.credentials)
        session.unblock()
    except Lost as exc:
        session.close()
        raise TemporaryError(f"{place.name}: {exc}") from exc
    except BaseException:
        session.close()
        raise
    return session


def _connected(place: Place) -> socket.socket:
    try:
        if place.path:
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            link.settimeout(place.timeouts.connect)
            link.connect(place.path)
            return link
        if place.proxy:
            from mailpipe.wire import proxy

            return proxy.connect(place.proxy, place.host, place.port, timeout=place.timeouts.connect)
        link = socket.create_connection((place.host, place.port), place.timeouts.connect)
    except OSError as exc:
        raise TemporaryError(f"{place.name}: {exc.strerror or exc}") from exc
    # Commands go out in one write each and are answered at once; Nagle would only delay them.
    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return link


def _in_tls(link: socket.socket, place: Place) -> "ssl.SSLSocket":
    import hashlib
    import hmac

    from mailpipe.wire import channel

    link.settimeout(place.timeouts.connect)
    secured = channel.wrapped(link, channel.trust(place.ca), place.host, place.name)
    if place.pin:
        certificate = secured.getpeercert(binary_form=True) or b""
        if not hmac.compare_digest(hashlib.sha256(certificate).hexdigest(), place.pin):
            secured.close()
            raise UnavailableError(f"{place.name}: its certificate is not the one that was pinned")
    return secured


def _greeted(session: Session) -> None:
    reply = session.reply()
    if reply.code != 220:
        raise _refused(session, "", reply)


def _hello(session: Session) -> None:
    place = session.place
    name = place.greet_as or _literal(session.link)
    reply = session.ask(f"{place.dialect.hello} {name}".encode("ascii", "replace"))
    if reply.code in (500, 502) and not place.dialect.each:
        reply = session.ask(f"HELO {name}".encode("ascii", "replace"))
        session.terms = Terms(place.dialect, {})
    else:
        session.terms = Terms(place.dialect, esmtp.extensions(reply))
    if not reply.positive:
        raise _refused(session, place.dialect.hello, reply)


def _literal(link: socket.socket) -> str:
    """Our address as a domain literal, where this host has no name (RFC 5321 section 4.1.3)."""
    if link.family == socket.AF_UNIX:
        return "localhost"
    address = link.getsockname()[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _start_tls(session: Session) -> None:
    place = session.place
    if place.private and place.ca is None and place.pin is None:
        return
    if "STARTTLS" not in session.terms.offered:
        raise UnavailableError(
            f"{place.name} does not offer STARTTLS, and mail does not go out in clear text",
            hint=f"try smtps://{place.host}",
        )
    reply = session.ask(b"STARTTLS")
    if reply.code != 220:
        raise _refused(session, "STARTTLS", reply)
    session.start_tls()
    _hello(session)  # what was offered in clear may be anybody's (RFC 3207 section 4.2)


def _log_in(session: Session, credentials: auth.Credentials) -> None:
    reply = _answered(session, credentials)
    if reply.code == 535 and credentials.token is not None:
        reply = _answered(session, credentials)  # it is read anew: the one before may just have expired
    if reply.code != 235:
        detail = f"{session.place.name} refuses the login of {credentials.user}: {reply.text()}"
        if reply.code < 500:
            raise TemporaryError(detail)
        raise NotPermittedError(detail, hint="check user and password")


def _answered(session: Session, credentials: auth.Credentials) -> Reply:
    exchange = auth.choose(session.terms.offered.get("AUTH", ()), credentials)
    command = b"AUTH " + exchange.mechanism.encode("ascii")
    if exchange.first is not None:
        command += b" " + auth.encoded(exchange.first)
    reply = session.ask(command)
    for answer in exchange.answers:
        if reply.code != 334:
            break
        reply = session.ask(auth.encoded(answer(_challenge(session, reply))))
    if reply.code == 334:
        reply = session.ask(b"*")  # we have no more to say (RFC 4954 section 4)
    return reply


def _challenge(session: Session, reply: Reply) -> bytes:
    try:
        return b64decode(reply.lines[0], validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ProtocolError(f"{session.place.name} sends a challenge that is not base64") from exc


def _refused(session: Session, command: str, reply: Reply) -> WorldError:
    detail = f"{session.place.name} refuses {command or 'the connection'}: {reply.text()}"
    return UnavailableError(detail) if reply.permanent else TemporaryError(detail)
