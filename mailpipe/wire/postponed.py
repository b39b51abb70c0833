"""Keep messages that were put off, with what was said and when to try again; files and one table."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from mailpipe import exact
from mailpipe.errors import InputOutputError

SCHEMA = """
CREATE TABLE IF NOT EXISTS postponed (
    name TEXT PRIMARY KEY,      -- of the file with the record
    scope TEXT NOT NULL,
    via TEXT NOT NULL,          -- the server that it is for
    key TEXT NOT NULL,          -- as in sends
    due REAL NOT NULL           -- when to try again, in seconds since the epoch
) WITHOUT ROWID
"""
FOLDER = "postponed"

_SETTLED = """
SELECT name FROM postponed WHERE NOT EXISTS (SELECT 1 FROM sends WHERE sends.scope = postponed.scope
    AND sends.key = postponed.key AND sends.state IN ('deferred', 'unknown'))
"""


class Postponed:
    """The messages that one server has put off.  Every method may raise InputOutputError.

    ``via`` names the server: what one has put off is not given to another.
    """

    def __init__(self, state_dir: Path, *, scope: str, via: str) -> None:
        self._folder = state_dir / FOLDER
        self._scope = scope
        self._via = via
        self._rows: list[tuple[str, str, str, str, float]] = []
        self._gone: list[str] = []

    def put(self, name: str, key: str, record: dict[str, Any], due: float) -> None:
        """Keep a record: its file is on disk at once, its row with the next :meth:`write`."""
        with self._translated(name):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            hidden = self._folder / f".{name}-{os.getpid()}"
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
            with open(os.open(hidden, flags, 0o600), "wb") as file:
                file.write(exact.dumps(record))
                file.flush()
                os.fsync(file.fileno())
            hidden.rename(self._folder / name)
            self._sync()
        self._rows.append((name, self._scope, self._via, key, due))

    def drop(self, name: str) -> None:
        """Forget a record, if it was kept: nothing of it is left to do."""
        self._gone.append(name)

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return bool(self._rows or self._gone)

    def write(self, db: sqlite3.Connection) -> None:
        """Write the rows, inside the transaction that has the outcomes."""
        db.executemany("DELETE FROM postponed WHERE name = ?", [(name,) for name in self._gone])
        db.executemany("INSERT OR REPLACE INTO postponed VALUES (?, ?, ?, ?, ?)", self._rows)

    def written(self) -> None:
        """The transaction is durable: files without a row may go."""
        kept = {row[0] for row in self._rows}
        for name in self._gone:
            if name not in kept:
                self._remove(name)
        self._rows.clear()
        self._gone.clear()

    def records(self, db: sqlite3.Connection, *, before: float) -> Iterator[dict[str, Any]]:
        """The records to try again that are due by then, the one that waits longest first."""
        for (name,) in db.execute(_SETTLED).fetchall():
            db.execute("DELETE FROM postponed WHERE name = ?", (name,))
            self._remove(name)
        rows = db.execute(
            "SELECT name FROM postponed WHERE scope = ? AND via = ? AND due <= ? ORDER BY due",
            (self._scope, self._via, before),
        )
        for (name,) in rows.fetchall():
            with self._translated(name):
                record = exact.loads((self._folder / name).read_bytes())
            yield record

    def waiting(self, db: sqlite3.Connection, *, after: float) -> tuple[int, float]:
        """How many are not due by then, and when the first of them is."""
        found = db.execute(
            "SELECT count(*), min(due) FROM postponed WHERE scope = ? AND via = ? AND due > ?",
            (self._scope, self._via, after),
        ).fetchone()
        return found[0], found[1] or 0.0

    def _remove(self, name: str) -> None:
        with suppress(FileNotFoundError), self._translated(name):
            (self._folder / name).unlink(missing_ok=True)

    def _sync(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _translated(self, name: str) -> "_Translated":
        return _Translated(self._folder / name)


class _Translated:
    """Makes InputOutputError of OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, exc: BaseException | None, _trace: object) -> None:
        if isinstance(exc, OSError):
            raise InputOutputError(f"{self._path}: {exc.strerror}") from exc
