"""Where mail lies: an account or a URL as one value, whose name never holds a secret."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from mailpipe.config import Account, Folders, Server, Settings
from mailpipe.errors import UsageError

PORTS = {"imap": 143, "imaps": 993}
PASSWORD = "MAILPIPE_IMAP_PASSWORD"  # the environment variable for a URL that no account has
_URL = re.compile(r"(imaps?://|maildir:|mbox:)", re.I)
_HOST = re.compile(r"[A-Za-z0-9._:%-]+")


@dataclass(frozen=True, slots=True)
class Location:
    """A mail store.

    ``protocol`` is ``imap``, ``maildir`` or ``mbox``; ``url`` names the store in records and in the
    state database; ``account`` is None for a bare URL.
    """

    protocol: str
    url: str
    account: str | None = None
    server: Server | None = None
    path: Path = Path()
    folders: Folders = field(default_factory=Folders)


@dataclass(frozen=True, slots=True)
class Address:
    """The network part of an IMAP URL."""

    scheme: str
    user: str | None
    host: str
    port: int

    @property
    def url(self) -> str:
        """The URL in its one canonical form."""
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{user}{host}:{self.port}"


def locate(settings: Settings, target: str | None) -> Location:
    """The store of an account's name, of a URL, or of the default account.

    Raises UsageError or ConfigError.
    """
    if target is None or not _URL.match(target):
        return of_account(settings.account(target))
    location = of_url(target)
    if location.protocol != "imap":
        return location
    for account in settings.config.accounts.values():
        if account.imap and _URL.match(account.imap.url):
            known = of_account(account)
            if known.url == location.url:  # its secrets, proxy and folders hold for the bare URL too
                return Location("imap", known.url, None, known.server, folders=known.folders)
    return location


def of_account(account: Account) -> Location:
    """The store that an account reads from."""
    if account.imap is None:
        raise UsageError(
            f"account {account.name!r} has no imap server",
            hint="add imap: {url: ...}, see mailpipe-config(5)",
        )
    found = of_url(account.imap.url)
    server = account.imap if found.protocol == "imap" else None
    return Location(found.protocol, found.url, account.name, server, found.path, account.folders)


def of_url(url: str) -> Location:
    """The store of a URL: ``imap://user@host:port``, ``imaps://...``, ``maildir:DIR``, ``mbox:FILE``."""
    if not _URL.match(url):
        raise UsageError(f"{url!r} is not imap://, imaps://, maildir:DIR or mbox:FILE")
    scheme, _, rest = url.partition(":")
    scheme = scheme.lower()
    if scheme in PORTS:
        from mailpipe.config import Secret

        return Location("imap", address(url).url, None, Server(url=url, password=Secret(env=PASSWORD)))
    if not rest:
        raise UsageError(f"{url!r} names no {'directory' if scheme == 'maildir' else 'file'}")
    path = Path(rest).expanduser().absolute()
    return Location(scheme, f"{scheme}:{path}", path=path)


def address(url: str) -> Address:
    """The parts of an IMAP URL; raises UsageError, and refuses one with a password."""
    try:
        parts: SplitResult = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except (ValueError, KeyError) as exc:
        raise UsageError(f"not a usable IMAP URL: {exc}", hint="write imaps://user@host:port") from exc
    if parts.password is not None:
        raise UsageError("a URL holds no password", hint=f"set {PASSWORD}, or configure an account")
    if not parts.hostname or not _HOST.fullmatch(parts.hostname) or parts.path.strip("/"):
        raise UsageError("the IMAP URL has no usable host", hint="write imaps://user@host:port")
    user = unquote(parts.username) if parts.username else None
    return Address(parts.scheme, user, parts.hostname, port)


def box(url: str, mailbox: str, uid_validity: int | None = None) -> str:
    """The name of one folder of a store in the state database, in the manner of RFC 5092."""
    validity = "" if uid_validity is None else f";UIDVALIDITY={uid_validity}"
    return f"{url}/{mailbox}{validity}"
