"""fetch from a Maildir, as a process: nothing changes, and no message is handed out twice."""

import base64
import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from mailpipe.mail.stored import Wanted
from mailpipe.wire.location import of_url
from mailpipe.wire.maildir_source import MaildirSource
from tests.conftest import MAILPIPE, Result, Run, Shell


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for part in ("tmp", "new", "cur"):
        (root / part).mkdir(parents=True)
    return root


def put(root: Path, number: int, text: str = "hello", *, part: str = "new", info: str = "") -> bytes:
    raw = f"Subject: {number}\n\n{text}\n".encode()
    (root / part / f"{1700000000 + number}.M{number}.host{info}").write_bytes(raw)
    return raw


def state(root: Path) -> list[tuple[str, int]]:
    return sorted((str(path), path.stat().st_mtime_ns) for path in root.rglob("*"))


def uids(result: Result) -> list[str]:
    return [record["source"]["uid"].split(".")[1] for record in result.records]


def test_a_record_says_what_and_where_the_message_is(maildir: Path, run: Run) -> None:
    raw = put(maildir, 1, part="cur", info=":2,FS")
    os.utime(maildir / "cur" / "1700000001.M1.host:2,FS", (1_795_000_000, 1_795_000_000))

    [record] = run(["fetch", "maildir:in"]).records

    assert record == {
        "id": f"sha256:{hashlib.sha256(raw).hexdigest()}",
        "source": {
            "protocol": "maildir",
            "url": f"maildir:{maildir}",
            "mailbox": "INBOX",
            "uid": "1700000001.M1.host",
            "attempt": 1,
        },
        "receivedAt": "2026-11-18T11:06:40Z",
        "size": len(raw),
        "keywords": {"$flagged": True, "$seen": True},
        "raw": base64.b64encode(raw).decode(),
    }


def test_the_maildir_is_not_changed(maildir: Path, run: Run) -> None:
    put(maildir, 1)
    before = state(maildir)

    run(["fetch", "maildir:in"])

    assert state(maildir) == before


def test_new_and_cur_come_in_the_order_of_arrival_and_tmp_never(maildir: Path, run: Run) -> None:
    put(maildir, 3)
    put(maildir, 1, part="cur", info=":2,")
    put(maildir, 2)
    put(maildir, 4, part="tmp")

    assert uids(run(["fetch", "maildir:in"])) == ["M1", "M2", "M3"]


def test_what_is_flagged_as_trashed_is_not_read(maildir: Path, run: Run) -> None:
    put(maildir, 1, part="cur", info=":2,ST")

    assert run(["fetch", "maildir:in"]).records == []


def test_a_second_run_gets_nothing_and_says_what_to_do(maildir: Path, run: Run) -> None:
    put(maildir, 1)
    run(["fetch", "maildir:in"])

    result = run(["fetch", "maildir:in"])

    assert (result.records, result.status) == ([], 0)
    assert "1 message is in the hands of another run" in result.stderr
    assert "--take-over" in result.stderr


def test_a_look_leases_nothing(maildir: Path, run: Run) -> None:
    put(maildir, 1)

    assert uids(run(["fetch", "--peek", "maildir:in"])) == ["M1"]
    assert uids(run(["fetch", "maildir:in"])) == ["M1"]
    assert uids(run(["fetch", "--peek", "maildir:in"])) == ["M1"]


def test_a_terminal_on_stdout_only_looks(maildir: Path, run: Run, sh: Shell) -> None:
    put(maildir, 1)

    shown = sh("script -qec 'mailpipe fetch maildir:in' /dev/null")

    assert b'"uid":"1700000001.M1.host"' in shown.stdout
    assert uids(run(["fetch", "maildir:in"])) == ["M1"]


def test_a_dead_run_can_be_taken_over(maildir: Path, run: Run) -> None:
    put(maildir, 1)
    run(["fetch", "maildir:in"])

    [record] = run(["fetch", "--take-over", "maildir:in"]).records

    assert record["source"]["attempt"] == 2


def test_a_lease_runs_out(maildir: Path, run: Run, sh: Shell) -> None:
    put(maildir, 1)
    run(["fetch", "--lease", "1", "maildir:in"])

    result = sh("sleep 1.1; mailpipe fetch maildir:in")

    assert uids(result) == ["M1"]


