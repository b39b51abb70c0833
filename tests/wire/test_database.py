"""The state database: private, durable, shared by processes, with errors of ours."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from mailpipe.errors import CannotCreateError, InputOutputError
from mailpipe.wire import database

SCHEMA = "CREATE TABLE IF NOT EXISTS things (name TEXT PRIMARY KEY);"
ONE_MORE = """
import sys
from pathlib import Path
from mailpipe.wire import database
connection = database.connect(Path(sys.argv[1]), sys.argv[2])
with database.transaction(connection):
    connection.execute("INSERT INTO things VALUES (?)", (sys.argv[3],))
connection.close()
"""


def names(folder: Path) -> set[str]:
    return {row[0] for row in database.connect(folder, SCHEMA).execute("SELECT name FROM things")}


def test_processes_that_start_together_all_get_in(tmp_path: Path) -> None:
    for turn in range(12):
        folder = tmp_path / str(turn)
        folder.mkdir()
        processes = [
            subprocess.Popen([sys.executable, "-c", ONE_MORE, str(folder), SCHEMA, str(number)])
            for number in range(4)
        ]

        assert [process.wait(60) for process in processes] == [0] * 4
        assert names(folder) == {"0", "1", "2", "3"}


def test_the_file_is_private_and_commits_are_durable(tmp_path: Path) -> None:
    connection = database.connect(tmp_path, SCHEMA)

    assert (tmp_path / database.NAME).stat().st_mode & 0o777 == 0o600
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL


def test_a_transaction_is_whole_or_nothing(tmp_path: Path) -> None:
    connection = database.connect(tmp_path, SCHEMA)

    with pytest.raises(InputOutputError), database.transaction(connection):
        connection.execute("INSERT INTO things VALUES ('half'), ('half')")

    assert names(tmp_path) == set()


def test_a_symbolic_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / database.NAME).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(CannotCreateError):
        database.connect(tmp_path, SCHEMA)


def test_a_foreign_file_is_never_taken_for_an_empty_state(tmp_path: Path) -> None:
    (tmp_path / database.NAME).write_bytes(b"something else altogether\n" * 100)

    with pytest.raises(InputOutputError, match="move it away only if it may forget what was sent"):
        database.connect(tmp_path, SCHEMA)


def test_an_error_in_a_statement_is_one_of_ours(tmp_path: Path) -> None:
    connection = database.connect(tmp_path, SCHEMA)

    with pytest.raises(InputOutputError), database.transaction(connection):
        connection.execute("INSERT INTO nothing VALUES (1)")
    assert isinstance(connection, sqlite3.Connection)
