"""Keep sent copies on an IMAP server: find the folder, look for the Message-ID, append."""

from datetime import datetime

from mailpipe.errors import WorldError
from mailpipe.mail import headers, ids
from mailpipe.sent.decide import Copy, Kept
from mailpipe.wire import imap_folder as folders
from mailpipe.wire.imap import Refused
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_message import MONTHS
from mailpipe.wire.imap_names import mailbox, quoted, uid_set
from mailpipe.wire.imap_search import searched
from mailpipe.wire.imap_syntax import pairs
from mailpipe.wire.location import address

# Providers that file a copy of what goes through their own SMTP servers.
KEEPERS = {"imap.gmail.com", "imap.googlemail.com", "outlook.office365.com", "imap-mail.outlook.com"}
DEFAULT = "Sent"
_FIELD = "BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)]"


class ImapStore:
    """The Sent folder of an account; ``named`` is None where the server's own is wanted."""

    def __init__(self, link: Link, named: str | None) -> None:
        self._link = link
        self._named = named
        self._folder: str | None = None

    def keep(self, copy: Copy) -> Kept:
        """See :class:`mailpipe.sent.core.Store`."""
        if self._named is None and address(self._link.location.url).host in KEEPERS:
            return Kept(appended=False, reason="provider-keeps-it")
        try:
            return self._keep(copy)
        except Refused as exc:
            raise exc.as_error() from exc
        except WorldError:
            self._link.close()  # the next message begins with a new connection
            raise

    def close(self) -> None:
        """Log out."""
        self._link.close()

    def _keep(self, copy: Copy) -> Kept:
        if self._folder is None:
            self._folder = self._found()
        selected = self._link.enter(self._folder, read_only=True)
        there = self._with_id(copy.message_id)
        if there:
            return Kept(
                appended=False,
                reason="already-there",
                mailbox=self._folder,
                uid=min(there),
                uid_validity=selected.uid_validity,
            )
        answer = self._link.session().command(
            "APPEND", mailbox(self._folder), "(\\Seen)", f'"{date_time(copy.date)}"', copy.raw
        )[-1]
        validity, _, uid = answer.arguments.partition(" ")
        known = answer.code == "APPENDUID" and validity.isdigit() and uid.isdigit()
        return Kept(
            appended=True,
            mailbox=self._folder,
            uid=int(uid) if known else None,
            uid_validity=int(validity) if known else None,
        )

    def _found(self) -> str:
        session, names = self._link.session(), self._link.names()
        if self._named is None:
            own = folders.sent(folders.listed(session), names)
            if own is not None:
                return own
        folder = names.real(self._named or DEFAULT)
        folders.make(session, folder)
        return folder

    def _with_id(self, message_id: str) -> set[int]:
        """The messages with exactly that identifier: SEARCH itself finds every part of one."""
        session = self._link.session()
        candidates = searched(session, f"HEADER Message-ID {quoted(message_id)}")
        if not candidates:
            return set()
        found = set()
        for answer in session.command("UID FETCH", uid_set(candidates), f"(UID {_FIELD})"):
            if answer.kind != "FETCH" or not answer.values:
                continue
            items = pairs(answer.values[0])
            field = next((value for name, value in items.items() if name.startswith("BODY[HEADER")), None)
            if isinstance(field, bytes) and message_id in _identifiers(field):
                found.add(int(items["UID"]))
        return found


def _identifiers(block: bytes) -> list[str]:
    fields = headers.read(block, 0, len(block)).fields
    return [
        one for field in fields if field.name.lower() == "message-id" for one in ids.parse(field.value, [])
    ]


def date_time(moment: datetime) -> str:
    """A ``date-time`` (RFC 3501 section 9)."""
    return f"{moment.day:02d}-{MONTHS[moment.month - 1]}-{moment.year:04d} {moment:%H:%M:%S %z}"[:26]
