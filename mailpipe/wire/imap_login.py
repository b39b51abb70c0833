"""Open an IMAP session: connection, greeting, TLS, login; no secret before the channel is safe."""

from base64 import b64encode

from mailpipe.config import Server
from mailpipe.errors import (
    ConfigError,
    NotPermittedError,
    ProtocolError,
    TemporaryError,
    UnavailableError,
    UsageError,
)
from mailpipe.wire import channel as channels
from mailpipe.wire.channel import Channel
from mailpipe.wire.imap import Refused, Session
from mailpipe.wire.imap_names import quoted
from mailpipe.wire.location import Address, address
from mailpipe.wire.loopback import is_loopback

_OURS = ("UNAVAILABLE", "INUSE", "LIMIT", "SERVERBUG")  # codes of a refusal that is not about the password


def open_session(server: Server) -> Session:
    """A session in which the user is logged in; raises WorldError."""
    where = address(server.url)
    if where.user is None:
        raise UsageError(f"{where.url} names no user", hint="write imaps://user@host")
    session = _connected(server, where)
    try:
        _log_in(session, server, where.user)
        _capabilities(session)
    except Refused as exc:
        session.close()
        raise exc.as_error() from exc
    except BaseException:
        session.close()
        raise
    return session


def _connected(server: Server, where: Address) -> Session:
    name = f"{where.host}:{where.port}"
    link = channels.connect(where.host, where.port, proxy=server.proxy)
    if where.scheme == "imaps":
        link = channels.wrapped(link, channels.trust(server.ca), where.host, name)
    session = Session(Channel(link, name))
    try:
        _greeting(session)
        if where.scheme == "imap":
            _start_tls(session, server, where)
    except Refused as exc:
        session.close()
        raise exc.as_error() from exc
    except BaseException:
        session.close()
        raise
    return session


def _greeting(session: Session) -> None:
    greeting = session.answer()
    if greeting.tag != "*" or greeting.kind not in ("OK", "PREAUTH"):
        raise ProtocolError(f"{session.name} does not greet as an IMAP server: {greeting.kind}")
    if greeting.kind == "PREAUTH":
        # In this state STARTTLS is not allowed any more: a way to keep a client in clear text.
        raise UnavailableError(f"{session.name} says that we are logged in already, which we did not ask for")
    _capabilities(session)


def _start_tls(session: Session, server: Server, where: Address) -> None:
    private = is_loopback(where.host) and server.proxy is None and server.ca is None
    if private and not session.offers("LOGINDISABLED"):
        return
    if not session.offers("STARTTLS"):
        raise UnavailableError(
            f"{session.name} does not offer STARTTLS, and no password is sent in clear text",
            hint=f"try imaps://{where.host}",
        )
    session.command("STARTTLS")
    session.channel.start_tls(channels.trust(server.ca), where.host)
    _capabilities(session)  # those heard in clear text may be anybody's (RFC 3501 section 6.2.1)


def _capabilities(session: Session) -> None:
    session.capabilities = frozenset()
    session.command("CAPABILITY")
    if not session.capabilities & {"IMAP4REV1", "IMAP4REV2"}:
        raise ProtocolError(f"{session.name} is no IMAP4rev1 server")


def _log_in(session: Session, server: Server, user: str) -> None:
    try:
        if server.token is not None:
            _by_token(session, user, server.token.read())
        elif server.password is not None:
            _by_password(session, user, server.password.read())
        else:
            raise ConfigError(
                f"{session.name}: no password is configured", hint="add password: {command: [...]}"
            )
    except Refused as exc:
        detail = f"{session.name} refuses the login of {user}: {exc.answer.text}"
        if exc.code in _OURS:
            raise TemporaryError(detail) from exc
        raise NotPermittedError(detail, hint="check user and password") from exc


def _by_password(session: Session, user: str, password: str) -> None:
    if session.offers("AUTH=PLAIN"):
        secret = "\0".join(("", user, password)).encode("utf-8", "surrogateescape")  # RFC 4616
        _authenticate(session, "PLAIN", secret)
    elif session.offers("LOGINDISABLED"):
        raise UnavailableError(f"{session.name} takes no password on this connection")
    elif (user + password).isascii() and (user + password).isprintable():
        session.command("LOGIN", quoted(user), quoted(password))
    else:
        session.command("LOGIN", user.encode(), password.encode("utf-8", "surrogateescape"))


def _by_token(session: Session, user: str, token: str) -> None:
    if session.offers("AUTH=OAUTHBEARER"):
        _authenticate(session, "OAUTHBEARER", f"n,a={_name(user)},\x01auth=Bearer {token}\x01\x01".encode())
    elif session.offers("AUTH=XOAUTH2"):
        _authenticate(session, "XOAUTH2", f"user={user}\x01auth=Bearer {token}\x01\x01".encode())
    else:
        raise UnavailableError(
            f"{session.name} offers neither OAUTHBEARER nor XOAUTH2", hint="use a password"
        )


def _name(user: str) -> str:
    return user.replace("=", "=3D").replace(",", "=2C")  # saslname, RFC 5801 section 4


def _authenticate(session: Session, mechanism: str, secret: bytes) -> None:
    first = b64encode(secret).decode("ascii")
    if session.offers("SASL-IR"):
        tag, answers = session.start("AUTHENTICATE", mechanism, first), [b"\r\n"]
    else:
        tag, answers = session.start("AUTHENTICATE", mechanism), [first.encode() + b"\r\n", b"\r\n"]
    while True:
        answer = session.answer()
        if answer.tag == "+":
            # A challenge after ours tells why it failed; it wants an empty answer (RFC 7628 section 3.2.3).
            session.channel.send(answers.pop(0) if answers else b"*\r\n")
        elif answer.tag == tag:
            if answer.kind != "OK":
                raise Refused(session.name, "AUTHENTICATE", answer)
            return
