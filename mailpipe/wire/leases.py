"""Keep on disk who has which message in hand, so that two runs never hand out the same one."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from mailpipe.wire import database

SCHEMA = """
CREATE TABLE IF NOT EXISTS leases (
    box TEXT NOT NULL,          -- mailbox with its UIDVALIDITY
    message TEXT NOT NULL,      -- UID, Maildir name or digest
    holder TEXT,                -- the run that has it; NULL: nobody
    until REAL,                 -- when the lease runs out, in seconds since the epoch
    attempts INTEGER NOT NULL,  -- how often it was handed out
    settled TEXT,               -- outcome, for mailboxes that cannot be changed
    PRIMARY KEY (box, message)
) WITHOUT ROWID
"""
_CHUNK = 500  # below every SQLite limit on the number of parameters


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was not given: how many messages others have, and when the first lease of them ends."""

    count: int = 0
    until: float = 0.0

    def plus(self, other: "Refusal") -> "Refusal":
        """Both together."""
        ends = [refusal.until for refusal in (self, other) if refusal.count]
        return Refusal(self.count + other.count, min(ends, default=0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is known of one message; ``until`` is None when nobody has it."""

    box: str
    message: str
    holder: str | None
    until: float | None
    attempts: int
    settled: str | None


class Leases:
    """The leases of one state directory, as seen by one run.

    ``clock`` gives seconds since the epoch.  Every method may raise InputOutputError or
    TemporaryError (another process has the database locked for too long).
    """

    def __init__(self, state_dir: Path, *, holder: str, clock: Callable[[], float]) -> None:
        self._db = database.connect(state_dir, SCHEMA)
        # A power cut may cost the last leases: then a message is handed out twice, none is lost.
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._holder = holder
        self._clock = clock

    def _writing(self) -> AbstractContextManager[sqlite3.Connection]:
        return database.transaction(self._db)

    def take(
        self, box: str, keys: Sequence[str], seconds: float, *, over: bool = False
    ) -> tuple[dict[str, int], Refusal]:
        """Lease what nobody has: attempts by key (this one counted), and what others have.

        ``over`` takes what others have as well.  What is noted as settled is never given.
        """
        granted: dict[str, int] = {}
        refusal = Refusal()
        now = self._clock()
        with self._writing() as db:
            for start in range(0, len(keys), _CHUNK):
                chunk = keys[start : start + _CHUNK]
                known = _rows(db, box, chunk)
                for key in chunk:
                    until, attempts, settled = known.get(key, (None, 0, None))
                    if settled is not None:
                        continue
                    if until is not None and until > now and not over:
                        refusal = refusal.plus(Refusal(1, until))
                        continue
                    granted[key] = attempts + 1
            db.executemany(
                "INSERT INTO leases (box, message, holder, until, attempts) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT DO UPDATE SET holder = excluded.holder, until = excluded.until,"
                " attempts = excluded.attempts",
                [(box, key, self._holder, now + seconds, count) for key, count in granted.items()],
            )
        return granted, refusal

    def renew(self, box: str, key: str, seconds: float) -> bool:
        """Lengthen our own lease from now on; False if it ran out and somebody else took it."""
        with self._writing() as db:
            changed = db.execute(
                "UPDATE leases SET until = ? WHERE box = ? AND message = ? AND holder = ?",
                (self._clock() + seconds, box, key, self._holder),
            )
            return changed.rowcount == 1

    def give_back(self, box: str, keys: Sequence[str]) -> None:
        """End our own leases of what was never handed out, which was then no attempt."""
        mine = [(box, key, self._holder) for key in keys]
        with self._writing() as db:
            db.executemany(
                "DELETE FROM leases WHERE box = ? AND message = ? AND holder = ? AND attempts = 1", mine
            )
            db.executemany(
                "UPDATE leases SET holder = NULL, until = NULL, attempts = attempts - 1"
                " WHERE box = ? AND message = ? AND holder = ?",
                mine,
            )

    def release(self, box: str, keys: Sequence[str], *, counted: bool = True) -> None:
        """End leases, whoever holds them, to be tried again; not ``counted`` was no attempt."""
        less = 0 if counted else 1
        with self._writing() as db:
            db.executemany(
                "UPDATE leases SET holder = NULL, until = NULL, attempts = max(0, attempts - ?)"
                " WHERE box = ? AND message = ?",
                [(less, box, key) for key in keys],
            )

    def forget(self, box: str, keys: Sequence[str]) -> None:
        """Drop everything about messages that have left their mailbox."""
        with self._writing() as db:
            db.executemany("DELETE FROM leases WHERE box = ? AND message = ?", [(box, key) for key in keys])

    def note_settled(self, box: str, keys: Sequence[str], outcome: str) -> None:
        """Remember messages that cannot be moved, so that they are never handed out again."""
        with self._writing() as db:
            db.executemany(
                "INSERT INTO leases (box, message, attempts, settled) VALUES (?, ?, 1, ?)"
                " ON CONFLICT DO UPDATE SET holder = NULL, until = NULL, settled = excluded.settled",
                [(box, key, outcome) for key in keys],
            )

    def settled(self, box: str, keys: Sequence[str]) -> set[str]:
        """Those that are noted as settled."""
        found = set()
        with database.guard():
            for start in range(0, len(keys), _CHUNK):
                known = _rows(self._db, box, keys[start : start + _CHUNK])
                found |= {key for key, (_, _, outcome) in known.items() if outcome is not None}
        return found

    def entries(self) -> list[Entry]:
        """Everything that is known, in the order in which leases run out."""
        with database.guard():
            rows = self._db.execute(
                "SELECT box, message, holder, until, attempts, settled FROM leases"
                " ORDER BY until IS NULL, until, box, message"
            )
            names = ("box", "message", "holder", "until", "attempts", "settled")
            return [Entry(**dict(zip(names, row, strict=True))) for row in rows]

    def close(self) -> None:
        """Let go of the database."""
        self._db.close()


def _rows(
    db: sqlite3.Connection, box: str, keys: Sequence[str]
) -> dict[str, tuple[float | None, int, str | None]]:
    marks = ",".join("?" * len(keys))
    rows = db.execute(
        f"SELECT message, until, attempts, settled FROM leases WHERE box = ? AND message IN ({marks})",
        (box, *keys),
    )
    return {message: (until, attempts, settled) for message, until, attempts, settled in rows}