def test_the_limit_leaves_the_rest_for_the_next_run(maildir: Path, run: Run) -> None:
    for number in range(5):
        put(maildir, number)

    assert uids(run(["fetch", "--limit", "2", "maildir:in"])) == ["M0", "M1"]
    assert uids(run(["fetch", "maildir:in"])) == ["M2", "M3", "M4"]


def test_a_reader_that_leaves_gives_back_what_it_was_not_handed(maildir: Path, sh: Shell, run: Run) -> None:
    for number in range(300):
        put(maildir, number, "x" * 10_000)
    sh("mailpipe fetch maildir:in | head -n 1 >/dev/null")

    rest = run(["fetch", "maildir:in"]).records

    # The pipe between the two has taken a few; the others are there at once.
    assert 250 < len(rest) < 300
    assert {record["source"]["attempt"] for record in rest} == {1}


def test_overlapping_runs_share_the_messages(maildir: Path, home_env: dict[str, str], tmp_path: Path) -> None:
    for number in range(200):
        put(maildir, number)
    runs = [
        subprocess.Popen(
            [MAILPIPE, "fetch", "maildir:in"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=home_env,
            cwd=tmp_path,
        )
        for _ in range(4)
    ]
    lines = [line for one in runs for line in one.communicate(timeout=60)[0].splitlines()]

    assert (len(lines), len(set(lines))) == (200, 200)


def test_a_message_over_the_limit_is_an_error_that_settle_can_file(maildir: Path, run: Run) -> None:
    put(maildir, 1, "x" * 5000)
    put(maildir, 2)

    result = run(["fetch", "--max-size", "1K", "maildir:in"])

    assert [record.get("error", {}).get("type") for record in result.records] == ["limit:size", None]
    assert "raw" not in result.records[0]
    assert result.records[0]["source"]["uid"] == "1700000001.M1.host"
    assert result.status == 1


def test_a_sub_folder_is_a_maildir_plus_plus_directory(maildir: Path, run: Run) -> None:
    (maildir / ".a.b").mkdir()
    for part in ("tmp", "new", "cur"):
        (maildir / ".a.b" / part).mkdir()
    put(maildir / ".a.b", 1)

    [record] = run(["fetch", "--mailbox", "a/b", "--mailbox", "INBOX", "maildir:in"]).records

    assert record["source"]["mailbox"] == "a/b"


@pytest.mark.parametrize("name", ["../in", "..", ".x", "", "a..b", "a\nb"])
def test_a_folder_name_cannot_lead_out_of_the_maildir(maildir: Path, run: Run, name: str) -> None:
    assert run(["fetch", "--mailbox", name, "maildir:in"]).status == 64


def test_a_directory_that_is_no_maildir_is_told(run: Run, tmp_path: Path) -> None:
    result = run(["fetch", f"maildir:{tmp_path}"])

    assert (result.status, result.records[-1]["error"]["type"]) == (66, "no-input")
    assert "is no Maildir" in result.stderr


def test_a_message_is_read_although_its_flags_change_meanwhile(maildir: Path) -> None:
    put(maildir, 1, part="cur", info=":2,")
    put(maildir, 2, part="cur", info=":2,")
    source = MaildirSource(of_url(f"maildir:{maildir}"), "INBOX", Wanted(max_size=1000))
    messages = source.messages(lambda _box, keys: keys)
    next(messages)
    (maildir / "cur" / "1700000002.M2.host:2,").rename(maildir / "cur" / "1700000002.M2.host:2,RS")

    assert [message.key for message in messages] == ["1700000002.M2.host"]


def test_a_message_that_is_moved_away_meanwhile_is_left_out(maildir: Path, run: Run) -> None:
    put(maildir, 1)
    put(maildir, 2)
    source = MaildirSource(of_url(f"maildir:{maildir}"), "INBOX", Wanted(max_size=1000))
    messages = source.messages(lambda _box, keys: keys)
    next(messages)
    (maildir / "new" / "1700000002.M2.host").unlink()

    assert list(messages) == []


def test_unseen_and_since_choose(maildir: Path, run: Run) -> None:
    put(maildir, 1, part="cur", info=":2,S")
    put(maildir, 2)
    put(maildir, 3)
    os.utime(maildir / "new" / "1700000003.M3.host", (1_600_000_000, 1_600_000_000))

    chosen = run(["fetch", "--peek", "--unseen", "--since", "2026-01-01", "maildir:in"])

    assert uids(chosen) == ["M2"]
