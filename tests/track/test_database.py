"""The database of opens on SQLite and on PostgreSQL: the same answers, and nothing twice."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mailpipe.config import Settings
from mailpipe.errors import ConfigError, TemporaryError
from mailpipe.wire.registry import opened
from mailpipe.wire.trackdb import Open, Registration, TrackDatabase
from tests.conftest import Run
from tests.servers.pixels import Start
from tests.servers.postgres import PASSWORD, Postgres
from tests.track.test_serve import path, token

Connect = Callable[[], TrackDatabase]


@pytest.fixture(params=["sqlite", "postgresql"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A configuration with a database of its own."""
    if request.param == "sqlite":
        found = tmp_path / "config.yaml"
        found.write_text("track: {database: {url: 'sqlite:opens.db'}}\n")
        return found
    server: Postgres = request.getfixturevalue("postgres")
    return server.config(tmp_path, f"d{abs(hash(str(tmp_path)))}")


@pytest.fixture
def connect(config: Path) -> Iterator[Connect]:
    """Connect to it, as often as wanted."""
    made: list[TrackDatabase] = []

    def call() -> TrackDatabase:
        made.append(opened(Settings(str(config))))
        return made[-1]

    yield call
    for one in made:
        one.close()


def opening(number: int, *, class_: str = "human", minute: int = 1, count: int = 1) -> Open:
    at = minute * 60.0 + 1
    return Open(
        id=f"{number:032x}", kind="open", class_=class_, rule="none", minute=minute,
        first_at=at, last_at=at + 2, ip="192.0.2.0/24", agent="x", count=count,
    )  # fmt: skip


def registration(number: int) -> Registration:
    return Registration(
        id=f"{number:032x}", message_id="m@example.com", recipient=f"{number}@example.net", subject="Prüfung",
        ref=None, sent_at=30.0 + number,
    )  # fmt: skip


def test_opens_are_numbered_in_order_and_equal_ones_are_counted(connect: Connect) -> None:
    database = connect()
    database.record([opening(1), opening(2)])
    database.record([opening(1, count=4), opening(1, minute=2), opening(1, class_="proxy")])

    rows = list(database.events())

    assert [(row["id"][-1], row["class_"], row["minute"], row["count"]) for row in rows] == [
        ("1", "human", 1, 5),
        ("2", "human", 1, 1),
        ("1", "human", 2, 1),
        ("1", "proxy", 1, 1),
    ]
    assert [row["seq"] for row in rows] == sorted({row["seq"] for row in rows})
    assert list(database.events(rows[-1]["seq"])) == []
    assert [row["minute"] for row in database.events(since=120.0)] == [2]


def test_more_than_a_page_is_read_whole(connect: Connect) -> None:
    database = connect()
    database.record([opening(number) for number in range(2500)])

    assert [int(row["id"], 16) for row in database.events()] == list(range(2500))


def test_a_registration_counts_once_and_may_come_after_the_open(connect: Connect) -> None:
    database = connect()
    database.record([opening(1), opening(2)])
    database.register([registration(1)])
    database.register([registration(1), registration(3)])
    database.register([])
    database.record([])

    rows = list(database.events())
    assert [(row["recipient"], row["sent_at"]) for row in rows] == [("1@example.net", 31.0), (None, None)]
    assert [row["recipient"] for row in database.registrations()] == ["1@example.net", "3@example.net"]
    assert [row["subject"] for row in database.registrations(since=32.0)] == ["Prüfung"]


def test_what_is_old_is_forgotten_but_not_whose_a_newer_open_is(connect: Connect) -> None:
    database = connect()
    database.register([registration(1), registration(2)])
    database.record([opening(1), opening(1, minute=60), opening(2)])

    assert database.forget(600.0) == 2
    assert [(row["minute"], row["recipient"]) for row in database.events()] == [(60, "1@example.net")]
    assert [row["recipient"] for row in database.registrations()] == ["1@example.net"]


