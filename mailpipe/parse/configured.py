"""Reads what parse is configured with: the vocabulary, and the identity by which replies are recognised."""

from pathlib import Path
from typing import TYPE_CHECKING

from mailpipe.config import Account, Settings
from mailpipe.mail.identity import Identity, keyring
from mailpipe.mail.smime import Opener
from mailpipe.mail.vocabulary import Vocabulary, build
from mailpipe.parse.authentication import Trust

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


class _PerAccount:
    """Finds the account that a message belongs to.

    A message that was not fetched belongs to the account that was named, else to the default one.  Where
    there are several and no default it belongs to none: the border of one is not that of another.
    """

    def __init__(self, settings: Settings, account: str | None) -> None:
        self._settings = settings
        self._named = account

    def _account(self, fetched_by: str | None) -> Account:
        accounts = self._settings.config.accounts
        name = fetched_by if fetched_by in accounts else self._named
        if name is not None:
            return self._settings.account(name)
        defaults = [each for each in accounts.values() if each.default] or list(accounts.values())
        return defaults[0] if len(defaults) == 1 else Account()


class Trusts(_PerAccount):
    """Whom each account believes."""

    def __call__(self, account: str | None) -> Trust:
        """Whom the account believes; raises ConfigError."""
        trust = self._account(account).trust
        return Trust(_lower(trust.authserv_ids), _lower(trust.hosts), _lower(trust.organizations))


class Openers(_PerAccount):
    """What opens the encrypted mail of each account."""

    def __init__(self, settings: Settings, account: str | None) -> None:
        super().__init__(settings, account)
        self._made: dict[str, Opener] = {}

    def __call__(self, account: str | None) -> Opener:
        """What opens the mail of the account; raises ConfigError."""
        from mailpipe.wire import smime_open  # runs programs; few messages need it

        chosen = self._account(account)
        if chosen.name not in self._made:
            self._made[chosen.name] = smime_open.Opener(chosen.smime)
        return self._made[chosen.name]


def _lower(names: list[str]) -> tuple[str, ...]:
    return tuple(name.strip(". ").lower() for name in names)
