"""fetch from an mbox: the file stays as it is, and what is settled does not come again."""

import fcntl
import os
import subprocess
from pathlib import Path

import pytest

from tests.conftest import MAILPIPE, Run

BOX = b"""\
From a@example.com Fri Nov 20 08:22:53 2026
Subject: one

>From here on it is quoted.

From b@example.com Fri Nov 20 09:22:53 2026
Subject: two

second
"""


def test_each_message_is_a_record_and_the_file_is_untouched(tmp_path: Path, run: Run) -> None:
    (tmp_path / "box").write_bytes(BOX)

    first, second = run(["fetch", "mbox:box"]).records

    assert first["receivedAt"] == "2026-11-20T08:22:53Z"
    assert first["source"] == {
        "protocol": "mbox",
        "url": f"mbox:{tmp_path / 'box'}",
        "mailbox": "INBOX",
        "uid": first["id"],
        "attempt": 1,
    }
    assert second["size"] == len(b"Subject: two\n\nsecond\n")
    assert (tmp_path / "box").read_bytes() == BOX


def test_settled_messages_are_noted_and_do_not_come_again(tmp_path: Path, run: Run) -> None:
    (tmp_path / "box").write_bytes(BOX)
    first, second = run(["fetch", "mbox:box"]).records
    routed = [{**first, "route": {"outcome": "processed"}}, {**second, "route": {"outcome": "deferred"}}]

    settled = run(["settle"], stdin=routed)
    again = run(["fetch", "mbox:box"])

    assert [record["settled"]["action"] for record in settled.records] == ["noted", "left"]
    assert [record["id"] for record in again.records] == [second["id"]]
    assert again.stderr == ""


def test_two_equal_messages_are_two(tmp_path: Path, run: Run) -> None:
    message = b"From a@example.com Fri Nov 20 08:22:53 2026\nSubject: x\n\ny\n\n"
    (tmp_path / "box").write_bytes(message * 2)

    first, second = run(["fetch", "mbox:box"]).records

    assert first["id"] == second["id"]
    assert first["source"]["uid"] != second["source"]["uid"]


def test_an_empty_mbox_has_no_messages(tmp_path: Path, run: Run) -> None:
    (tmp_path / "box").touch()

    assert (run(["fetch", "mbox:box"]).records, run(["fetch", "mbox:box"]).status) == ([], 0)


def test_what_is_no_mbox_is_told(tmp_path: Path, run: Run) -> None:
    (tmp_path / "box").write_text("hello\n")

    assert run(["fetch", "mbox:box"]).status == 65
    assert run(["fetch", "mbox:missing"]).status == 66
    assert run(["fetch", "--mailbox", "x", "mbox:box"]).status == 64


def test_a_file_that_is_being_written_is_waited_for(tmp_path: Path, home_env: dict[str, str]) -> None:
    path = tmp_path / "box"
    path.write_bytes(BOX)
    with path.open("r+b") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        fetch = subprocess.Popen(
            [MAILPIPE, "fetch", "mbox:box"], stdout=subprocess.PIPE, env=home_env, cwd=tmp_path
        )
        with pytest.raises(subprocess.TimeoutExpired):
            fetch.wait(1)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + BOX)

    assert len(fetch.communicate(timeout=30)[0].splitlines()) == 4