def test_several_may_write_at_once(connect: Connect) -> None:
    databases = [connect() for _ in range(4)]

    def write(at: int) -> None:
        for number in range(20):
            databases[at].record([opening(number), opening(1000 * at + number, minute=5)])

    threads = [threading.Thread(target=write, args=(at,)) for at in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    rows = list(databases[0].events())
    assert sum(row["count"] for row in rows) == 160
    assert sum(row["count"] for row in rows if row["minute"] == 1) == 80


def test_the_tables_are_made_by_whoever_comes_first(config: Path) -> None:
    failures: list[Exception] = []

    def make() -> None:
        try:
            opened(Settings(str(config))).close()
        except Exception as exc:  # noqa: BLE001  whatever it is, the test tells
            failures.append(exc)

    threads = [threading.Thread(target=make) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


TEMPLATE = """\
---
from: desk@example.com
to: [a@example.net, b@example.net]
subject: "Check {{ id }}"
track: %s
---
Please check.
"""


def test_the_whole_way_from_the_template_to_the_report(
    config: Path, pixels: Start, run: Run, tmp_path: Path
) -> None:
    env = {"MAILPIPE_CONFIG": str(config)}
    server = pixels(env=env)
    (tmp_path / "check.md").write_text(TEMPLATE % server.url)

    rendered = run(["render", "check.md"], stdin=[{"id": 1}], env=env)
    sent = run(["send", "--via", "maildir:out"], stdin=rendered.stdout, env=env)
    assert [record["track"]["registered"] for record in sent.records] == [True, True]
    server.ask(sent.records[1]["track"]["pixel"])
    server.stop()
    [event] = run(["track", "events"], env=env).records
    report = run(["track", "report"], env=env).records

    assert (event["messageId"], event["recipient"]) == (sent.records[1]["messageId"], "b@example.net")
    assert event["subject"] == "Check 1"
    assert (event["class"], event["rule"]) == ("scanner", "at-once")
    assert [(one["recipient"], one["opens"]["scanner"]) for one in report] == [
        ("a@example.net", 0),
        ("b@example.net", 1),
    ]


def test_a_password_is_read_where_it_is_kept_and_told_nobody(
    postgres: Postgres, tmp_path: Path, run: Run
) -> None:
    config = postgres.config(tmp_path, "secrets")
    (tmp_path / "postgres.password").write_text("wrong-" + PASSWORD)

    result = run(["track", "events"], env={"MAILPIPE_CONFIG": str(config)})

    assert result.status == 75
    assert "password authentication failed" in result.stderr
    assert PASSWORD not in result.stderr + result.stdout.decode()


def test_a_server_that_is_not_there_can_be_tried_again(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("track: {database: {url: 'postgresql://mail@127.0.0.1:1/mail'}}\n")

    with pytest.raises(TemporaryError, match="database of opens"):
        opened(Settings(str(config)))


@pytest.mark.parametrize("url", ["mysql://x@y/z", "nonsense"])
def test_another_kind_of_database_is_refused(tmp_path: Path, url: str) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"track: {{database: {{url: '{url}'}}}}\n")

    with pytest.raises(ConfigError, match=r"track\.database"):
        opened(Settings(str(config)))


def test_a_url_with_a_password_is_refused(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("track: {database: {url: 'postgresql://mail:secret@h/z'}}\n")

    with pytest.raises(ConfigError, match="holds no password") as told:
        opened(Settings(str(config)))
    assert "secret" not in str(told.value)


def test_a_server_of_pixels_keeps_opens_in_postgresql(
    postgres: Postgres, pixels: Start, run: Run, tmp_path: Path
) -> None:
    config = postgres.config(tmp_path, "served")
    (tmp_path / "track.key").write_text("a key that only we have\n")
    (tmp_path / "track.key").chmod(0o600)
    config.write_text(config.read_text() + "  key: {file: track.key}\n")
    server = pixels(env={"MAILPIPE_CONFIG": str(config)})
    for number in range(5):
        server.ask(path(token(number)))
    assert server.stop() == 0

    rows: list[tuple[Any, ...]] = postgres.ask("SELECT id, count FROM mailpipe_opens ORDER BY seq", "served")
    assert rows == [(f"{number:032x}", 1) for number in range(5)]


def test_mail_is_sent_even_if_nobody_can_keep_whose_the_pixel_is(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("track: {database: {url: 'postgresql://mail@127.0.0.1:1/mail'}}\n")
    (tmp_path / "check.md").write_text(TEMPLATE % "https://t.example.com")
    broken = {"MAILPIPE_CONFIG": str(tmp_path / "config.yaml")}
    rendered = run(["render", "check.md"], stdin=[{"id": 1}, {"id": 2}])

    sent = run(["send", "--via", "maildir:out"], stdin=rendered.stdout, env=broken)

    assert sent.status == 0
    assert len(list((tmp_path / "out" / "new").iterdir())) == 4
    assert [record["track"]["registered"] for record in sent.records] == [False] * 4
    assert sent.stderr.count("is not kept") == 4
    later = run(["track", "register"], stdin=sent.stdout)
    assert [record["track"]["registered"] for record in later.records] == [True] * 4
    assert len(run(["track", "report"]).records) == 4


def test_a_recipient_who_was_refused_is_not_registered(run: Run) -> None:
    track = {"id": "0" * 32, "recipient": "a@example.net"}
    refused = {
        "messageId": ["m@example.com"],
        "track": track,
        "deliveryStatus": {"a@example.net": {"delivered": "no"}},
        "error": {"stage": "send", "type": "refused", "detail": "x", "retryable": False},
    }

    result = run(["track", "register"], stdin=[refused])

    assert result.records == [refused]
    assert run(["track", "report"]).records == []


@pytest.mark.parametrize(
    ("missing", "args", "extra"),
    [
        ("sqlalchemy", ["track", "events"], "mailpipe[track]"),
        ("uvicorn", ["track", "serve"], "mailpipe[track]"),
        ("psycopg", ["track", "events", "--config", "config.yaml"], "mailpipe[postgres]"),
    ],
)
def test_what_is_not_installed_is_named(
    missing: str, args: list[str], extra: str, home_env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text("track: {database: {url: 'postgresql://mail@127.0.0.1:1/mail'}}\n")
    code = (
        f"import sys; sys.modules[{missing!r}] = None; sys.argv[1:] = {args!r}; "
        "from mailpipe.cli import main; main()"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=home_env, cwd=tmp_path, check=False
    )

    assert done.returncode == 78
    assert f"pip install '{extra}'" in done.stderr
