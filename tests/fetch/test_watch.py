"""fetch --watch: what arrives is handed out at once, whatever happens to the connection."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import NotPermittedError, TemporaryError
from mailpipe.fetch.watch import GIVE_UP, Watched
from tests.conftest import MAILPIPE, Run
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import FakeImap, Start, Tap


def message(number: int) -> bytes:
    return f"Subject: {number}\r\n\r\nhello {number}\r\n".encode()


@contextmanager
def watching(args: list[str], env: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(
        [MAILPIPE, "fetch", "--watch", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def uid(process: "subprocess.Popen[bytes]") -> Any:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())["source"]["uid"]


@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "imaps"])
def test_news_is_told_by_the_server(
    dovecot: Dovecot, user: str, tmp_path: Path, home_env: dict[str, str], tls: bool
) -> None:
    config = str(dovecot.config(tmp_path / "config.yaml", user, tls=tls))
    dovecot.add(user, message(1))

    with watching(["--every", "1000", "--config", config], home_env) as process:
        assert uid(process) == 1
        for number in (2, 3):
            started = time.monotonic()
            dovecot.add(user, message(number))
            assert uid(process) == number
            assert time.monotonic() - started < 20


def test_sigterm_ends_it_at_once(
    dovecot: Dovecot, user: str, tmp_path: Path, home_env: dict[str, str], run: Run
) -> None:
    config = str(dovecot.config(tmp_path / "config.yaml", user))
    dovecot.add(user, message(1))
    with watching(["--config", config], home_env) as process:
        uid(process)
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 143
        assert time.monotonic() - started < 5

    dovecot.add(user, message(2))

    assert [one["source"]["uid"] for one in run(["fetch", "--config", config]).records] == [2]


def test_it_ends_when_its_reader_has_gone(
    dovecot: Dovecot, user: str, tmp_path: Path, home_env: dict[str, str]
) -> None:
    config = str(dovecot.config(tmp_path / "config.yaml", user))
    dovecot.add(user, message(1))

    with watching(["--config", config], home_env) as process:
        uid(process)
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(10) == 141


def test_a_lost_connection_is_made_anew(
    dovecot: Dovecot, user: str, tmp_path: Path, home_env: dict[str, str]
) -> None:
    cut: list[bool] = []

    def see(from_client: bool, octets: bytes) -> bytes | None:
        if not from_client and b"EXISTS" in octets and cut == [True]:
            cut.append(False)  # the news itself is lost with the connection
            return None
        return octets

    config = dovecot.config(tmp_path / "config.yaml", user)
    with Tap(dovecot.port, see) as tap:
        text = config.read_text().replace(f":{dovecot.port}", f":{tap.port}")
        config.write_text(text.replace(f", ca: {dovecot.ca}", ""))
        dovecot.add(user, message(1))
        with watching(["--every", "1000", "--config", str(config)], home_env) as process:
            assert uid(process) == 1
            time.sleep(1)
            cut.append(True)
            dovecot.add(user, message(2))
            assert uid(process) == 2
            assert cut == [True, False]


def test_a_server_without_idle_is_looked_at_now_and_then(fake_imap: Start, home_env: dict[str, str]) -> None:
    server = fake_imap(FakeImap({1: b"one"}))
    env = {**home_env, "MAILPIPE_IMAP_PASSWORD": "secret"}

    with watching(["--every", "1", server.url()], env) as process:
        assert uid(process) == 1
        server.messages[2] = b"two"
        assert uid(process) == 2
    assert not any("IDLE" in line for line in server.log)


def test_a_maildir_is_looked_at_now_and_then(tmp_path: Path, home_env: dict[str, str]) -> None:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "in" / part).mkdir(parents=True)
    (tmp_path / "in" / "new" / "1.a").write_bytes(message(1))

    with watching(["--every", "1", f"maildir:{tmp_path}/in"], home_env) as process:
        assert uid(process) == "1.a"
        (tmp_path / "in" / "new" / "2.b").write_bytes(message(2))
        assert uid(process) == "2.b"


def test_looking_on_and_on_needs_leases(run: Run) -> None:
    assert run(["fetch", "--watch", "--peek", "mbox:x"]).status == 64


class Failing:
    """A source and a watch in one, which fail as told; notes how long each pause was."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.pauses: list[float] = []

    def messages(self, _take: Any) -> Iterator[Any]:
        yield from ()
        if self.errors:
            raise self.errors.pop(0)

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def wait(self, _seconds: float) -> None:
        raise StopIteration

    def watched(self, reports: list[str]) -> Watched:
        sources: Any = lambda: [self]  # noqa: E731
        return Watched(
            sources, self, every=1, sleep=self.pauses.append, chance=lambda: 1.0, report=reports.append
        )


def everything(keys: str, _more: Sequence[str]) -> Sequence[str]:
    return keys


def test_pauses_grow_and_end_with_a_failure() -> None:
    failing = Failing(*[TemporaryError("gone")] * 50)
    reports: list[str] = []

    with pytest.raises(TemporaryError):
        list(failing.watched(reports).messages(everything))

    assert failing.pauses == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 300.0]
    assert len(failing.pauses) == GIVE_UP - 1
    assert reports[0] == "gone; trying again in 2 s"


def test_what_trying_again_cannot_help_ends_at_once() -> None:
    failing = Failing(NotPermittedError("wrong password"))

    with pytest.raises(NotPermittedError):
        list(failing.watched([]).messages(everything))

    assert failing.pauses == []
