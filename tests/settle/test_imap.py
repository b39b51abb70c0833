"""settle on a real Dovecot: folders end up right, other people's mail stays, a crash leaves one copy."""

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MAILPIPE, Result, Run, Shell
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import Tap


def message(number: int) -> bytes:
    return f"Subject: {number}\r\nMessage-ID: <{number}@example.com>\r\n\r\nhello {number}\r\n".encode()


class Box:
    """One user's account: messages, configuration, and the two ends of the pipe."""

    def __init__(self, server: Dovecot, user: str, folder: Path, run: Run) -> None:
        self.server = server
        self.user = user
        self.folder = folder
        self.config = ["--config", str(server.config(folder / "config.yaml", user))]
        self._run = run

    def fill(self, count: int) -> None:
        self.server.add(self.user, *[message(number) for number in range(1, count + 1)])

    def fetched(self, *outcomes: str) -> list[dict[str, Any]]:
        records = self._run(["fetch", "--take-over", *self.config]).records
        return [{**one, "route": {"outcome": what}} for one, what in zip(records, outcomes, strict=False)]

    def settle(self, records: list[dict[str, Any]], *more: str) -> Result:
        return self._run(["settle", *self.config, *more], stdin=records)

    def raws(self, mailbox: str = "INBOX") -> list[bytes]:
        return [one.raw for one in self.server.list(self.user, mailbox)]

    def everything(self) -> list[bytes]:
        return sorted(raw for name in ("INBOX", "processed", "failed") for raw in self.raws(name))


@pytest.fixture
def box(dovecot: Dovecot, user: str, tmp_path: Path, run: Run) -> Box:
    return Box(dovecot, user, tmp_path, run)


def actions(result: Result) -> list[str]:
    return [record.get("settled", {}).get("action") for record in result.records]


def test_each_outcome_has_its_folder(box: Box) -> None:
    box.fill(4)

    result = box.settle(box.fetched("processed", "failed", "deferred", "processed"))

    assert actions(result) == ["moved", "moved", "left", "moved"]
    assert (box.raws("processed"), box.raws("failed")) == ([message(1), message(4)], [message(2)])
    assert box.raws() == [message(3)]
    assert (result.stderr, result.status) == ("", 0)
    assert [record["settled"].get("uid") for record in result.records] == [1, 1, None, 2]


def test_missing_folders_are_made_and_subscribed(box: Box) -> None:
    box.fill(1)

    box.settle(box.fetched("processed"))

    with box.server.client(box.user) as client:
        assert b"processed" in client.lsub()[1][0]


def test_what_a_person_has_flagged_as_deleted_is_still_there(box: Box) -> None:
    box.fill(3)
    records = box.fetched("processed", "processed", "processed")
    box.server.flag(box.user, 2, "\\Deleted")

    box.settle([records[0], records[2]])

    [left] = box.server.list(box.user)
    assert (left.uid, "\\Deleted" in left.flags) == (2, True)


def test_flags_travel_with_the_message(box: Box) -> None:
    box.server.add(box.user, message(1), flags="(\\Flagged $Label)")

    box.settle(box.fetched("processed"))

    assert {"\\Flagged", "$Label"} <= box.server.list(box.user, "processed")[0].flags


def test_a_message_that_a_person_took_away_is_gone_and_no_error(box: Box) -> None:
    box.fill(3)
    records = box.fetched("processed", "processed", "processed")
    box.server.expunge(box.user, 2)

    result = box.settle(records)

    assert (actions(result), result.status) == (["moved", "gone", "moved"], 0)
    assert box.raws("processed") == [message(1), message(3)]


def test_settling_twice_is_no_second_copy(box: Box) -> None:
    box.fill(2)
    records = box.fetched("processed", "processed")
    box.settle(records)

    result = box.settle(records)

    assert actions(result) == ["gone", "gone"]
    assert len(box.raws("processed")) == 2


