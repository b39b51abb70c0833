"""Open the store for sent copies that an account or a URL names."""

import time

from mailpipe.config import Settings
from mailpipe.errors import UsageError
from mailpipe.sent.core import Store
from mailpipe.wire.location import locate

AUTO = "auto"


def opened(settings: Settings, store: str | None, folder: str | None) -> Store:
    """The store, not yet connected; raises UsageError or ConfigError."""
    location = locate(settings, store)
    wanted = folder or location.folders.sent
    named = None if wanted == AUTO else wanted
    if location.protocol == "maildir":
        from mailpipe.sent.maildir_store import MaildirStore

        return MaildirStore(location.path, named or "Sent", time.time_ns)
    if location.protocol == "imap":
        from mailpipe.sent.imap_store import ImapStore
        from mailpipe.wire.imap_link import Link

        return ImapStore(Link(location, time.monotonic), named)
    raise UsageError(f"{location.url}: copies go to an IMAP server or a Maildir")
