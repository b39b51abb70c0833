"""Keep on disk what was about to be sent and what came of it, so that nothing is sent twice."""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from mailpipe import exact
from mailpipe.errors import InputOutputError
from mailpipe.mail.parcel import Entry, Parcel, Receipt, State
from mailpipe.mail.reply import Action, Fate
from mailpipe.wire import database

SCHEMA = """
CREATE TABLE IF NOT EXISTS sends (
    scope TEXT NOT NULL,        -- 'mail', or the folder delivered to
    key TEXT NOT NULL,          -- Message-ID or idempotency key
    recipient TEXT NOT NULL,    -- lower case
    state TEXT NOT NULL,        -- unknown (intended, no outcome), sent, deferred, refused
    before TEXT,                -- state before the intent; NULL: none
    attempts INTEGER NOT NULL,  -- how many intents
    content TEXT NOT NULL,      -- digest of what was sent
    run TEXT NOT NULL,          -- who intended it
    at REAL NOT NULL,           -- when, in seconds since the epoch
    status BLOB,                -- deliveryStatus as JSON
    PRIMARY KEY (scope, key, recipient)
) WITHOUT ROWID
"""
_CHUNK = 500  # below every SQLite limit on the number of parameters

_INTEND = """
INSERT INTO sends (scope, key, recipient, state, attempts, content, run, at)
VALUES (?, ?, ?, 'unknown', 1, ?, ?, ?)
ON CONFLICT DO UPDATE SET before = CASE WHEN run = excluded.run THEN before ELSE state END,
    state = 'unknown', attempts = attempts + (run != excluded.run),
    content = excluded.content, run = excluded.run, at = excluded.at
WHERE run = excluded.run OR (state = ? AND attempts = ?)
"""
# A refusal before the final dot comes without an intent.
_NOTE = """
INSERT INTO sends (scope, key, recipient, state, attempts, content, run, at, status)
VALUES (?, ?, ?, ?, 1, ?, '', ?, ?)
ON CONFLICT DO UPDATE SET state = excluded.state, status = excluded.status, content = excluded.content,
    at = excluded.at, run = ''
WHERE run = ? OR state IN ('deferred', 'refused')
"""
_UNDO = """
UPDATE sends SET state = before, run = '', attempts = attempts - 1
WHERE scope = ? AND key = ? AND recipient = ? AND run = ? AND before IS NOT NULL
"""
_FORGET = "DELETE FROM sends WHERE scope = ? AND key = ? AND recipient = ? AND run = ? AND before IS NULL"


_STATES: dict[Action, State] = {
    "delivered": "sent",
    "relayed": "sent",
    "failed": "refused",
    "delayed": "deferred",
}


class _Taken(Exception):
    """Raised inside a transaction when another run has changed what we know of a parcel."""

    def __init__(self, parcel: Parcel) -> None:
        super().__init__()
        self.parcel = parcel


