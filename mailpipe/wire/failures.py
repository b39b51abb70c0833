"""Keep on disk why messages have failed, for the person who looks into the failed folder."""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mailpipe.wire import database

SCHEMA = """
CREATE TABLE IF NOT EXISTS failures (
    id TEXT NOT NULL,           -- the record's id; of a message that was never read: mailbox and UID
    at REAL NOT NULL,           -- seconds since the epoch
    reason TEXT NOT NULL,
    url TEXT NOT NULL,
    mailbox TEXT NOT NULL,      -- where it was taken from
    uid TEXT NOT NULL,
    folder TEXT NOT NULL        -- where it was put
);
CREATE INDEX IF NOT EXISTS failures_by_id ON failures (id);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One message that was put into the failed folder."""

    id: str
    reason: str
    url: str
    mailbox: str
    uid: str
    folder: str


class Failures:
    """The failures of one state directory; every method may raise InputOutputError or TemporaryError."""

    def __init__(self, state_dir: Path, clock: Callable[[], float]) -> None:
        self._db = database.connect(state_dir, SCHEMA)
        self._clock = clock

    def note(self, failures: Iterable[Failure]) -> None:
        """Remember failures that are about to be filed."""
        now = self._clock()
        with database.transaction(self._db) as db:
            db.executemany(
                "INSERT INTO failures VALUES (:id, :at, :reason, :url, :mailbox, :uid, :folder)",
                [{**asdict(failure), "at": now} for failure in failures],
            )

    def of(self, wanted: str) -> list[dict[str, Any]]:
        """What is known of one message, oldest first; ``wanted`` may be the beginning of its id."""
        with database.guard():
            rows = self._db.execute(
                "SELECT id, at, reason, url, mailbox, uid, folder FROM failures"
                " WHERE substr(id, 1, length(?1)) = ?1 OR substr(id, 8, length(?1)) = ?1 ORDER BY at",
                (wanted,),
            ).fetchall()
        return [
            {
                "id": identity,
                "failedAt": datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "reason": reason,
                "source": {"url": url, "mailbox": mailbox, "uid": uid},
                "mailbox": folder,
            }
            for identity, at, reason, url, mailbox, uid, folder in rows
        ]
