"""Open the store for sent copies that an account or a URL names."""

import time
from collections.abc import Callable
from functools import cache

from mailpipe.config import Settings
from mailpipe.errors import UsageError
from mailpipe.sent.core import Store
from mailpipe.sent.modes import Mode
from mailpipe.wire.location import locate

AUTO = "auto"


def opened(settings: Settings, store: str | None, folder: str | None, mode: Mode, wait: float) -> Store:
    """The store, not yet connected; raises UsageError or ConfigError."""
    location = locate(settings, store)
    wanted = folder or location.folders.sent
    named = None if wanted == AUTO else wanted
    if location.protocol == "maildir":
        from mailpipe.sent.maildir_store import MaildirStore

        return MaildirStore(location.path, named or "Sent", time.time_ns)
    if location.protocol == "imap":
        from mailpipe.sent.imap_store import ImapStore
        from mailpipe.sent.reconcile import Reconciler
        from mailpipe.wire.imap_link import Link

        link = Link(location, time.monotonic)
        found = Reconciler(link, named, ours(settings), patience=wait, sleep=time.sleep)
        return ImapStore(link, named, mode, found)
    raise UsageError(f"{location.url}: copies go to an IMAP server or a Maildir")


def ours(settings: Settings) -> Callable[[str], bool]:
    """What tells whether a token was made with one of our keys, which are read when first needed."""

    @cache
    def keys() -> tuple[bytes, ...]:
        from mailpipe.wire import trackkeys

        return trackkeys.keys(settings)

    def is_ours(token: str) -> bool:
        from mailpipe.mail import pixel

        return pixel.read(token, keys()) is not None

    return is_ours
