"""Reads what parse is configured with: the vocabulary, and the identity by which replies are recognised."""

from pathlib import Path
from typing import TYPE_CHECKING

from mailpipe.config import Account, Settings
from mailpipe.mail.identity import Identity, keyring
from mailpipe.mail.vocabulary import Vocabulary, build
from mailpipe.parse.authentication import NOBODY, Trust

if TYPE_CHECKING:
    from mailpipe.mail.schema import Schema


def vocabulary(settings: Settings, file: str | None) -> Vocabulary | None:
    """The vocabulary of a file, or of the configuration; None if there is none.

    Raises NoInputError or ConfigError.
    """
    path = file or settings.config.vocabulary
    if not path:
        return None
    from mailpipe.wire import plainyaml  # costs a library; most runs have no vocabulary

    return build(plainyaml.read(Path(path)), path)


def schema(file: str | None) -> "Schema | None":
    """The JSON Schema of a file; None if there is none.  Raises NoInputError or ConfigError."""
    if file is None:
        return None
    from mailpipe.wire import schemafile  # costs a library; most runs have no schema

    return schemafile.load(Path(file))


class Identities:
    """The identity of each account, made when the first message of that account comes.

    A message belongs to the account it was fetched from; any other one to the account that was named,
    else to the default account, and where there are several and no default, to all of them.
    """

    def __init__(self, settings: Settings, account: str | None) -> None:
        self._settings = settings
        self._named = settings.account(account).name if account else None
        self._made: dict[str | None, Identity] = {}

    def __call__(self, account: str | None) -> Identity:
        """The identity for messages of an account; raises ConfigError if its key cannot be read."""
        name = account if account in self._settings.config.accounts else self._named
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def _make(self, name: str | None) -> Identity:
        config = self._settings.config
        accounts = self._accounts(name)
        senders = [account.from_.rpartition("@")[2].rstrip("> ") for account in accounts if account.from_]
        keys = [key for account in accounts if account.ref_key for key in keyring(account.ref_key.read())]
        return Identity(config.app, config.domain or (senders[0] if senders else ""), tuple(keys))

    def _accounts(self, name: str | None) -> list[Account]:
        accounts = self._settings.config.accounts
        if name is not None:
            return [accounts[name]]
        return [account for account in accounts.values() if account.default] or list(accounts.values())


class Trusts:
    """Whom each account believes.

    A message that was not fetched belongs to the account that was named, else to the default one.  Where
    there are several and no default nobody is believed: the border of one is not that of another.
    """

    def __init__(self, settings: Settings, account: str | None) -> None:
        self._settings = settings
        self._named = account

    def __call__(self, account: str | None) -> Trust:
        """Whom the account believes; raises ConfigError."""
        accounts = self._settings.config.accounts
        defaults = [each for each in accounts.values() if each.default] or list(accounts.values())
        name = account if account in accounts else self._named
        if name is None and len(defaults) != 1:
            return NOBODY
        trust = (accounts[name] if name is not None else defaults[0]).trust
        return Trust(_lower(trust.authserv_ids), _lower(trust.hosts), _lower(trust.organizations))


def _lower(names: list[str]) -> tuple[str, ...]:
    return tuple(name.strip(". ").lower() for name in names)
