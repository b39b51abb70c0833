"""The state database: one SQLite file, durable at every commit, private to its owner."""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailpipe.errors import CannotCreateError, InputOutputError, TemporaryError

NAME = "mailpipe.db"
BUSY_SECONDS = 30.0  # how long to wait for another process's transaction


def connect(state_dir: Path, schema: str) -> sqlite3.Connection:
    """Open the database in ``state_dir`` and make the tables of ``schema`` if they are missing.

    ``schema`` is a script of ``CREATE TABLE IF NOT EXISTS``.  Commits are durable (WAL with
    synchronous=FULL); transactions are explicit, see :func:`transaction`.
    Raises CannotCreateError, InputOutputError or TemporaryError.
    """
    path = state_dir / NAME
    try:
        # Made by hand first, so that the file is never readable by others, and never a symbolic link.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as exc:
        raise CannotCreateError(f"{path}: {exc.strerror}") from exc
    with _alone(state_dir), guard(path):
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.executescript(schema)
    return connection


@contextmanager
def _alone(state_dir: Path) -> Iterator[None]:
    """Let one process at a time open the database.

    SQLite does not wait for its busy timeout where two processes turn a new file to WAL at once:
    one of them gets "database is locked".
    """
    try:
        folder = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as exc:
        raise CannotCreateError(f"{state_dir}: {exc.strerror}") from exc
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


@contextmanager
def guard(path: Path | str = NAME) -> Iterator[None]:
    """Translate SQLite's errors into ours; a full disk or a damaged file ends the stage."""
    try:
        yield
    except sqlite3.OperationalError as exc:
        if "locked" in str(exc) or "busy" in str(exc):
            raise TemporaryError(f"{path}: {exc}", hint="another mailpipe holds it; try again") from exc
        raise InputOutputError(f"{path}: {exc}") from exc
    except sqlite3.DatabaseError as exc:
        hint = "move it away only if it may forget what was sent"
        raise InputOutputError(f"{path}: {exc}", hint=hint) from exc


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """One durable transaction; it is undone when an exception leaves the block."""
    with guard():
        connection.execute("BEGIN IMMEDIATE")
    try:
        with guard():
            yield connection
    except BaseException:
        if connection.in_transaction:
            connection.rollback()
        raise
    with guard():
        connection.execute("COMMIT")
