"""The database of opens: who a token stands for, and when its pixel was fetched; SQLite or PostgreSQL.

Opens of one token that come in the same minute and are of the same class are one row with a count,
so that nobody can fill the disk with a token of his.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateIndex, CreateTable

from mailpipe import config
from mailpipe.config import Database, Settings
from mailpipe.errors import CannotCreateError, ConfigError, InputOutputError, TemporaryError

NAME = "track.db"
BUSY_SECONDS = 30.0  # how long to wait for another process's transaction
CONNECT_SECONDS = 10  # how long a PostgreSQL server may take to be there
PAGE = 1000  # rows that are read at once
_LOCK = 6009  # of PostgreSQL's advisory locks; any number that is always the same

_meta = sa.MetaData()
tokens = sa.Table(
    "mailpipe_tokens",
    _meta,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("subject", sa.Text),
    sa.Column("ref", sa.Text),
    sa.Column("sent_at", sa.Float(53), nullable=False),  # seconds since the epoch
)
opens = sa.Table(
    "mailpipe_opens",
    _meta,
    sa.Column("seq", sa.Integer().with_variant(sa.BigInteger, "postgresql"), primary_key=True),
    sa.Column("id", sa.String(32), nullable=False),
    sa.Column("kind", sa.String(16), nullable=False),  # open, unsubscribe
    sa.Column("class_", sa.String(16), nullable=False),
    sa.Column("minute", sa.Integer, nullable=False),  # since the epoch
    sa.Column("rule", sa.String(32), nullable=False),
    sa.Column("first_at", sa.Float(53), nullable=False),
    sa.Column("last_at", sa.Float(53), nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("ip", sa.String(64), nullable=False),
    sa.Column("agent", sa.String(300), nullable=False),
    sa.UniqueConstraint("id", "kind", "class_", "minute"),
    sqlite_autoincrement=True,  # a number is never used again, so whoever follows misses none
)
_index = sa.Index("mailpipe_opens_last", opens.c.last_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """Who a token stands for."""

    id: str
    message_id: str
    recipient: str
    subject: str | None
    ref: str | None
    sent_at: float


@dataclass(slots=True, kw_only=True)
class Open:
    """The opens of one token in one minute, as far as they are of one class."""

    id: str
    kind: str
    class_: str
    rule: str
    minute: int
    first_at: float
    last_at: float
    ip: str
    agent: str
    count: int = 1


class TrackDatabase:
    """One database; every method may raise InputOutputError or TemporaryError."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        with self._begin() as connection:
            for table in (tokens, opens):
                connection.execute(CreateTable(table, if_not_exists=True))
            connection.execute(CreateIndex(_index, if_not_exists=True))

    def register(self, rows: Sequence[Registration]) -> None:
        """Keep who the tokens stand for, in one transaction; what is known already stays."""
        if rows:
            with self._begin() as connection:
                wanted = self._insert(tokens).on_conflict_do_nothing()
                connection.execute(wanted, [asdict(row) for row in rows])

    def record(self, rows: Sequence[Open]) -> None:
        """Add opens, in one transaction."""
        if not rows:
            return
        wanted = self._insert(opens)
        wanted = wanted.on_conflict_do_update(
            index_elements=["id", "kind", "class_", "minute"],
            set_={
                "count": opens.c.count + wanted.excluded.count,
                "last_at": wanted.excluded.last_at,
            },
        )
        with self._begin() as connection:
            connection.execute(wanted, [asdict(row) for row in rows])

    def events(self, after: int = 0, since: float = 0.0) -> Iterator[dict[str, Any]]:
        """The opens numbered above ``after``, in order, with whom they are of where that is known."""
        query = (
            sa.select(
                opens, *(tokens.c[name] for name in ("message_id", "recipient", "subject", "ref", "sent_at"))
            )
            .join_from(opens, tokens, opens.c.id == tokens.c.id, isouter=True)
            .where(opens.c.last_at >= since)
            .order_by(opens.c.seq)
            .limit(PAGE)
        )
        while rows := self._rows(query.where(opens.c.seq > after)):
            yield from rows
            after = rows[-1]["seq"]

    def registrations(self, since: float = 0.0) -> Iterator[dict[str, Any]]:
        """Who was sent what, by the time of sending."""
        query = sa.select(tokens).where(tokens.c.sent_at >= since).order_by(tokens.c.sent_at, tokens.c.id)
        with _guard(), self._engine.connect() as connection:
            for row in connection.execution_options(yield_per=PAGE).execute(query):
                yield dict(row._mapping)

    def forget(self, before: float) -> int:
        """Remove what was opened, and who was sent to, before a time; how many opens that were."""
        with self._begin() as connection:
            gone = connection.execute(sa.delete(opens).where(opens.c.last_at < before)).rowcount
            kept = sa.select(opens.c.id).where(opens.c.id == tokens.c.id).exists()
            connection.execute(sa.delete(tokens).where(tokens.c.sent_at < before, ~kept))
            return gone

    def close(self) -> None:
        """Let go of the connections."""
        self._engine.dispose()

    def _rows(self, query: sa.Select[Any]) -> list[dict[str, Any]]:
        with _guard(), self._engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with _guard(), self._engine.begin() as connection:
            if self._engine.dialect.name == "postgresql":
                # Writers come one after the other: rows become visible in the order of their numbers.
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            yield connection


def connected(settings: Settings) -> TrackDatabase:
    """The database of the configuration; its tables are made if they are missing.

    Raises ConfigError, CannotCreateError, InputOutputError or TemporaryError.
    """
    wanted = settings.config.track.database
    if wanted is None or wanted.url.startswith("sqlite:"):
        path = Path(wanted.url.removeprefix("sqlite:")) if wanted else config.state_dir() / NAME
        return TrackDatabase(_sqlite(path))
    return TrackDatabase(_postgresql(wanted))


def _sqlite(path: Path) -> sa.Engine:
    try:
        # Made by hand first, so that the file is never readable by others, and never a symbolic link.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as exc:
        raise CannotCreateError(f"{path}: {exc.strerror}") from exc
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_SECONDS})

    @sa.event.listens_for(engine, "connect")
    def _durable(connection: Any, _record: Any) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


def _postgresql(wanted: Database) -> sa.Engine:
    try:
        url = sa.make_url(wanted.url)
        if url.get_backend_name() != "postgresql":
            raise ConfigError(f"track.database: {url.drivername} is not postgresql or sqlite")
        url = url.set(drivername="postgresql+psycopg")
        if wanted.password is not None:
            url = url.set(password=wanted.password.read())
        return sa.create_engine(
            url, pool_size=2, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_SECONDS}
        )
    except ImportError as exc:
        hint = "pip install 'mailpipe[postgres]'"
        raise ConfigError("PostgreSQL needs psycopg, which is not installed", hint=hint) from exc
    except (sa.exc.ArgumentError, ValueError) as exc:
        raise ConfigError(f"track.database: {exc}") from exc


@contextmanager
def _guard() -> Iterator[None]:
    """Translate errors of the database into ours."""
    try:
        yield
    except sa.exc.OperationalError as exc:
        raise TemporaryError(f"the database of opens: {_said(exc)}") from exc
    except sa.exc.SQLAlchemyError as exc:
        raise InputOutputError(f"the database of opens: {_said(exc)}") from exc


def _said(exc: sa.exc.SQLAlchemyError) -> str:
    told = getattr(exc, "orig", None) or exc
    return " ".join(str(told).split())