def test_a_changed_uidvalidity_touches_nothing(box: Box) -> None:
    box.fill(2)
    records = box.fetched("processed", "processed")
    box.server.doveadm("mailbox", "update", "-u", box.user, "--uid-validity", "99", "INBOX")

    result = box.settle(records)

    assert [record["error"]["type"] for record in result.records] == ["uid-validity", "uid-validity"]
    assert result.status == 1
    assert (box.raws(), box.raws("processed")) == ([message(1), message(2)], [])


def test_a_prefix_of_the_server_is_used(
    prefixed_dovecot: Dovecot, user: str, tmp_path: Path, run: Run
) -> None:
    box = Box(prefixed_dovecot, user, tmp_path, run)
    box.fill(2)

    box.settle(box.fetched("processed", "failed"))

    assert box.server.folders(user) == {"INBOX", "INBOX.processed", "INBOX.failed"}
    assert box.raws("INBOX.processed") == [message(1)]


def test_folders_with_names_of_every_kind(box: Box) -> None:
    box.fill(1)

    result = box.settle(box.fetched("failed"), "--failed", 'Échecs & "co"')

    assert result.records[0]["settled"]["mailbox"] == 'Échecs & "co"'
    assert box.raws() == []
    assert box.raws('&AMk-checs &- \\"co\\"') == [message(1)]


def test_the_folder_that_is_read_cannot_be_the_goal(box: Box) -> None:
    box.fill(1)

    result = box.settle(box.fetched("processed"), "--processed", "inbox")

    assert result.status == 78
    assert box.raws() == [message(1)]


def test_a_whole_mailbox_is_moved_together(box: Box) -> None:
    box.fill(120)
    records = box.fetched(*["processed", "failed", "deferred"] * 40)

    result = box.settle(records)

    assert [record["source"]["uid"] for record in result.records] == list(range(1, 121))
    assert [len(box.raws(name)) for name in ("INBOX", "processed", "failed")] == [40, 40, 40]
    assert len(set(box.everything())) == 120


def test_a_message_that_is_too_large_is_filed_as_failed_without_being_read(box: Box, run: Run) -> None:
    box.server.add(box.user, message(1), b"Subject: large\r\n\r\n" + b"x" * 9000 + b"\r\n")
    large = [one for one in run(["fetch", "--max-size", "1K", *box.config]).records if "error" in one]

    result = box.settle(large)

    assert (actions(result), result.status) == (["moved"], 1)
    assert (len(box.raws("failed")), box.raws()) == (1, [message(1)])


def test_records_come_out_as_soon_as_they_are_settled(box: Box, home_env: dict[str, str]) -> None:
    box.fill(2)
    records = box.fetched("processed", "processed")
    with subprocess.Popen(
        [MAILPIPE, "settle", *box.config], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home_env
    ) as settle:
        assert settle.stdin is not None
        assert settle.stdout is not None
        for record in records:
            settle.stdin.write(json.dumps(record).encode() + b"\n")
            settle.stdin.flush()
            assert json.loads(settle.stdout.readline())["settled"]["action"] == "moved"


def test_the_pipe_settles_while_it_still_fetches(box: Box, sh: Shell) -> None:
    box.fill(300)
    (box.folder / "rules.yaml").write_text("rules:\n  - outcome: processed\n")
    config = " ".join(box.config)

    done = sh(
        f"mailpipe fetch {config} | mailpipe parse | mailpipe route rules.yaml | mailpipe settle {config}"
    )

    assert (done.stderr, actions(done)) == ("", ["moved"] * 300)
    assert (len(box.raws()), len(set(box.raws("processed")))) == (0, 300)


