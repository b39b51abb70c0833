"""A real PostgreSQL in a temporary directory, reached on a loopback port with a password."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import need
from tests.servers.dovecot import HOST, free_port

PASSWORD = "open-sesame"
USER = "mail"


@dataclass(frozen=True)
class Postgres:
    """A running server, with one user, who has a password."""

    port: int
    folder: Path

    def config(self, folder: Path, database: str) -> Path:
        """Make a database, and write a configuration that names it."""
        self.ask(f'CREATE DATABASE "{database}"', "postgres")
        secret = folder / "postgres.password"
        secret.write_text(PASSWORD)
        secret.chmod(0o600)
        path = folder / "config.yaml"
        path.write_text(
            f"track:\n  database:\n    url: postgresql://{USER}@{HOST}:{self.port}/{database}\n"
            f"    password: {{file: {secret}}}\n"
        )
        return path

    def ask(self, statement: str, database: str) -> list[tuple[object, ...]]:
        """The rows of a statement, as an independent client sees them."""
        import psycopg

        with psycopg.connect(
            host=HOST, port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


def _program(name: str) -> str:
    """A program of the Debian package, which is not on PATH there."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(found[-1]) if found else need(name)


@contextmanager
def running() -> Iterator[Postgres]:
    """A server for a while."""
    initdb, server = _program("initdb"), _program("postgres")
    with tempfile.TemporaryDirectory(prefix="mailpipe-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        user = _owner(folder)
        (folder / "password").write_text(PASSWORD)
        how = (
            "-A",
            "scram-sha-256",
            "-E",
            "UTF8",
            "--locale=C",
            "--no-sync",
            f"--pwfile={folder / 'password'}",
        )
        subprocess.run(
            [initdb, "-D", str(folder / "data"), "-U", USER, *how],
            check=True,
            capture_output=True,
            user=user,
            cwd=folder,
        )
        port = free_port()
        options = [
            f"listen_addresses={HOST}",
            f"port={port}",
            f"unix_socket_directories={folder}",
            "fsync=off",
        ]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "-D", str(folder / "data"), *(part for one in options for part in ("-c", one))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=user,
                cwd=folder,
            )
        try:
            yield _ready(Postgres(port, folder), process)
        finally:
            process.terminate()
            process.wait(20)


def _owner(folder: Path) -> str | None:
    """Who runs it: PostgreSQL refuses to be root."""
    if os.getuid() != 0:
        return None
    name = next((one for one in ("postgres", "nobody") if _exists(one)), "nobody")
    shutil.chown(folder, name)
    return name


def _exists(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _ready(server: Postgres, process: "subprocess.Popen[bytes]") -> Postgres:
    import psycopg

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.ask("SELECT 1", "postgres")
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return server
    pytest.fail(f"PostgreSQL did not start: {(server.folder / 'log').read_text()}")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests; each test makes a database of its own."""
    with running() as server:
        yield server
