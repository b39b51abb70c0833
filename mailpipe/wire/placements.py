"""Keep on disk which messages are being moved, so that a crash never leaves two copies of one."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailpipe.wire import database

SCHEMA = """
CREATE TABLE IF NOT EXISTS placements (
    box TEXT NOT NULL,              -- mailbox with its UIDVALIDITY
    uid INTEGER NOT NULL,
    account TEXT,
    url TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    validity INTEGER NOT NULL,
    folder TEXT NOT NULL,           -- where it is copied to
    folder_validity INTEGER,        -- UIDVALIDITY there; NULL: the server does not tell
    folder_next INTEGER NOT NULL,   -- UIDNEXT there before the copy: the copy has this UID or a higher one
    copy INTEGER,                   -- UID of the confirmed copy; 0: confirmed, the server tells no UID
    PRIMARY KEY (box, uid)
) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """A message on its way from one folder to another.

    Without ``copy`` nobody knows whether the copy was made.
    """

    box: str
    uid: int
    account: str | None
    url: str
    mailbox: str
    validity: int
    folder: str
    folder_validity: int | None
    folder_next: int
    copy: int | None = None


class Placements:
    """The moves of one state directory; every method may raise InputOutputError or TemporaryError."""

    def __init__(self, state_dir: Path) -> None:
        self._db = database.connect(state_dir, SCHEMA)

    def begin(self, placements: Sequence[Placement]) -> None:
        """Note what is going to be copied, before the copy."""
        with database.transaction(self._db) as db:
            db.executemany(
                "INSERT OR REPLACE INTO placements (box, uid, account, url, mailbox, validity, folder,"
                " folder_validity, folder_next, copy) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                [
                    (
                        p.box,
                        p.uid,
                        p.account,
                        p.url,
                        p.mailbox,
                        p.validity,
                        p.folder,
                        p.folder_validity,
                        p.folder_next,
                    )
                    for p in placements
                ],
            )

    def confirm(self, placements: Iterable[Placement]) -> None:
        """Note confirmed copies."""
        with database.transaction(self._db) as db:
            db.executemany(
                "UPDATE placements SET copy = ?, folder_validity = ? WHERE box = ? AND uid = ?",
                [(p.copy, p.folder_validity, p.box, p.uid) for p in placements],
            )

    def finish(self, box: str, uids: Sequence[int]) -> None:
        """Forget moves that are complete or were never begun."""
        with database.transaction(self._db) as db:
            db.executemany("DELETE FROM placements WHERE box = ? AND uid = ?", [(box, uid) for uid in uids])

    def of(self, box: str) -> dict[int, Placement]:
        """The unfinished moves out of one mailbox, by UID."""
        return {found.uid: found for found in self._read("WHERE box = ?", box)}

    def confirmed(self) -> list[Placement]:
        """Every move whose copy is confirmed and whose original is perhaps still there."""
        return self._read("WHERE copy IS NOT NULL")

    def _read(self, where: str, *values: str) -> list[Placement]:
        with database.guard():
            cursor: sqlite3.Cursor = self._db.execute(
                "SELECT box, uid, account, url, mailbox, validity, folder, folder_validity, folder_next, copy"
                f" FROM placements {where} ORDER BY box, uid",
                values,
            )
            names = [column[0] for column in cursor.description]
            return [Placement(**dict(zip(names, row, strict=True))) for row in cursor]
