"""The incoming pipe when everything goes wrong: cut connections, kills, overlapping runs, other people."""

import json
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import kills
from tests.conftest import Run
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import Tap

RUNS = 20


def message(number: int) -> bytes:
    return f"Subject: {number}\r\nFrom: a@example.com\r\n\r\nhello {number}\r\n".encode()


class Cut:
    """Cuts a connection after the client's nth command; 0 cuts nothing."""

    def __init__(self) -> None:
        self.after = 0
        self.count = 0

    def __call__(self, from_client: bool, octets: bytes) -> bytes | None:
        if from_client:
            self.count += len(re.findall(rb"\r\n", octets))
        elif self.after and self.count >= self.after:
            return None
        return octets


@contextmanager
def tapped(server: Dovecot, config: Path, user: str, cut: Cut) -> Iterator[list[str]]:
    """A configuration whose connections go through ``cut``."""
    server.config(config, user)
    with Tap(server.port, cut) as tap:
        text = config.read_text().replace(f":{server.port}", f":{tap.port}")
        config.write_text(text.replace(f", ca: {server.ca}", ""))
        yield ["--config", str(config)]


def test_settle_survives_a_cut_after_any_command(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path
) -> None:
    cut = Cut()
    with tapped(dovecot, tmp_path / "config.yaml", user, cut) as config:
        total = 0
        for after in range(1, 40):
            dovecot.add(user, message(total), message(total + 1))
            total += 2
            cut.after = 0
            fetched = run(["fetch", "--take-over", *config]).records
            routed = [{**one, "route": {"outcome": "processed"}} for one in fetched]
            cut.after, cut.count = after, 0
            first = run(["settle", *config], stdin=routed)
            cut.after = 0
            assert first.status in (0, 1, 75), first.stderr
            again = [
                {**one, "route": {"outcome": "processed"}}
                for one in run(["fetch", "--take-over", *config]).records
            ]
            assert run(["settle", *config], stdin=again).status == 0
            if first.status == 0 and cut.count < after:
                break
        raws = Counter(one.raw for name in ("INBOX", "processed") for one in dovecot.list(user, name))

    assert after > 8
    assert raws == Counter(message(number) for number in range(total))


def test_fetch_survives_a_cut_after_any_command(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path
) -> None:
    cut = Cut()
    dovecot.add(user, *[message(number) for number in range(5)])
    with tapped(dovecot, tmp_path / "config.yaml", user, cut) as config:
        for after in range(1, 20):
            cut.after, cut.count = after, 0
            first = run(["fetch", *config])
            cut.after = 0
            second = run(["fetch", *config])
            got = [one["id"] for one in first.records + second.records if "id" in one]
            assert (len(got), len(set(got))) == (5, 5), f"cut after {after}"
            run(["settle", "--max-attempts", "1000", *config], stdin=deferred(first.records + second.records))
            if first.status == 0:
                break

    assert after > 5


def deferred(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "route": {"outcome": "deferred"}} for one in records if "id" in one]


def test_overlapping_runs_call_each_handler_once(
    dovecot: Dovecot, user: str, tmp_path: Path, home_env: dict[str, str]
) -> None:
    dovecot.add(user, *[message(number) for number in range(60)])
    dovecot.config(tmp_path / "config.yaml", user)
    (tmp_path / "rules.yaml").write_text("rules:\n  - append: handled.jsonl\n")
    pipe = (
        "mailpipe fetch --config config.yaml | mailpipe parse | mailpipe route rules.yaml"
        " | mailpipe settle --config config.yaml > /dev/null 2>&1"
    )

    runs = [
        subprocess.Popen(["/bin/sh", "-c", pipe], cwd=tmp_path, env=home_env, stderr=subprocess.DEVNULL)
        for _ in range(RUNS)
    ]
    for one in runs:
        one.wait(120)

    handled = [json.loads(line)["subject"] for line in (tmp_path / "handled.jsonl").read_bytes().splitlines()]
    assert sorted(handled, key=int) == [str(number) for number in range(60)]
    assert len(dovecot.list(user, "processed")) == 60


def test_other_people_may_change_the_mailbox_meanwhile(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path
) -> None:
    """Somebody flags, moves away and adds messages while the pipe runs: his changes stay his."""
    dovecot.add(user, *[message(number) for number in range(90)])
    config = ["--config", str(dovecot.config(tmp_path / "config.yaml", user))]

    def meddle() -> None:
        with dovecot.client(user, "INBOX") as client:
            client.create("elsewhere")
            for uid in range(3, 90, 9):
                client.uid("STORE", str(uid), "+FLAGS", "(\\Flagged)")
                client.uid("MOVE", str(uid + 1), "elsewhere")
                client.append("INBOX", "", "", message(1000 + uid))

    records = run(["fetch", *config]).records
    other = threading.Thread(target=meddle)
    other.start()
    result = run(["settle", *config], stdin=[{**one, "route": {"outcome": "processed"}} for one in records])
    other.join(60)
    second = run(["fetch", "--take-over", *config]).records
    run(["settle", *config], stdin=[{**one, "route": {"outcome": "processed"}} for one in second])

    assert result.status == 0, result.stderr
    raws = Counter(
        one.raw for name in ("INBOX", "processed", "elsewhere") for one in dovecot.list(user, name)
    )
    wanted = [*range(90), *(1000 + uid for uid in range(3, 90, 9))]
    assert raws == Counter(message(number) for number in wanted)


@pytest.mark.timeout(180)
def test_kills_at_random_moments_lose_nothing() -> None:
    seen = kills.main(4, seed=7)

    assert (seen.lost, seen.doubled) == (0, 0)
    assert seen.extra <= seen.kills * kills.MESSAGES
