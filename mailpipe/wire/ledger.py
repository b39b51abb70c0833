"""Keep on disk what was about to be sent and what came of it, so that nothing is sent twice."""

import math
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mailpipe import exact
from mailpipe.errors import InputOutputError
from mailpipe.mail.parcel import Entry, Parcel, State
from mailpipe.wire import database, postponed
from mailpipe.wire.postponed import Postponed
from mailpipe.wire.runs import Runs

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
    first REAL NOT NULL,        -- when it was first tried, in seconds since the epoch
    at REAL NOT NULL,           -- when it was last tried or answered
    status BLOB,                -- deliveryStatus as JSON
    PRIMARY KEY (scope, key, recipient)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS upkeep (name TEXT PRIMARY KEY, at REAL NOT NULL)
"""
KEPT_DAYS = 90  # how long what was sent or refused for good is remembered
_DAY = 86400.0
_CHUNK = 400  # places asked for together; below every SQLite limit on the number of parameters

_INTEND = """
INSERT INTO sends (scope, key, recipient, state, attempts, content, run, first, at)
VALUES (?1, ?2, ?3, 'unknown', 1, ?4, ?5, ?6, ?6)
ON CONFLICT DO UPDATE SET before = CASE WHEN run = excluded.run THEN before ELSE state END,
    state = 'unknown', attempts = attempts + (run != excluded.run),
    content = excluded.content, run = excluded.run, at = excluded.at
WHERE run = excluded.run OR (state = ?7 AND attempts = ?8)
"""
# A refusal before the final dot may come without an intent.
_NOTE = """
INSERT INTO sends (scope, key, recipient, state, attempts, content, run, first, at, status)
VALUES (?1, ?2, ?3, ?4, 1, ?5, '', ?6, ?6, ?7)
ON CONFLICT DO UPDATE SET state = excluded.state, status = excluded.status, content = excluded.content,
    attempts = attempts + (run = ''), at = excluded.at, run = ''
