"""Several hosts on one mailbox: each message is handed out once, and a dead host's messages are not lost."""

import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mailpipe.wire.imap_claims import KEYWORD
from tests.conftest import MAILPIPE, Result, Run
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import FakeImap, Start

HOSTS = 6
MANY = 240


def message(number: int) -> bytes:
    return f"Subject: {number}\r\n\r\nhello {number}\r\n".encode()


class Desk:
    """One mailbox and the hosts that read it, each with a state of its own."""

    def __init__(self, server: Dovecot, user: str, folder: Path, run: Run) -> None:
        self.server, self.user, self.folder, self._run = server, user, folder, run
        self.config = ["--config", str(server.config(folder / "config.yaml", user))]

    def host(self, number: int) -> dict[str, str]:
        return {"XDG_STATE_HOME": str(self.folder / f"host{number}")}

    def fetch(self, host: int, *more: str) -> Result:
        return self._run(["fetch", "--claim", *self.config, *more], env=self.host(host))

    def settle(self, host: int, records: list[dict[str, Any]], outcome: str) -> Result:
        routed = [{**one, "route": {"outcome": outcome}} for one in records]
        return self._run(["settle", *self.config], stdin=routed, env=self.host(host))

    def uids(self, result: Result) -> list[int]:
        return [one["source"]["uid"] for one in result.records]

    def flagged(self, mailbox: str = "INBOX") -> list[int]:
        return [one.uid for one in self.server.list(self.user, mailbox) if KEYWORD in one.flags]


@pytest.fixture
def desk(dovecot: Dovecot, user: str, tmp_path: Path, run: Run) -> Desk:
    return Desk(dovecot, user, tmp_path, run)


def test_another_host_does_not_get_what_is_claimed(desk: Desk) -> None:
    desk.server.add(desk.user, message(1), message(2), message(3))

    first = desk.fetch(1, "--limit", "2")
    second = desk.fetch(2)

    assert [len(first.records), len(second.records)] == [2, 1]
    assert not set(desk.uids(first)) & set(desk.uids(second))
    assert "2 messages are in the hands of another run" in second.stderr
    assert first.records[0]["source"]["claimed"] is True


def test_six_hosts_at_once_hand_out_each_message_once(desk: Desk, home_env: dict[str, str]) -> None:
    desk.server.add(desk.user, *[message(number) for number in range(MANY)])

    hosts = [
        subprocess.Popen(
            [MAILPIPE, "fetch", "--claim", *desk.config],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**home_env, **desk.host(number)},
        )
        for number in range(HOSTS)
    ]
    lines = [line for one in hosts for line in one.communicate(timeout=120)[0].splitlines()]

    uids = Counter(line.partition(b'"uid":')[2].partition(b",")[0] for line in lines)
    assert (len(uids), set(uids.values())) == (MANY, {1})


def test_settled_messages_carry_no_claim_any_more(desk: Desk) -> None:
    desk.server.add(desk.user, message(1), message(2))
    records = desk.fetch(1).records

    desk.settle(1, records[:1], "processed")
    assert (desk.flagged(), desk.flagged("processed")) == ([records[1]["source"]["uid"]], [])
    desk.settle(1, records[1:], "deferred")

    assert desk.flagged() == []
    assert desk.uids(desk.fetch(2)) == [records[1]["source"]["uid"]]


def test_the_claim_of_a_dead_host_runs_out_however_often_one_looks(desk: Desk) -> None:
    desk.server.add(desk.user, message(1))
    desk.fetch(1)

    looks = [desk.fetch(2, "--lease", "3").records for _ in range(2)]
    time.sleep(3.1)
    after = desk.fetch(2, "--lease", "3")
    third = desk.fetch(3, "--lease", "3")

    assert looks == [[], []]
    assert len(after.records) == 1
    assert third.records == [], "taking it over is a new claim, which has its own time to live"


def test_a_claim_can_be_taken_over(desk: Desk) -> None:
    desk.server.add(desk.user, message(1))
    desk.fetch(1)

    assert len(desk.fetch(2, "--take-over").records) == 1


def test_what_the_reader_was_not_handed_is_free_for_every_host(desk: Desk, home_env: dict[str, str]) -> None:
    desk.server.add(desk.user, *[message(number) for number in range(50)])
    with subprocess.Popen(
        [MAILPIPE, "fetch", "--claim", *desk.config],
        stdout=subprocess.PIPE,
        env={**home_env, **desk.host(1)},
    ) as fetch:
        assert fetch.stdout is not None
        fetch.stdout.readline()
        fetch.stdout.close()

    assert len(desk.fetch(2).records) >= 50 - len(desk.flagged()) >= 0
    assert "INBOX" in desk.server.folders(desk.user)


def test_preparing_leaves_no_message_behind(desk: Desk) -> None:
    desk.server.add(desk.user, message(1))

    desk.fetch(1)

    assert [one.raw for one in desk.server.list(desk.user)] == [message(1)]


@pytest.mark.parametrize(
    ("capabilities", "flags"),
    [("IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS", "\\*"), ("IMAP4rev1 AUTH=PLAIN SASL-IR UIDPLUS CONDSTORE", "")],
)
def test_a_server_that_cannot_keep_claims_is_refused(
    fake_imap: Start, run: Run, capabilities: str, flags: str
) -> None:
    def select(tag: str, _rest: str) -> bytes:
        codes = f"* OK [PERMANENTFLAGS (\\Seen {flags})] ok\r\n* OK [UIDVALIDITY 7] ok\r\n"
        return f"* 1 EXISTS\r\n* FLAGS (\\Seen)\r\n{codes}{tag} OK done\r\n".encode()

    server = fake_imap(FakeImap({1: b"x"}, capabilities=capabilities, replies={"SELECT": select}))

    result = run(["fetch", "--claim", server.url()], env={"MAILPIPE_IMAP_PASSWORD": "secret"})

    assert result.status == 69
    assert "hosts cannot exclude each other" in result.stderr
    assert not any("STORE" in line or "APPEND" in line for line in server.log)


def test_only_a_server_keeps_claims(run: Run) -> None:
    assert run(["fetch", "--claim", "mbox:box"]).status == 64
    assert run(["fetch", "--claim", "--peek", "imap://x@127.0.0.1"]).status == 64
