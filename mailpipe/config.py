"""Accounts, secrets and XDG paths: one YAML file, checked key by key, read only when needed."""

import os
import stat
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

import msgspec

from mailpipe.errors import CannotCreateError, ConfigError, NotPermittedError

T = TypeVar("T")

SECRET_SECONDS = 60  # how long a secret's command may take


class Secret(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A secret, never written in the file itself: exactly one of three places to read it from."""

    command: list[str] | None = None
    """Program and arguments; its output without the last line end. It gets no stdin."""
    file: str | None = None
    """A file that only its owner can read; relative to the configuration file."""
    env: str | None = None
    """The name of an environment variable."""

    def __post_init__(self) -> None:
        if sum(place is not None for place in (self.command, self.file, self.env)) != 1:
            raise ValueError("a secret is exactly one of command, file, env")

    def read(self) -> str:
        """The secret; raises ConfigError or NotPermittedError, which never contain it."""
        if self.env is not None:
            return self._from_environment(self.env)
        if self.file is not None:
            return _from_file(Path(self.file).expanduser())
        return _from_command(self.command or [])

    def _from_environment(self, name: str) -> str:
        value = os.environ.get(name)
        if value is None:
            raise ConfigError(f"the environment variable {name} is not set", hint="a secret is read from it")
        return value


class Server(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """A server to talk to."""

    url: str
    """scheme://user@host:port; never with a password."""
    password: Secret | None = None
    """The password of the URL's user."""
    token: Secret | None = None
    """An OAuth 2.0 access token, used with XOAUTH2 or OAUTHBEARER instead of a password."""
    proxy: str | None = None
    """A proxy: http://, https:// (both with CONNECT) or socks5://user@host:port."""
    ca: str | None = None
    """A PEM file with the certificates to trust instead of the system's."""

    def __post_init__(self) -> None:
        userinfo, at, _host = self.url.partition("://")[2].rpartition("@")
        if at and ":" in userinfo:
            raise ValueError("a URL holds no password; use password: {command: [...]}")


class Folders(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The folders of an account; those that are missing are created."""

    inbox: str = "INBOX"
    """Where incoming mail lies."""
    processed: str = "processed"
    """Where settle puts mail that a handler has taken care of."""
    failed: str = "failed"
    """Where settle puts mail that a person has to look at."""
    sent: str = "auto"
    """Where sent copies go; auto finds the server's own Sent folder."""


class Trust(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """Whom to believe."""

    authserv_ids: list[str] = []
    """The authserv-ids (RFC 8601) of our own border servers."""
    hosts: list[str] = []
    """Our own servers as they name themselves in Received, or their domain; authserv-ids always count."""
    organizations: list[str] = []
    """Domains of organizations, such as example.com: hosts below one may authenticate for each other."""


class KeyPair(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A certificate and its private key."""

    certificate: str
    """A PEM file with the certificate, followed by those of its issuers."""
    key: str
    """A PEM file with its private key, which only its owner can read."""
    passphrase: Secret | None = None
    """The passphrase of the private key, if it has one."""


CIPHERS = ("auto", "aes-256-gcm", "aes-256-cbc")


class Smime(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """Certificates and keys for S/MIME (RFC 8551)."""

    own: KeyPair | None = None
    """What render signs with, and what is encrypted to us is decrypted with."""
    earlier: list[KeyPair] = []
    """What we had before, or have for encryption alone, for mail that was encrypted to it."""
    authorities: str | None = None
    """A PEM file with the certificates (and revocation lists) of those who vouch for senders, or system."""
    recipients: str | None = None
    """A folder with the certificates of those whom render encrypts to: ADDRESS.pem, in small letters."""
    cipher: str = "auto"
    """aes-256-gcm, which nobody can change on the way; aes-256-cbc, which old mail programs know; or auto:
    the first where openssl has it."""

    def __post_init__(self) -> None:
        if self.cipher not in CIPHERS:
            raise ValueError(f"cipher is {self.cipher!r}; it may be {', '.join(CIPHERS)}")


class Account(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """One mail account: how it sends, how it reads, where its mail goes."""

    name: str = ""
    """Taken from the key under accounts."""
    default: bool = False
    """Whether it is used when no account is named; a single account always is."""
    from_: str | None = msgspec.field(default=None, name="from")
    """The sender: Display name <address>."""
    smtp: Server | None = None
    """How it sends: smtp, smtps, lmtp, sendmail or maildir."""
    imap: Server | None = None
    """How it reads: imap, imaps, maildir or mbox."""
    folders: Folders = msgspec.field(default_factory=Folders)
    trust: Trust = msgspec.field(default_factory=Trust)
    ref_key: Secret | None = None
    """The key that signs refs in reply addresses."""
    smime: Smime = msgspec.field(default_factory=Smime)


class Database(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A database to keep opens in."""

    url: str
    """postgresql://user@host/name or sqlite:FILE; never with a password."""
    password: Secret | None = None
    """The password of the URL's user."""

    def __post_init__(self) -> None:
        userinfo, at, _host = self.url.partition("://")[2].rpartition("@")
        if at and ":" in userinfo:
            raise ValueError("a URL holds no password; use password: {command: [...]}")


class Track(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """How opens are recorded."""

    key: Secret | None = None
    """The keys of pixels, one per line, the first one signs; one in the state folder when absent."""
    database: Database | None = None
    """Where opens are kept; an SQLite file in the state folder when absent."""


class Config(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="camel"):
    """The whole file."""

    app: str = "mailpipe"
    """Local part of reply addresses and prefix of Message-IDs."""
    domain: str | None = None
    """Domain of reply addresses; the domain of From when absent."""
    vocabulary: str | None = None
    """Vocabulary file for parse; relative to the configuration file."""
    accounts: dict[str, Account] = {}
    """The accounts by name."""
    track: Track = msgspec.field(default_factory=Track)
    """How opens are recorded; see mailpipe-track(1)."""


class Settings:
    """The configuration of one run; the file is read when the first value is asked for."""

    def __init__(self, path: str | None = None) -> None:
        self.path = Path(path) if path else None

    @cached_property
    def config(self) -> Config:
        """The checked configuration; an absent default file is an empty one."""
        path = self.path or default_path()
        if self.path is None and not path.exists():
            return Config()
        return load(path)

    def account(self, name: str | None = None) -> Account:
        """The account of that name, or the default one; raises ConfigError."""
        accounts = self.config.accounts
        if name is not None:
            if name not in accounts:
                raise ConfigError(f"no account named {name!r}", hint=suggest(name, accounts, "accounts"))
            return accounts[name]
        chosen = [account for account in accounts.values() if account.default] or list(accounts.values())
        if len(chosen) == 1:
            return chosen[0]
        where = self.path or default_path()
        if not accounts:
            raise ConfigError(f"no account is configured in {where}", hint="see mailpipe-config(5)")
        names = ", ".join(sorted(accounts))
        raise ConfigError(
            f"{where} has several accounts: {names}", hint="name one, or mark one 'default: true'"
        )

    def optional_account(self, name: str | None = None) -> Account:
        """As :meth:`account`, but an empty one when none is named and none configured."""
        return self.account(name) if name is not None or self.config.accounts else Account()


def load(path: Path) -> Config:
    """Read and check one configuration file; raises ConfigError naming file and key."""
    config = convert(read_yaml(path), Config, path)
    _absolute(config, path.parent.absolute())
    for name, account in config.accounts.items():
        account.name = name
    defaults = [name for name, account in config.accounts.items() if account.default]
    if len(defaults) > 1:
        raise ConfigError(f"{path}: more than one default account: {', '.join(defaults)}")
    return config


def read_yaml(path: Path) -> Any:
    """The value of a YAML file that nobody else may have written; raises ConfigError."""
    import yaml

    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid not in (0, os.getuid()) or status.st_mode & stat.S_IWOTH:
                raise ConfigError(f"{path} can be written by others", hint=f"chmod go-w {path}")
            value = yaml.load(file, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror}") from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise ConfigError(f"{path}: {' '.join(str(exc).split())}") from exc
    return {} if value is None else value


def convert(value: Any, wanted: type[T], path: Path) -> T:
    """``value`` as the type ``wanted``; an unknown key or wrong type is a ConfigError that names it."""
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as exc:
        detail = str(exc)
        raise ConfigError(f"{path}: {detail}", hint=_hint(detail, wanted)) from exc


def _hint(detail: str, wanted: Any) -> str:
    if "unknown field `" not in detail:
        return ""
    key = detail.split("unknown field `")[1].split("`")[0]
    return suggest(key, known_keys(wanted), "keys")


def known_keys(wanted: Any) -> set[str]:
    """Every key that a Struct type and the Structs inside it have."""
    found: set[str] = set()
    queue, seen = [wanted], set()
    while queue:
        kind = queue.pop()
        queue.extend(getattr(kind, "__args__", ()))
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind not in seen:
            seen.add(kind)
            found.update(kind.__struct_encode_fields__)
            queue.extend(get_type_hints(kind).values())
    return found


def suggest(word: str, known: Mapping[str, Any] | set[str], what: str) -> str:
    """``did you mean ...?``, or the list of what there is."""
    close = get_close_matches(word, list(known), n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"the {what} are: {', '.join(sorted(known))}" if known else f"there are no {what}"


def _absolute(config: Config, base: Path) -> None:
    if config.vocabulary is not None:
        config.vocabulary = str(base / Path(config.vocabulary).expanduser())
    for account in config.accounts.values():
        for server in filter(None, (account.smtp, account.imap)):
            scheme, _, path = server.url.partition(":")
            if scheme in ("maildir", "mbox") and path:
                server.url = f"{scheme}:{base / Path(path).expanduser()}"
            if server.ca is not None:
                server.ca = str(base / Path(server.ca).expanduser())
        servers = [account.smtp, account.imap]
        secrets = [account.ref_key, *(s.password for s in servers if s), *(s.token for s in servers if s)]
        secrets += _place_keys(account.smime, base)
        for secret in filter(None, secrets):
            _place(secret, base)
    if config.track.key is not None:
        _place(config.track.key, base)
    database = config.track.database
    if database is not None:
        scheme, _, path = database.url.partition(":")
        if scheme == "sqlite":
            database.url = f"sqlite:{base / Path(path).expanduser()}"
        if database.password is not None:
            _place(database.password, base)


def _place_keys(smime: Smime, base: Path) -> list[Secret | None]:
    """Make the paths absolute; returns the secrets."""
    pairs = [pair for pair in (smime.own, *smime.earlier) if pair is not None]
    for pair in pairs:
        pair.certificate = str(base / Path(pair.certificate).expanduser())
        pair.key = str(base / Path(pair.key).expanduser())
    if smime.authorities is not None and smime.authorities != "system":
        smime.authorities = str(base / Path(smime.authorities).expanduser())
    if smime.recipients is not None:
        smime.recipients = str(base / Path(smime.recipients).expanduser())
    return [pair.passphrase for pair in pairs]


def _place(secret: Secret, base: Path) -> None:
    if secret.file is not None:
        secret.file = str(base / Path(secret.file).expanduser())


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            if os.fstat(file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise NotPermittedError(f"{path} can be read by others", hint=f"chmod 600 {path}")
            return file.read().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(
            f"secret file {path}: {getattr(exc, 'strerror', None) or 'is not UTF-8 text'}"
        ) from exc


def _from_command(command: list[str]) -> str:
    import subprocess

    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=SECRET_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as exc:
        raise ConfigError(f"{command[0]} gave no secret within {SECRET_SECONDS} s") from exc
    except (OSError, IndexError, ValueError) as exc:
        raise ConfigError(f"the secret's command {command[:1]} does not run: {exc}") from exc
    if done.returncode != 0:
        raise ConfigError(f"{command[0]} ended with status {done.returncode} and gave no secret")
    return done.stdout.decode("utf-8", "surrogateescape").rstrip("\r\n")


def default_path() -> Path:
    """``$XDG_CONFIG_HOME/mailpipe/config.yaml``."""
    return _xdg("XDG_CONFIG_HOME", ".config") / "config.yaml"


def state_dir() -> Path:
    """``$XDG_STATE_HOME/mailpipe``, made for its owner alone; raises CannotCreateError."""
    path = _xdg("XDG_STATE_HOME", ".local/state")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.stat()
    except OSError as exc:
        raise CannotCreateError(f"{path}: {exc.strerror}", hint="set XDG_STATE_HOME") from exc
    if status.st_uid != os.getuid():
        raise NotPermittedError(f"{path} belongs to another user", hint="set XDG_STATE_HOME")
    return path


def _xdg(variable: str, fallback: str) -> Path:
    base = os.environ.get(variable, "")
    root = Path(base) if base.startswith("/") else Path.home() / fallback
    return root / "mailpipe"