WHERE run = ?8 OR state IN ('deferred', 'refused')
"""
_UNDO = """
UPDATE sends SET state = before, run = '', attempts = attempts - 1
WHERE scope = ? AND key = ? AND recipient = ? AND run = ? AND before IS NOT NULL
"""
_FORGET = "DELETE FROM sends WHERE scope = ? AND key = ? AND recipient = ? AND run = ? AND before IS NULL"

_STATES: dict[str | None, State] = {
    "delivered": "sent",
    "relayed": "sent",
    "failed": "refused",
    "delayed": "deferred",
    None: "unknown",
}


class Place(NamedTuple):
    """One row."""

    scope: str
    key: str
    recipient: str


Known = Mapping[str, Entry]


class Ledger:
    """The sends of one state directory, as seen by one run.

    ``scope`` keeps places apart that have nothing to do with each other: what lies in a Maildir
    has not been sent to the world.  ``clock`` gives seconds since the epoch.  Every method may
    raise InputOutputError, or TemporaryError when another process holds the database for too long.
    """

    def __init__(self, state_dir: Path, *, scope: str, clock: Callable[[], float], via: str = "") -> None:
        self._db = database.connect(state_dir, SCHEMA + ";" + postponed.SCHEMA)
        self._postponed = Postponed(state_dir, scope=scope, via=via)
        self._scope = scope
        self._clock = clock
        self._runs = Runs(state_dir)
        self._seen: dict[tuple[str, str], tuple[str, int]] = {}
        self._notes: list[tuple[str, str, str, State, str, float, bytes, str]] = []
        self._withdrawn: list[tuple[str, str, str, str]] = []
        self._acts: dict[Place, bytes] = {}
        self._heard: list[bytes] = []
        self._unsure = False
        for run, lines in self._runs.dead():
            if lines is not None:
                self._recover(run, lines)

    def _recover(self, run: str, lines: Sequence[bytes]) -> None:
        """Note what a run that was killed had heard, and take back what it had not begun to do."""
        told = [exact.loads(line) for line in lines]
        begun = {tuple(entry) for entry in told if len(entry) == len(Place._fields)}
        heard = [entry for entry in told if len(entry) > len(Place._fields)]
        notes = [(*row, float(at), status.encode(), run) for *row, at, status in heard]
        with database.transaction(self._db) as db:
            db.executemany(_NOTE, notes)
            found = db.execute(
                "SELECT scope, key, recipient FROM sends WHERE run = ? AND state = 'unknown'", (run,)
            )
            _take_back(db, [(*place, run) for place in found.fetchall() if place not in begun])

    def close(self) -> None:
        """Let go of the database; what it could not take the next run learns from this run's file."""
        with suppress(InputOutputError):
            if self._unsure and self._heard:
                self._runs.write(b"".join(self._heard))
        self._db.close()
        self._runs.close(keep=self._unsure)

    def known(self, parcels: Collection[Parcel]) -> dict[Parcel, Known]:
        """What is known of the parcels' recipients, by parcel and recipient; nothing of most."""
        asked = {place[1:]: None for parcel in parcels for place in self._places(parcel)}
        entries: dict[tuple[str, str], Entry] = {}
        with database.guard():
            for start in range(0, len(asked), _CHUNK):
                self._ask(list(asked)[start : start + _CHUNK], entries)
        if not entries:
            return {}
        return {
            parcel: {r: entry for r in parcel.recipients if (entry := entries.get((parcel.key, r.lower())))}
            for parcel in parcels
        }

    def _ask(self, places: Sequence[tuple[str, str]], entries: dict[tuple[str, str], Entry]) -> None:
        marks = ",".join(["(?,?)"] * len(places))
        rows = self._db.execute(
            f"WITH asked(key, recipient) AS (VALUES {marks})"
            " SELECT key, recipient, state, attempts, content, run, first, status"
            " FROM asked CROSS JOIN sends USING (key, recipient) WHERE scope = ?",
            (*(name for place in places for name in place), self._scope),
        )
        for key, recipient, state, attempts, content, run, first, status in rows:
            busy = state == "unknown" and self._runs.alive(run)
            if not busy:
                self._seen[key, recipient] = (state, attempts)
            entries[key, recipient] = Entry(state, content, _loaded(status), busy, attempts, first)

    def note(self, parcel: Parcel, statuses: Mapping[str, Mapping[str, Any]]) -> None:
        """Take an outcome, a deliveryStatus by recipient; it is durable after the next commit."""
        now, own = self._clock(), self._runs.own()
        for recipient, status in statuses.items():
            place = Place(self._scope, parcel.key, recipient.lower())
            told = exact.dumps(status)
            row = (*place, _STATES[status["action"]], parcel.content, now)
            self._notes.append((*row, told, own))
            if self._acts.pop(place, b""):
                self._heard.append(exact.dumps([*row, told.decode()]) + b"\n")

    def postpone(self, name: str, key: str, record: Mapping[str, Any], due: float) -> None:
        """Keep a record to try again; durable after the next commit."""
        self._postponed.put(name, key, dict(record), due)

    def settle(self, name: str) -> None:
        """Forget a record that was kept, if it was; durable after the next commit."""
        self._postponed.drop(name)

    def due(self, *, everything: bool) -> Iterator[dict[str, Any]]:
        """The records to try again now, or all there are."""
        with database.guard():
            before = math.inf if everything else self._clock()
            yield from self._postponed.records(self._db, before=before)

    def waiting(self) -> tuple[int, float]:
        """How many records are not due yet, and when the first of them is."""
        with database.guard():
            return self._postponed.waiting(self._db, after=self._clock())

    def purge(self) -> None:
        """Forget what was sent or refused for good longer ago than KEPT_DAYS; looks once a day."""
        now = self._clock()
        with database.transaction(self._db) as db:
            last = db.execute("SELECT at FROM upkeep WHERE name = 'sends'").fetchone()
            if last is None or now - last[0] > _DAY:
                before = now - KEPT_DAYS * _DAY
                db.execute("DELETE FROM sends WHERE state IN ('sent', 'refused') AND at < ?", (before,))
                db.execute("INSERT OR REPLACE INTO upkeep VALUES ('sends', ?)", (now,))

    def withdraw(self, parcels: Collection[Parcel]) -> None:
        """Take back intents that were not carried out; durable after the next commit."""
        self._withdrawn += [
            (*place, self._runs.own()) for parcel in parcels for place in self._places(parcel)
        ]

    def mark(self, parcels: Sequence[Parcel]) -> None:
        """Tell that intents are carried out now; found by whoever comes after a kill."""
        acts = {place: exact.dumps(place) + b"\n" for parcel in parcels for place in self._places(parcel)}
        self._acts |= acts
        if self._runs.full:
            # All that was heard is durable by now, but for what is written here again.
            self._runs.renew(b"".join([*self._heard, *self._acts.values()]))
        else:
            self._runs.write(b"".join([*self._heard, *acts.values()]))
        self._heard.clear()

    def commit(self, intents: Sequence[Parcel] = (), *, ahead: bool = False) -> list[Parcel]:
        """Make all of it durable in one transaction; gives back the intents that another run has.

        Those that are not ``ahead`` are carried out at once.
        """
        refused: list[Parcel] = []
        going = list(intents)
        if going and not ahead:
            self.mark(going)
        if going or self._notes or self._withdrawn or self._postponed.changed:
            self._unsure = True  # a transaction that fails may be found written all the same
            with database.transaction(self._db) as db:
                db.executemany(_NOTE, self._notes)
                _take_back(db, self._withdrawn)
                self._postponed.write(db)
                refused = self._intend(db, going)
        for parcel in intents:
            for recipient in parcel.recipients:
                self._seen.pop((parcel.key, recipient.lower()), None)
        self._postponed.written()
        self._unsure = False
        self._notes.clear()
        self._heard.clear()
        self._withdrawn.clear()
        return refused

    def _intend(self, db: sqlite3.Connection, parcels: Sequence[Parcel]) -> list[Parcel]:
        """Write the intents; all at once, and one by one only where another run was faster."""
        if not parcels:
            return []
        rows = [row for parcel in parcels for row in self._rows(parcel)]
        db.execute("SAVEPOINT intents")
        if db.executemany(_INTEND, rows).rowcount == len(rows):
            db.execute("RELEASE intents")
            return []
        db.execute("ROLLBACK TO intents")
        db.execute("RELEASE intents")
        return [parcel for parcel in parcels if not self._intends(db, parcel)]

    def _intends(self, db: sqlite3.Connection, parcel: Parcel) -> bool:
        rows = self._rows(parcel)
        db.execute("SAVEPOINT one")
        if db.executemany(_INTEND, rows).rowcount == len(rows):
            db.execute("RELEASE one")
            return True
        db.execute("ROLLBACK TO one")
        db.execute("RELEASE one")
        return False

    def _rows(self, parcel: Parcel) -> list[tuple[str, str, str, str, str, float, str, int]]:
        now, own = self._clock(), self._runs.own()
        return [
            (*place, parcel.content, own, now, *self._seen.get(place[1:], ("", 0)))
            for place in self._places(parcel)
        ]

    def _places(self, parcel: Parcel) -> list[Place]:
        if len(parcel.recipients) == 1:
            return [Place(self._scope, parcel.key, parcel.recipients[0].lower())]
        return [Place(self._scope, parcel.key, recipient.lower()) for recipient in parcel.recipients]


def _take_back(db: sqlite3.Connection, intents: Sequence[tuple[str, str, str, str]]) -> None:
    if intents:
        db.executemany(_UNDO, intents)
        db.executemany(_FORGET, intents)


def _loaded(status: bytes | None) -> dict[str, object]:
    loaded = exact.loads(status) if status else {}
    return loaded if isinstance(loaded, dict) else {}
