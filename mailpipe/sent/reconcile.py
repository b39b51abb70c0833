"""Replace the copies that a provider has kept, one for each recipient, by one message as its author wrote it.

What is removed is certain to be ours: the same Message-ID, octet by octet, and a pixel whose token was
made with our key.  The one message is there before anything is removed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mailpipe.errors import TemporaryError, UnavailableError
from mailpipe.sent import imap_copies
from mailpipe.sent.canonical import with_people
from mailpipe.sent.decide import Copy
from mailpipe.sent.imap_copies import Found
from mailpipe.wire import imap_folder as folders
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_names import mailbox, uid_set

GMAIL = "X-GM-EXT-1"  # where expunging takes a label away, and only the trash deletes
POLL = 1.0  # seconds between two looks for copies that the provider has not filed yet


@dataclass(frozen=True, slots=True)
class Inventory:
    """What lies where under one Message-ID."""

    kept: Sequence[Found]  # without a pixel of ours: these stay
    strays: Sequence[Found]  # with one


class Reconciler:
    """Looks into the Sent folders of one account, and removes copies there."""

    def __init__(
        self,
        link: Link,
        named: str | None,
        is_ours: Callable[[str], bool],
        *,
        patience: float,
        sleep: Callable[[float], None],
    ) -> None:
        self._link = link
        self._named = named
        self._is_ours = is_ours
        self._patience = patience
        self._sleep = sleep

    def inventory(self, copy: Copy) -> Inventory:
        """What there is; waits for the provider to file this recipient's copy.  May raise Refused."""
        waited = 0.0
        while True:
            found = self._look(copy)
            filed = {token for one in found for token in one.tokens}
            if not copy.tokens or set(copy.tokens) & filed or waited >= self._patience:
                break
            self._sleep(POLL)
            waited += POLL
        if waited and waited >= self._patience:
            self._patience = 0.0  # this provider files nothing, or long after
        return Inventory([one for one in found if not one.tokens], [one for one in found if one.tokens])

    def _look(self, copy: Copy) -> list[Found]:
        session, names = self._link.session(), self._link.names()
        listed = folders.listed(session)
        places = folders.sent_like(listed, names, self._named)
        return [
            one
            for place in places
            for one in imap_copies.copies(self._link, place, copy.message_id, self._is_ours)
        ]

    def original(self, copy: Copy, inventory: Inventory) -> bytes:
        """The message to append: with From, To and Cc as the provider has kept them."""
        return with_people(copy.raw, inventory.strays[0].raw) if inventory.strays else copy.raw

    def remove(self, copy: Copy, strays: Sequence[Found]) -> int:
        """Remove copies; how many.  Raises Refused or WorldError."""
        gmail = self._link.session().offers(GMAIL)
        for folder in dict.fromkeys(one.folder for one in strays):
            there = [one for one in strays if one.folder == folder]
            if gmail:
                self._to_trash(there)
            else:
                self._expunge(there)
        left = self._empty_trash(copy) if gmail else 0
        return max(len(strays), left)

    def _to_trash(self, strays: Sequence[Found]) -> None:
        trash = self._trash()
        if trash is None:
            raise UnavailableError("there is no folder for the trash, where copies could be deleted")
        self._enter(strays[0])
        session = self._link.session()
        verb = "UID MOVE" if session.offers("MOVE") else "UID COPY"
        session.command(verb, uid_set(one.uid for one in strays), mailbox(trash))

    def _empty_trash(self, copy: Copy) -> int:
        """Delete for good what was moved, by this run or by one that was interrupted."""
        trash = self._trash()
        if trash is None:
            return 0
        found = imap_copies.copies(self._link, trash, copy.message_id, self._is_ours)
        strays = [one for one in found if one.tokens]
        if strays:
            self._expunge(strays)
        return len(strays)

    def _trash(self) -> str | None:
        return folders.trash(folders.listed(self._link.session()), self._link.names())

    def _expunge(self, strays: Sequence[Found]) -> None:
        """Exactly these: a bare EXPUNGE would remove what somebody else has flagged (RFC 4315)."""
        self._enter(strays[0])
        session = self._link.session()
        if not session.offers("UIDPLUS"):
            raise UnavailableError(
                f"{session.name} cannot remove single messages (UIDPLUS, RFC 4315)",
                hint="delete the copies by hand",
            )
        uids = uid_set(one.uid for one in strays)
        session.command("UID STORE", uids, "+FLAGS.SILENT", "(\\Deleted)")
        session.command("UID EXPUNGE", uids)

    def _enter(self, one: Found) -> None:
        selected = self._link.enter(one.folder, read_only=False)
        if selected.uid_validity != one.validity:
            raise TemporaryError(f"the folder {one.folder!r} was replaced meanwhile: nothing was removed")
