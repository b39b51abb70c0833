"""Put messages of an IMAP folder away: copy, have it confirmed, flag, expunge exactly those.

Every step is noted before it is taken, so that a run after a crash goes on where the last one ended.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from mailpipe.errors import ConfigError, NoInputError, ProtocolError, RecordError, RetryableRecordError
from mailpipe.settle.decide import Action, Intent, Settled
from mailpipe.settle.imap_copies import find_copies
from mailpipe.wire import imap_folder as folders
from mailpipe.wire.imap import Refused
from mailpipe.wire.imap_claims import unclaim
from mailpipe.wire.imap_link import Link
from mailpipe.wire.imap_names import mailbox, uid_list, uid_set, uid_sets
from mailpipe.wire.imap_search import searched
from mailpipe.wire.imap_syntax import Answer
from mailpipe.wire.location import box
from mailpipe.wire.placements import Placement, Placements

Result = Settled | RecordError
RETRIES = 10  # of a copy, while other people change the mailbox


class ImapPlace:
    """One folder, ``name``, with the UIDVALIDITY that fetch saw."""

    def __init__(
        self, link: Link, account: str | None, name: str, validity: int, placements: Placements
    ) -> None:
        self._link = link
        self._account = account
        self._name = name
        self._validity = validity
        self._placements = placements
        self._box = box(link.location.url, name, validity)
        self._made: set[str] = set()

    def put(self, intents: Sequence[Intent], folder: str) -> Iterator[tuple[int, Result]]:
        """Move messages to ``folder``; see :class:`mailpipe.settle.core.Mailboxes`."""
        try:
            yield from enumerate(self._put(intents, folder))
        except Refused as exc:
            raise exc.as_error() from exc

    def unclaim(self, keys: Sequence[str]) -> None:
        """Let other hosts have messages that stay; raises WorldError."""
        try:
            if self._still_there():
                unclaim(self._link.session(), [int(key) for key in keys if key.isdigit()])
        except Refused as exc:
            raise exc.as_error() from exc

    def complete(self) -> None:
        """Remove the messages whose copies an earlier run had confirmed; raises WorldError."""
        try:
            rows = {uid: row for uid, row in self._placements.of(self._box).items() if row.copy is not None}
            if self._still_there():
                present = self._existing(rows)
                confirmed = find_copies(self._link, [rows[uid] for uid in present], {})
                self._remove(confirmed)
            self._placements.finish(self._box, list(rows))
        except Refused as exc:
            raise exc.as_error() from exc

    def close(self) -> None:
        """Log out."""
        self._link.close()

    def _put(self, intents: Sequence[Intent], folder: str) -> list[Result]:
        if not self._enter():
            changed = "the folder was replaced since fetch (its UIDVALIDITY is another): nothing was touched"
            return [RetryableRecordError(changed, slug="uid-validity") for _ in intents]
        target = self._target(folder)
        wanted = {int(intent.key): intent for intent in intents if intent.key.isdigit()}
        present = self._existing(wanted)
        rows = {uid: row for uid, row in self._placements.of(self._box).items() if uid in wanted}
        earlier = find_copies(self._link, [row for uid, row in rows.items() if uid in present], wanted)
        new = self._copy(sorted(present - earlier.keys()), target, wanted)
        self._remove({**earlier, **new})
        self._mark_copies(target, earlier | new, wanted)
        self._enter()
        left = self._existing(present - earlier.keys() - new.keys())
        results = {uid: _settled(row, "already") for uid, row in rows.items() if row.copy is not None}
        results |= {uid: _settled(row, "already") for uid, row in earlier.items()}
        action: Action = "moved" if self._expunges else "flagged"
        results |= {uid: _settled(row, action) for uid, row in new.items()}
        self._placements.finish(self._box, [uid for uid in rows.keys() | wanted.keys() if uid not in left])
        return [_result(intent, results, left) for intent in intents]

    @property
    def _expunges(self) -> bool:
        return self._link.session().offers("UIDPLUS")

    def _copy(self, uids: list[int], target: str, wanted: dict[int, Intent]) -> dict[int, Placement]:
        """The messages whose copy is confirmed."""
        if not uids or not self._enter():
            return {}
        session = self._link.session()
        uid_next, validity = folders.status(session, target)
        rows = [
            Placement(
                box=self._box,
                uid=uid,
                account=self._account,
                url=self._link.location.url,
                mailbox=self._name,
                validity=self._validity,
                folder=target,
                folder_validity=validity,
                folder_next=uid_next or 1,
            )
            for uid in uids
        ]
        self._placements.begin(rows)
        confirmed: dict[int, Placement] = {}
        for part in uid_sets(uids):
            some = set(uid_list(part))
            answer = self._ask_copy(part, target)
            if answer is None:
                continue
            copied = self._confirmed([row for row in rows if row.uid in some], answer, wanted)
            self._placements.confirm(copied.values())
            confirmed |= copied
        return confirmed

    def _ask_copy(self, uids: str, target: str) -> Answer | None:
        """The answer to a copy of those that still exist; None if there are none any more."""
        session = self._link.session()
        for _attempt in range(RETRIES):
            try:
                return session.command("UID COPY", uids, mailbox(target))[-1]
            except Refused as exc:
                if exc.code == "TRYCREATE":
                    folders.make(session, target)  # somebody has removed it since we looked
                elif exc.code == "EXPUNGEISSUED":  # somebody has removed a message: none was copied
                    session.command("NOOP")
                    uids = uid_set(self._existing(uid_list(uids)))
                    if not uids:
                        return None
                else:
                    raise
        return session.command("UID COPY", uids, mailbox(target))[-1]

    def _confirmed(
        self, rows: list[Placement], answer: Answer, wanted: dict[int, Intent]
    ) -> dict[int, Placement]:
        if answer.code == "COPYUID":
            validity, copies = copyuid(answer.arguments)
            return {
                row.uid: replace(row, copy=copies[row.uid], folder_validity=validity)
                for row in rows
                if row.uid in copies
            }
        if self._expunges:  # such a server tells the UIDs of copies; if it does not, we look for them
            return find_copies(self._link, rows, wanted)
        return {row.uid: replace(row, copy=0) for row in rows}

    def _remove(self, rows: Mapping[int, Placement]) -> None:
        """Flag originals as deleted and expunge these alone; without UIDPLUS they stay, flagged."""
        if not rows or not self._enter():
            return
        session = self._link.session()
        for uids in uid_sets(rows):
            session.command("UID STORE", uids, "+FLAGS.SILENT", "(\\Deleted)")
            if self._expunges:
                session.command("UID EXPUNGE", uids)

    def _mark_copies(self, target: str, rows: Mapping[int, Placement], wanted: Mapping[int, Intent]) -> None:
        """Say on failed copies why, by a keyword; and let go of claims.

        A copy is nobody's: who puts it back into the inbox wants it to be fetched again.
        """
        claimed = [row.copy for uid, row in rows.items() if row.copy and wanted[uid].claimed]
        failed: dict[str, list[int]] = {}
        for uid, row in rows.items():
            intent = wanted[uid]
            if row.copy and intent.outcome == "failed" and intent.slug:
                failed.setdefault(keyword(intent.slug), []).append(row.copy)
        if not claimed and not failed:
            return
        folder = self._link.enter(target, read_only=False)
        unclaim(self._link.session(), claimed)
        for word, copies in failed.items() if folder.takes_keywords else ():
            try:
                for uids in uid_sets(copies):
                    self._link.session().command("UID STORE", uids, "+FLAGS.SILENT", f"({word})")
            except Refused:
                return  # servers have limits on keywords; the state database tells as well

    def _enter(self) -> bool:
        """Be in the folder; False if it is not the one that fetch saw."""
        return self._link.enter(self._name, read_only=False).uid_validity == self._validity

    def _still_there(self) -> bool:
        try:
            return self._enter()
        except NoInputError:
            return False

    def _target(self, folder: str) -> str:
        real = self._link.names().real(folder)
        if real == self._name:
            raise ConfigError(f"the folder {folder!r} is the one that is read", hint="name another")
        if real not in self._made:
            folders.make(self._link.session(), real)
            self._made.add(real)
        return real

    def _existing(self, wanted: Iterable[int]) -> set[int]:
        session = self._link.session()
        return {uid for uids in uid_sets(wanted) for uid in searched(session, f"UID {uids}")}


def keyword(slug: str) -> str:
    """The keyword that tells on a message why it failed."""
    return "$Mailpipe-" + re.sub(r"[^A-Za-z0-9]+", "-", slug).strip("-")[:40]


def copyuid(arguments: str) -> tuple[int, dict[int, int]]:
    """UIDVALIDITY of the folder, and the UIDs of copies by the UIDs of their originals (RFC 4315)."""
    validity, _, sets = arguments.partition(" ")
    originals, _, copies = sets.partition(" ")
    sources, targets = uid_list(originals), uid_list(copies)
    if not validity.isdigit() or len(sources) != len(targets):
        raise ProtocolError(f"the server sends an unusable COPYUID: {arguments[:80]!r}")
    return int(validity), dict(zip(sources, targets, strict=True))


def _settled(row: Placement, action: Action) -> Settled:
    return Settled(mailbox=row.folder, action=action, uid=row.copy or None, uid_validity=row.folder_validity)


def _result(intent: Intent, results: dict[int, Settled], left: set[int]) -> Result:
    uid = int(intent.key) if intent.key.isdigit() else 0
    if uid in results and uid not in left:
        return results[uid]
    if uid in left:
        return RetryableRecordError("the server did not confirm the copy", slug="not-copied")
    return Settled(mailbox=None, action="gone")
