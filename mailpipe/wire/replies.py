"""Keep on disk who was answered when, so that two machines never answer each other for long."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from mailpipe.wire import database

SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (
    number INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,    -- lower case
    resource TEXT NOT NULL,  -- the ref of the message, or nothing
    at REAL NOT NULL         -- when, in seconds since the epoch
);
CREATE INDEX IF NOT EXISTS replies_sender ON replies (sender, at);
CREATE INDEX IF NOT EXISTS replies_at ON replies (at)
"""
HOUR = 3600.0
BURST = 600.0  # seconds in which one sender may get so many replies


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many replies there may be."""

    hours: float = 24.0  # between two to the same sender about the same resource
    burst: int = 5  # to one sender within ten minutes, whatever they are about
    hourly: int = 100  # to all senders together within an hour


@dataclass(frozen=True, slots=True)
class Grant:
    """Whether a reply may go out: its ``ticket``, or ``why`` not; ``exhausted``: nobody gets one now."""

    ticket: int | None
    why: str = ""
    exhausted: bool = False


class Replies:
    """The replies of one state directory; ``clock`` gives seconds since the epoch.

    May be used by several threads.  Every method may raise InputOutputError or TemporaryError.
    """

    def __init__(self, state_dir: Path, limits: Limits, clock: Callable[[], float]) -> None:
        self._state_dir = state_dir
        self._limits = limits
        self._clock = clock
        self._lock = threading.Lock()

    def grant(self, sender: str, resource: str) -> Grant:
        """Count a reply before it goes out, unless there were too many."""
        now, limits = self._clock(), self._limits
        with self._lock, closing(self._open()) as db, database.transaction(db):
            db.execute("DELETE FROM replies WHERE at < ?", (now - max(limits.hours, 1.0) * HOUR,))

            def count(where: str, *values: object) -> int:
                row = db.execute(f"SELECT count(*) FROM replies WHERE {where}", values).fetchone()
                return int(row[0])

            if count("at > ?", now - HOUR) >= limits.hourly:
                return Grant(None, f"{limits.hourly} replies have gone out within an hour", exhausted=True)
            if count("sender = ? AND at > ?", sender, now - BURST) >= limits.burst:
                return Grant(None, f"{sender} got {limits.burst} replies within ten minutes")
            since = now - limits.hours * HOUR
            if count("sender = ? AND resource = ? AND at > ?", sender, resource, since):
                return Grant(None, f"{sender} got a reply within {limits.hours:g} hours")
            made = db.execute(
                "INSERT INTO replies (sender, resource, at) VALUES (?, ?, ?)", (sender, resource, now)
            )
            return Grant(made.lastrowid)

    def take_back(self, ticket: int) -> None:
        """Forget a reply that did not go out."""
        with self._lock, closing(self._open()) as db, database.transaction(db):
            db.execute("DELETE FROM replies WHERE number = ?", (ticket,))

    def _open(self) -> sqlite3.Connection:
        # One for each time: replies are rare, and a connection belongs to one thread.
        return database.connect(self._state_dir, SCHEMA)
