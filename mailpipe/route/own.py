"""Knows our own addresses from the configuration: what comes from them is never answered."""

from collections.abc import Callable
from functools import cached_property

from mailpipe.config import Settings
from mailpipe.mail import addresses


class OwnAddresses:
    """The senders of all accounts, and the addresses that replies go to; read when first asked for."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, address: str) -> bool:
        """Whether it is one of ours; case does not matter."""
        return self._known(address.lower())

    @cached_property
    def _known(self) -> Callable[[str], bool]:
        config = self._settings.config
        found: set[str] = set()
        for account in config.accounts.values():
            parsed = addresses.parse(account.from_ or "", [])
            found |= {one.email.lower() for one in parsed if one.email}
        domains = {config.domain.lower()} if config.domain else {one.rpartition("@")[2] for one in found}
        app = config.app.lower()

        def known(address: str) -> bool:
            local, _, domain = address.rpartition("@")
            return address in found or (domain in domains and local.partition("+")[0] == app)

        return known