def killed(
    box: Box, records: list[dict[str, Any]], env: dict[str, str], deadly: Callable[[bool, bytes], bool]
) -> None:
    """Settle, and kill -9 it when ``deadly(from_client, octets)``; what was deadly does not go through."""
    path = Path(box.config[1])
    original = path.read_text()
    process: subprocess.Popen[bytes] | None = None

    def see(from_client: bool, octets: bytes) -> bytes | None:
        if process is not None and deadly(from_client, octets):
            process.send_signal(signal.SIGKILL)
            return None
        return octets

    with Tap(box.server.port, see) as tap:
        port = f":{tap.port}"
        path.write_text(original.replace(f":{box.server.port}", port).replace(f", ca: {box.server.ca}", ""))
        moved = json.dumps(records).replace(f":{box.server.port}", port)
        process = subprocess.Popen(
            [MAILPIPE, "settle", *box.config], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, env=env
        )
        process.communicate(moved.encode(), timeout=30)
    assert process.returncode == -signal.SIGKILL
    path.write_text(original)
    _same_server(env, tap.port, box.server.port)


def _same_server(env: dict[str, str], tapped: int, port: int) -> None:
    """What the state database knows about the tapped server is about the real one."""
    import sqlite3

    with sqlite3.connect(Path(env["XDG_STATE_HOME"]) / "mailpipe" / "mailpipe.db") as database:
        for column in ("box", "url"):
            database.execute(
                f"UPDATE placements SET {column} = replace({column}, ?, ?)", (f":{tapped}", f":{port}")
            )
    database.close()


DEADLY: dict[str, Callable[[bool, bytes], bool]] = {
    "before the copy": lambda client, octets: client and b"UID COPY" in octets,
    "after the copy, before its answer": lambda client, octets: not client and b"COPYUID" in octets,
    "before the store": lambda client, octets: client and b"UID STORE" in octets,
    "after the store, before its answer": lambda client, octets: not client and b"Store completed" in octets,
    "before the expunge": lambda client, octets: client and b"UID EXPUNGE" in octets,
    "after the expunge, before its answer": lambda client, octets: not client and b"EXPUNGE\r\n" in octets,
}


@pytest.mark.parametrize("moment", DEADLY)
def test_a_kill_anywhere_leaves_one_copy_after_the_next_run(
    box: Box, home_env: dict[str, str], moment: str
) -> None:
    box.fill(3)
    killed(box, box.fetched("processed", "processed", "processed"), home_env, DEADLY[moment])

    again = box.fetched("processed", "processed", "processed")
    result = box.settle(again)

    assert result.status == 0
    assert box.everything() == [message(number) for number in (1, 2, 3)]
    assert len(box.raws("processed")) == 3
    assert box.settle([]).status == 0
    assert box.everything() == [message(number) for number in (1, 2, 3)]


def test_two_equal_messages_stay_two_after_a_kill(box: Box, home_env: dict[str, str]) -> None:
    box.server.add(box.user, message(1), message(1))
    killed(
        box,
        box.fetched("processed", "processed"),
        home_env,
        DEADLY["after the copy, before its answer"],
    )

    result = box.settle(box.fetched("processed", "processed"))

    assert actions(result) == ["already", "already"]
    assert (box.raws(), box.raws("processed")) == ([], [message(1)] * 2)


def test_failed_mail_says_why(box: Box, run: Run) -> None:
    box.fill(3)
    records = box.fetched("failed", "failed", "processed")
    records[0]["route"] |= {"reason": "no-rule-matched", "detail": "see the rules"}
    del records[1]["route"]
    records[1]["error"] = {"stage": "parse", "type": "limit:parts", "detail": "too many", "retryable": False}

    box.settle(records)

    flags = [one.flags - {"\\Recent"} for one in box.server.list(box.user, "failed")]
    assert flags == [{"$Mailpipe-no-rule-matched"}, {"$Mailpipe-limit-parts"}]
    [told] = run(["settle", "--why", records[0]["id"]]).records
    assert (told["reason"], told["mailbox"]) == ("no-rule-matched: see the rules", "failed")
    assert run(["settle", "--why", records[1]["id"][:20]]).records[0]["reason"] == "too many"
    assert run(["settle", "--why", records[1]["id"][7:19]]).records[0]["reason"] == "too many"
    assert run(["settle", "--why", records[2]["id"]]).status == 66
