"""Open the transport that an account or a URL names, with the secrets that belong to it."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mailpipe.config import Account, Secret, Server, Settings
from mailpipe.errors import ConfigError, UsageError
from mailpipe.mail.parcel import Deliver
from mailpipe.send.via import Via, via

if TYPE_CHECKING:
    from mailpipe.wire.auth import Credentials
    from mailpipe.wire.smtp_session import Place

PASSWORD = "MAILPIPE_SMTP_PASSWORD"  # the environment variable for a URL that no account has
WORLD = "mail"


class Transport(Deliver, Protocol):
    """A way to deliver that can be closed."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line says about the network; seconds, None where it says nothing."""

    connections: int = 1
    tls_ca: str | None = None
    tls_pin: str | None = None
    connect_timeout: float = 30.0
    command_timeout: float = 300.0
    dot_timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class Route:
    """A transport, the part of the ledger that it shares with others of its kind, and its manners.

    ``via`` is its URL.  ``resolves``: it finds out itself what became of a message whose outcome is
    unknown.
    """

    transport: Transport
    scope: str
    via: str
    resolves: bool = False


def route(settings: Settings, url: str | None, account: str | None, wishes: Wishes) -> Route:
    """The way out; raises UsageError or ConfigError."""
    server, where = _server(settings, url, account)
    if where.scheme == "maildir":
        from mailpipe.wire.maildir import Maildir

        path = Path(where.path).expanduser().absolute()
        # What lies in a folder has not been sent to the world, nor the other way round.
        return Route(Maildir(path), f"maildir:{path}", f"maildir:{path}", resolves=True)
    if where.scheme == "sendmail":
        from mailpipe.wire.sendmail import Sendmail

        return Route(Sendmail(where.path, seconds=wishes.dot_timeout), WORLD, f"sendmail:{where.path}")
    return Route(_smtp(settings, server, where, wishes), WORLD, where.url)


def _server(settings: Settings, url: str | None, account: str | None) -> tuple[Server, Via]:
    if url is None:
        chosen = settings.optional_account(account)
        if chosen.smtp is None:
            raise _nowhere(chosen)
        return chosen.smtp, via(chosen.smtp.url)
    where = via(url)
    if account is not None:
        known = settings.account(account).smtp
        return known or Server(url=url), where
    if where.networked:
        for other in settings.config.accounts.values():
            if other.smtp is not None and via(other.smtp.url) == where:
                return other.smtp, where  # its secrets, proxy and authorities hold for the bare URL too
    return Server(url=url, password=Secret(env=PASSWORD)), where


def _nowhere(account: Account) -> Exception:
    hint = (
        "give --via maildir:out to try it without a server, or configure an account, see mailpipe-config(5)"
    )
    if account.name:
        return ConfigError(f"account {account.name!r} has no smtp server", hint=hint)
    return UsageError("nowhere to send to", hint=hint)


def _smtp(settings: Settings, server: Server, where: Via, wishes: Wishes) -> Transport:
    from mailpipe.wire.smtp import Smtp

    return Smtp(place(settings, server, where, wishes), connections=wishes.connections)


def place(settings: Settings, server: Server, where: Via, wishes: Wishes) -> "Place":
    """How a server is spoken to; raises UsageError or ConfigError."""
    from mailpipe.wire.esmtp import LMTP, SMTP
    from mailpipe.wire.smtp_session import Place, Timeouts

    return Place(
        dialect=LMTP if where.scheme == "lmtp" else SMTP,
        host=where.host,
        port=where.port,
        path=where.path,
        tls=where.scheme == "smtps",
        ca=wishes.tls_ca or server.ca,
        pin=_pin(wishes.tls_pin),
        proxy=server.proxy,
        greet_as=_own_name(settings),
        credentials=_credentials(server, where),
        timeouts=Timeouts(
            connect=wishes.connect_timeout, command=wishes.command_timeout, dot=wishes.dot_timeout
        ),
    )


def _credentials(server: Server, where: Via) -> "Credentials | None":
    from mailpipe.wire.auth import Credentials

    if where.user is None:
        return None
    token, password = server.token, server.password
    if token is None and password is None:
        raise ConfigError(
            f"no password is configured for {where.user}", hint="add password: {command: [...]}"
        )
    return Credentials(
        where.user,
        password=None if token else _reader(password),
        token=_reader(token),
        host=where.host,
        port=where.port,
    )


def _reader(secret: Secret | None) -> Callable[[], str] | None:
    return None if secret is None else secret.read


def _own_name(settings: Settings) -> str:
    """What we call ourselves to a server; empty where this host has no name in the DNS's form."""
    if settings.config.domain:
        return settings.config.domain
    name = os.uname().nodename
    return name if "." in name.strip(".") else ""


def _pin(text: str | None) -> str | None:
    """The SHA-256 of a certificate as openssl and browsers print it, or as bare digits."""
    if text is None:
        return None
    digits = text.lower().removeprefix("sha256:").replace(":", "")
    if len(digits) != 64 or set(digits) - set("0123456789abcdef"):
        raise UsageError("--tls-pin is not the SHA-256 of a certificate, 64 hexadecimal digits")
    return digits
