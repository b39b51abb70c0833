"""fetch from a real Dovecot: nothing changes, everything comes, and no secret is shown."""

import base64
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import MAILPIPE, Run
from tests.servers.dovecot import PASSWORD, Dovecot

MANY = 2000


def message(number: int, size: int = 10) -> bytes:
    return f"Subject: {number}\r\nFrom: a@example.com\r\n\r\n".encode() + b"x" * size + b"\r\n"


def raws(records: list[dict[str, str]]) -> list[bytes]:
    return [base64.b64decode(record["raw"]) for record in records]


@pytest.fixture
def config(dovecot: Dovecot, user: str, tmp_path: Path) -> list[str]:
    return ["--config", str(dovecot.config(tmp_path / "config.yaml", user))]


@pytest.fixture
def full_config(dovecot: Dovecot, user: str, tmp_path: Path) -> list[str]:
    """An account with many messages, put into its Maildir by hand."""
    inbox = dovecot.base / "mail" / user / "Maildir" / "new"
    for part in ("new", "cur", "tmp"):
        (inbox.parent / part).mkdir(parents=True)
    for number in range(MANY):
        (inbox / f"{1700000000 + number}.M{number}P1.host").write_bytes(message(number, 5000))
    owner = (dovecot.base / "mail").stat()
    subprocess.run(["chown", "-R", f"{owner.st_uid}:{owner.st_gid}", inbox.parent.parent], check=True)
    return ["--config", str(dovecot.config(tmp_path / "config.yaml", user))]


@pytest.mark.parametrize("tls", [False, True], ids=["starttls", "imaps"])
def test_messages_come_as_they_are(dovecot: Dovecot, user: str, run: Run, tmp_path: Path, tls: bool) -> None:
    odd = b"Subject: caf\xe9\r\n\r\n)\r\nm1 OK done\r\n* 3 FETCH (UID 3)\r\n\x80\xff {12}\r\n"
    dovecot.add(user, message(1), odd, flags="(\\Flagged $Label)")
    config = dovecot.config(tmp_path / "config.yaml", user, tls=tls)

    result = run(["fetch", "--config", str(config)])

    assert raws(result.records) == [message(1), odd]
    assert result.records[0]["keywords"] == {"$flagged": True, "$label": True}
    source = result.records[1]["source"]
    assert source == {
        "account": "partners",
        "protocol": "imap",
        "url": dovecot.url(user, tls=tls),
        "mailbox": "INBOX",
        "uid": 2,
        "uidValidity": source["uidValidity"],
        "attempt": 1,
    }
    assert (result.stderr, result.status) == ("", 0)
    assert PASSWORD.encode() not in result.stdout


def test_fetch_changes_no_flag(dovecot: Dovecot, user: str, run: Run, config: list[str]) -> None:
    dovecot.add(user, message(1))

    run(["fetch", *config])

    with dovecot.client(user, "INBOX") as client:
        assert client.uid("SEARCH", "RECENT") == ("OK", [b"1"])
        assert client.uid("SEARCH", "SEEN") == ("OK", [b""])


def test_what_somebody_has_deleted_is_not_read(
    dovecot: Dovecot, user: str, run: Run, config: list[str]
) -> None:
    dovecot.add(user, message(1), message(2))
    dovecot.flag(user, 1, "\\Deleted")

    assert raws(run(["fetch", *config]).records) == [message(2)]


def test_an_empty_mailbox_is_an_empty_output(run: Run, config: list[str]) -> None:
    result = run(["fetch", *config])

    assert (result.stdout, result.stderr, result.status) == (b"", "", 0)


def test_unseen_and_since_choose(dovecot: Dovecot, user: str, run: Run, config: list[str]) -> None:
    dovecot.add(user, message(1), flags="(\\Seen)")
    dovecot.add(user, message(2))

    assert raws(run(["fetch", "--peek", "--unseen", *config]).records) == [message(2)]
    assert run(["fetch", "--peek", "--since", "2999-01-01", *config]).records == []
    assert len(run(["fetch", "--peek", "--since", "2020-01-01", *config]).records) == 2


def test_folders_with_names_of_every_kind(dovecot: Dovecot, user: str, run: Run, config: list[str]) -> None:
    name = 'Traités & "échecs" 日本'
    coded = '"Trait&AOk-s &- \\"&AOk-checs\\" &ZeVnLA-"'
    with dovecot.client(user) as client:
        client.create(coded)
        client.append(coded, "", "", message(1))

    [record] = run(["fetch", "--mailbox", name, *config]).records

    assert record["source"]["mailbox"] == name


def test_a_folder_that_is_missing_is_told(run: Run, config: list[str]) -> None:
    result = run(["fetch", "--mailbox", "nowhere", *config])

    assert (result.status, result.records[-1]["error"]["type"]) == (66, "no-input")
    assert "no folder 'nowhere'" in result.stderr


def test_a_folder_name_cannot_be_a_command(dovecot: Dovecot, user: str, run: Run, config: list[str]) -> None:
    dovecot.add(user, message(1))

    result = run(["fetch", "--mailbox", 'x"\r\nX1 UID STORE 1:* +FLAGS (\\Deleted)', *config])

    assert result.status == 64
    assert dovecot.list(user)[0].flags <= {"\\Recent"}


