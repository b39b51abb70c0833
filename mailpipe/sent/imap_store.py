"""Keep sent copies on an IMAP server: find the folder, look for the Message-ID, append, reconcile."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from mailpipe.errors import WorldError
from mailpipe.sent.decide import Copy, Kept
from mailpipe.sent.imap_copies import Found, with_id
from mailpipe.sent.modes import Mode
from mailpipe.sent.reconcile import GMAIL, Reconciler
from mailpipe.wire import imap_folder as folders
from mailpipe.wire.imap import Refused
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_message import MONTHS
from mailpipe.wire.imap_names import mailbox
from mailpipe.wire.location import address

# Providers that file a copy of what goes through their own SMTP servers.
KEEPERS = {"imap.gmail.com", "imap.googlemail.com", "outlook.office365.com", "imap-mail.outlook.com"}
DEFAULT = "Sent"


class ImapStore:
    """The Sent folder of an account; ``named`` is None where the server's own is wanted."""

    def __init__(self, link: Link, named: str | None, mode: Mode, reconciler: Reconciler) -> None:
        self._link = link
        self._named = named
        self._mode = mode
        self._reconciler = reconciler
        self._folder: str | None = None

    def keep(self, copy: Copy) -> Kept:
        """See :class:`mailpipe.sent.core.Store`."""
        reconciles = self._mode == "reconcile" or (self._mode == "auto" and bool(copy.tokens))
        if not reconciles and self._mode == "auto" and self._named is None and self._is_keeper():
            return Kept(appended=False, reason="provider-keeps-it")
        try:
            return self._reconciled(copy) if reconciles else self._kept(copy)
        except Refused as exc:
            raise exc.as_error() from exc
        except WorldError:
            self._link.close()  # the next message begins with a new connection
            raise

    def close(self) -> None:
        """Log out."""
        self._link.close()

    def _is_keeper(self) -> bool:
        return address(self._link.location.url).host in KEEPERS or (
            self._link.is_open and self._link.session().offers(GMAIL)
        )

    def _kept(self, copy: Copy) -> Kept:
        folder = self._target()
        selected = self._link.enter(folder, read_only=True)
        there = with_id(self._link, copy.message_id)
        if there:
            return _there(folder, min(there), selected.uid_validity)
        return self._append(folder, copy, copy.raw)

    def _reconciled(self, copy: Copy) -> Kept:
        inventory = self._reconciler.inventory(copy)
        if inventory.kept:
            first = inventory.kept[0]
            kept = _there(first.folder, first.uid, first.validity)
        else:
            kept = self._append(self._target(), copy, self._reconciler.original(copy, inventory))
        return self._without(copy, kept, inventory.strays)

    def _without(self, copy: Copy, kept: Kept, strays: Sequence[Found]) -> Kept:
        """Remove what the provider has kept; when that fails, the one copy is there all the same."""
        try:
            removed = self._reconciler.remove(copy, strays)
        except Refused as exc:
            return replace(kept, reason="not-removed", detail=str(exc.as_error()))
        except WorldError as exc:
            self._link.close()
            return replace(kept, reason="not-removed", detail=str(exc))
        return replace(kept, removed=removed or None)

    def _append(self, folder: str, copy: Copy, raw: bytes) -> Kept:
        answer = self._link.session().command(
            "APPEND", mailbox(folder), "(\\Seen)", f'"{date_time(copy.date)}"', raw
        )[-1]
        validity, _, uid = answer.arguments.partition(" ")
        known = answer.code == "APPENDUID" and validity.isdigit() and uid.isdigit()
        return Kept(
            appended=True,
            mailbox=folder,
            uid=int(uid) if known else None,
            uid_validity=int(validity) if known else None,
        )

    def _target(self) -> str:
        if self._folder is None:
            self._folder = self._found()
        return self._folder

    def _found(self) -> str:
        session, names = self._link.session(), self._link.names()
        if self._named is None:
            own = folders.sent(folders.listed(session), names)
            if own is not None:
                return own
        folder = names.real(self._named or DEFAULT)
        folders.make(session, folder)
        return folder


def _there(folder: str, uid: int, validity: int) -> Kept:
    return Kept(appended=False, reason="already-there", mailbox=folder, uid=uid, uid_validity=validity)


def date_time(moment: datetime) -> str:
    """A ``date-time`` (RFC 3501 section 9)."""
    return f"{moment.day:02d}-{MONTHS[moment.month - 1]}-{moment.year:04d} {moment:%H:%M:%S %z}"[:26]