class Ledger:
    """The sends of one state directory, as seen by one run.

    ``scope`` keeps places apart that have nothing to do with each other: what lies in a Maildir
    has not been sent to the world.  ``clock`` gives seconds since the epoch.  Every method may
    raise InputOutputError, or TemporaryError when another process holds the database for too long.
    """

    def __init__(self, state_dir: Path, *, scope: str, clock: Callable[[], float]) -> None:
        self._db = database.connect(state_dir, SCHEMA)
        self._scope = scope
        self._clock = clock
        self._runs = Runs(state_dir)
        self._seen: dict[tuple[str, str], tuple[str, int]] = {}
        self._notes: list[tuple[str, str, str, str, str, float, bytes, str]] = []
        self._withdrawn: list[tuple[str, str, str, str]] = []

    def close(self) -> None:
        """Let go of the database and of this run's mark."""
        self._db.close()
        self._runs.close()

    def known(self, parcel: Parcel) -> dict[str, Entry]:
        """What is known of the parcel's recipients, by recipient."""
        found: dict[str, Entry] = {}
        spelled = {recipient.lower(): recipient for recipient in parcel.recipients}
        folded = list(spelled)
        with database.guard():
            for start in range(0, len(folded), _CHUNK):
                for row in self._rows(parcel.key, folded[start : start + _CHUNK]):
                    recipient, state, attempts, content, run, status = row
                    busy = state == "unknown" and self._runs.alive(run)
                    if not busy:
                        self._seen[parcel.key, recipient] = (state, attempts)
                    found[spelled[recipient]] = Entry(state, content, _loaded(status), busy)
        return found

    def _rows(self, key: str, recipients: Sequence[str]) -> sqlite3.Cursor:
        marks = ",".join("?" * len(recipients))
        return self._db.execute(
            "SELECT recipient, state, attempts, content, run, status FROM sends"
            f" WHERE scope = ? AND key = ? AND recipient IN ({marks})",
            (self._scope, key, *recipients),
        )

    def note(self, receipt: Receipt) -> None:
        """Take an outcome; it is durable after the next commit."""
        parcel, now = receipt.parcel, self._clock()
        for recipient, fate in receipt.fates.items():
            status = exact.dumps(fate.delivery_status())
            place = (self._scope, parcel.key, recipient.lower())
            self._notes.append((*place, _state(fate), parcel.content, now, status, self._runs.own()))

    def withdraw(self, parcels: Collection[Parcel]) -> None:
        """Take back intents that were not carried out; durable after the next commit."""
        for parcel in parcels:
            for recipient in parcel.recipients:
                self._withdrawn.append((self._scope, parcel.key, recipient.lower(), self._runs.own()))

    def commit(self, intents: Sequence[Parcel] = ()) -> list[Parcel]:
        """Make all of it durable in one transaction; gives back the intents that another run has."""
        going, refused = list(intents), []
        while going or self._notes or self._withdrawn:
            try:
                with database.transaction(self._db) as db:
                    self._write(db, going)
                break
            except _Taken as exc:
                going.remove(exc.parcel)
                refused.append(exc.parcel)
        for parcel in intents:
            for recipient in parcel.recipients:
                self._seen.pop((parcel.key, recipient.lower()), None)
        self._notes.clear()
        self._withdrawn.clear()
        return refused

    def _write(self, db: sqlite3.Connection, intents: Sequence[Parcel]) -> None:
        db.executemany(_NOTE, self._notes)
        db.executemany(_UNDO, self._withdrawn)
        db.executemany(_FORGET, self._withdrawn)
        now = self._clock()
        for parcel in intents:
            own = self._runs.own()
            for recipient in map(str.lower, parcel.recipients):
                known = self._seen.get((parcel.key, recipient), ("", 0))
                row = (self._scope, parcel.key, recipient, parcel.content, own, now, *known)
                if db.execute(_INTEND, row).rowcount != 1:
                    raise _Taken(parcel)


class Runs:
    """Which runs are still there: each holds a lock on a file of its own while it lives.

    A lock goes with its process, however that ends; a process number may be used again.
    """

    def __init__(self, state_dir: Path) -> None:
        self._dir = state_dir
        self._own = ""
        self._file = -1

    def own(self) -> str:
        """The name of this run; marked as alive from the first call on."""
        if not self._own:
            name = f"{os.getpid()}-{os.urandom(6).hex()}"
            try:
                flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                self._file = os.open(self._path(name), flags, 0o600)
                fcntl.flock(self._file, fcntl.LOCK_EX)
            except OSError as exc:
                raise InputOutputError(f"{self._path(name)}: {exc.strerror}") from exc
            self._own = name
        return self._own

    def alive(self, run: str) -> bool:
        """Whether another run is still there; the mark of one that is not is removed."""
        if not run or run == self._own:
            return False
        try:
            file = os.open(self._path(run), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            self._path(run).unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def close(self) -> None:
        """Take away this run's mark."""
        if self._own:
            self._path(self._own).unlink(missing_ok=True)
            os.close(self._file)
            self._own = ""

    def _path(self, run: str) -> Path:
        return self._dir / f"send-{run}.lock"


def _state(fate: Fate) -> State:
    if fate.action is None:
        return "unknown"
    return _STATES[fate.action]


def _loaded(status: bytes | None) -> dict[str, object]:
    loaded = exact.loads(status) if status else {}
    return loaded if isinstance(loaded, dict) else {}