def test_a_large_message_is_refused_before_it_is_loaded(
    dovecot: Dovecot, user: str, run: Run, config: list[str]
) -> None:
    dovecot.add(user, message(1), message(2, 200_000), message(3))

    result = run(["fetch", "--max-size", "100K", *config])

    # The large one needs no body, so it may come before its neighbours.
    by_uid = {record["source"]["uid"]: record for record in result.records}
    assert {uid: record.get("error", {}).get("type") for uid, record in by_uid.items()} == {
        1: None,
        2: "limit:size",
        3: None,
    }
    assert result.status == 1


def test_a_wrong_password_is_status_77(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path, config: list[str]
) -> None:
    (tmp_path / "config.password").write_text("wrong-password")

    result = run(["fetch", *config])

    assert (result.status, result.records[-1]["error"]["type"]) == (77, "not-permitted")
    assert "wrong-password" not in result.stderr + result.stdout.decode()


def test_a_certificate_that_is_not_trusted_is_status_69(dovecot: Dovecot, user: str, run: Run) -> None:
    result = run(["fetch", dovecot.url(user, tls=True)], env={"MAILPIPE_IMAP_PASSWORD": PASSWORD})

    assert result.status == 69
    assert "its certificate is not trusted" in result.stderr


def test_a_bare_url_takes_its_password_from_the_environment(dovecot: Dovecot, user: str, run: Run) -> None:
    dovecot.add(user, message(1))

    result = run(["fetch", dovecot.url(user)], env={"MAILPIPE_IMAP_PASSWORD": PASSWORD})

    assert (raws(result.records), result.status) == ([message(1)], 0)
    assert "account" not in result.records[0]["source"]


def test_a_password_on_the_command_line_is_refused(run: Run) -> None:
    result = run(["fetch", "imap://joe:secret@localhost"])

    assert result.status == 64
    assert "secret" not in result.stderr + result.stdout.decode()


def test_a_server_that_is_not_there_is_status_75(run: Run, tmp_path: Path) -> None:
    result = run(["fetch", "imap://joe@127.0.0.1:1"], env={"MAILPIPE_IMAP_PASSWORD": "x"})

    assert (result.status, result.records[-1]["error"]["retryable"]) == (75, True)


def test_a_prefix_of_the_server_is_found(
    prefixed_dovecot: Dovecot, user: str, run: Run, tmp_path: Path
) -> None:
    with prefixed_dovecot.client(user) as client:
        client.create("INBOX.a.b")
    prefixed_dovecot.add(user, message(1), mailbox="INBOX.a.b")
    config = prefixed_dovecot.config(tmp_path / "config.yaml", user)

    [record] = run(["fetch", "--mailbox", "a/b", "--config", str(config)]).records

    assert record["source"]["mailbox"] == "INBOX.a.b"


def test_overlapping_runs_share_the_messages(
    full_config: list[str], home_env: dict[str, str], tmp_path: Path
) -> None:
    runs = [
        subprocess.Popen(
            [MAILPIPE, "fetch", *full_config], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=home_env
        )
        for _ in range(2)
    ]
    lines = [line for one in runs for line in one.communicate(timeout=60)[0].splitlines()]

    assert (len(lines), len(set(lines))) == (MANY, MANY)


# A process starts with the memory of the one that forks it, so a small one has to.
MEASURE = """
import resource, subprocess, sys
with open(sys.argv[1], "wb") as out:
    subprocess.run(sys.argv[2:], stdout=out, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_thousands_of_messages_take_no_more_memory_than_a_few(
    full_config: list[str], home_env: dict[str, str], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "out"), MAILPIPE, "fetch", *full_config]

    peak = int(subprocess.run(command, stdout=subprocess.PIPE, env=home_env, check=True).stdout)

    assert (tmp_path / "out").read_bytes().count(b"\n") == MANY
    assert peak < 48 * 1024, f"{peak} KiB"


def test_a_slow_reader_loses_nothing(full_config: list[str], home_env: dict[str, str]) -> None:
    with subprocess.Popen([MAILPIPE, "fetch", *full_config], stdout=subprocess.PIPE, env=home_env) as fetch:
        assert fetch.stdout is not None
        count = 0
        for count, _line in enumerate(fetch.stdout, 1):
            if count % 500 == 0:
                time.sleep(0.2)

    assert count == MANY


def test_a_large_message_is_held_once(
    dovecot: Dovecot, user: str, config: list[str], home_env: dict[str, str], tmp_path: Path
) -> None:
    size = 40 * 1024 * 1024
    dovecot.add(user, b"Subject: large\r\n\r\n" + (b"x" * 76 + b"\r\n") * (size // 78))
    command = [sys.executable, "-c", MEASURE, str(tmp_path / "out"), MAILPIPE, "fetch", *config]

    peak = int(subprocess.run(command, stdout=subprocess.PIPE, env=home_env, check=True).stdout)

    assert (tmp_path / "out").stat().st_size > size
    assert peak * 1024 < size + 64 * 1024 * 1024, f"{peak} KiB"
