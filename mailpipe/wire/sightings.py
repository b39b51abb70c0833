"""Keep on disk since when a claim of another host has not changed: one that is old enough is dead.

The time is that of this host alone, so clocks need not agree; and looking again does not lengthen it.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from mailpipe.wire import database

SCHEMA = """
CREATE TABLE IF NOT EXISTS sightings (
    box TEXT NOT NULL,          -- mailbox with its UIDVALIDITY
    message TEXT NOT NULL,      -- UID
    modseq INTEGER NOT NULL,    -- the state of the message (RFC 7162) in which it was seen
    seen REAL NOT NULL,         -- when first, in seconds since the epoch
    PRIMARY KEY (box, message)
) WITHOUT ROWID
"""


class Sightings:
    """What this host has seen; every method may raise InputOutputError or TemporaryError."""

    def __init__(self, state_dir: Path, clock: Callable[[], float]) -> None:
        self._db = database.connect(state_dir, SCHEMA)
        self._clock = clock

    def since(self, box: str, modseqs: dict[int, int]) -> dict[int, float]:
        """For how many seconds each message, by UID, is known to be in that state; new ones for none."""
        now = self._clock()
        ages: dict[int, float] = {}
        with database.transaction(self._db) as db:
            for uid, modseq in modseqs.items():
                row = db.execute(
                    "SELECT seen FROM sightings WHERE box = ? AND message = ? AND modseq = ?",
                    (box, str(uid), modseq),
                ).fetchone()
                ages[uid] = max(0.0, now - row[0]) if row else 0.0
                if row is None:
                    db.execute(
                        "INSERT OR REPLACE INTO sightings VALUES (?, ?, ?, ?)", (box, str(uid), modseq, now)
                    )
        return ages

    def forget(self, box: str, uids: Sequence[int]) -> None:
        """Drop what is known of messages that are not claimed by others any more."""
        with database.transaction(self._db) as db:
            db.executemany(
                "DELETE FROM sightings WHERE box = ? AND message = ?", [(box, str(uid)) for uid in uids]
            )
