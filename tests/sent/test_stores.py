"""sent, as a process: one copy in the right folder, found again, and never a reason to fail."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run, Shell
from tests.servers.dovecot import Dovecot


def raw(name: str) -> bytes:
    return (
        f"From: a@example.com\r\nMessage-ID: <{name}@example.com>\r\n"
        "Date: Thu, 19 Nov 2026 09:12:44 +0100\r\n\r\nhello\r\n"
    ).encode()


def sent(*names: str) -> list[dict[str, Any]]:
    status = {"b@example.net": {"delivered": "queued"}}
    return [{"raw": base64.b64encode(raw(name)).decode(), "deliveryStatus": status} for name in names]


@pytest.fixture
def config(dovecot: Dovecot, user: str, tmp_path: Path) -> list[str]:
    return ["--config", str(dovecot.config(tmp_path / "config.yaml", user))]


def copies(result: Any) -> list[tuple[bool, str | None]]:
    return [(one["sentCopy"]["appended"], one["sentCopy"].get("reason")) for one in result.records]


def test_the_folder_that_is_marked_as_sent_gets_a_read_copy(
    dovecot: Dovecot, user: str, run: Run, config: list[str]
) -> None:
    with dovecot.client(user) as client:
        client.create("Sent")

    result = run(["sent", *config], stdin=sent("m1"))

    [message] = dovecot.list(user, "Sent")
    assert (message.raw, "\\Seen" in message.flags) == (raw("m1"), True)
    assert result.records[0]["sentCopy"]["uid"] == message.uid
    with dovecot.client(user, "Sent") as client:
        assert "19-Nov-2026 08:12:44 +0000" in str(client.fetch("1", "(INTERNALDATE)")[1])
    assert (result.stderr, result.status) == ("", 0)


def test_the_folder_is_made_where_there_is_none(
    prefixed_dovecot: Dovecot, user: str, run: Run, tmp_path: Path
) -> None:
    config = prefixed_dovecot.config(tmp_path / "config.yaml", user)

    [record] = run(["sent", "--config", str(config)], stdin=sent("m1")).records

    assert record["sentCopy"]["mailbox"] == "INBOX.Sent"
    assert len(prefixed_dovecot.list(user, "INBOX.Sent")) == 1


def test_a_usual_name_is_found(prefixed_dovecot: Dovecot, user: str, run: Run, tmp_path: Path) -> None:
    with prefixed_dovecot.client(user) as client:
        client.create('"INBOX.Sent Items"')
    config = prefixed_dovecot.config(tmp_path / "config.yaml", user)

    [record] = run(["sent", "--config", str(config)], stdin=sent("m1")).records

    assert record["sentCopy"]["mailbox"] == "INBOX.Sent Items"


@pytest.mark.parametrize("options", [["--folder", "Gesendet"], []], ids=["option", "configuration"])
def test_a_named_folder_is_used(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path, options: list[str]
) -> None:
    folders = "" if options else "    folders: {sent: Gesendet}\n"
    config = dovecot.config(tmp_path / "config.yaml", user, account=folders)

    run(["sent", "--config", str(config), *options], stdin=sent("m1"))

    assert len(dovecot.list(user, "Gesendet")) == 1


def test_a_second_run_appends_nothing_and_similar_identifiers_are_others(
    dovecot: Dovecot, user: str, run: Run, config: list[str]
) -> None:
    run(["sent", *config], stdin=sent("m10"))

    first = run(["sent", *config], stdin=sent("m1", "m1", "m10"))
    second = run(["sent", *config], stdin=sent("m1", "m10"))

    assert copies(first) == [(True, None), (False, "already-there"), (False, "already-there")]
    assert copies(second) == [(False, "already-there")] * 2
    assert len(dovecot.list(user, "Sent")) == 2


@pytest.mark.parametrize("name", ['x"\\r\\nX1 UID STORE 1:* +FLAGS (\\Deleted)', "a OR ALL", 'a"b\\c'])
def test_an_identifier_is_never_a_command(
    dovecot: Dovecot, user: str, run: Run, config: list[str], name: str
) -> None:
    run(["sent", *config], stdin=sent("m1"))

    run(["sent", *config], stdin=sent(name))

    assert "\\Deleted" not in dovecot.list(user, "Sent")[0].flags


def test_a_server_that_is_gone_is_a_warning(run: Run) -> None:
    result = run(
        ["sent", "imap://joe@127.0.0.1:1"],
        stdin=sent("m1", "m2", "m3"),
        env={"MAILPIPE_IMAP_PASSWORD": "x"},
    )

    assert (copies(result), result.status) == ([(False, "failed")] * 3, 0)
    assert result.stderr.count("no copy (failed)") == 3


def test_a_provider_that_keeps_copies_itself_is_left_alone(run: Run) -> None:
    env = {"MAILPIPE_IMAP_PASSWORD": "x"}

    result = run(["sent", "imaps://joe@imap.gmail.com"], stdin=sent("m1"), env=env)

    assert (copies(result), result.status) == ([(False, "provider-keeps-it")], 0)


def test_a_maildir_keeps_copies_too(tmp_path: Path, run: Run) -> None:
    first = run(["sent", "maildir:out"], stdin=sent("m1", "m1", "m2"))
    second = run(["sent", "maildir:out"], stdin=sent("m1", "m3"))

    assert copies(first) == [(True, None), (False, "already-there"), (True, None)]
    assert copies(second) == [(False, "already-there"), (True, None)]
    files = sorted((tmp_path / "out" / ".Sent" / "cur").iterdir())
    assert len(files) == 3
    assert files[0].read_bytes() == raw("m1").replace(b"\r\n", b"\n")
    assert {path.name[-4:] for path in files} == {":2,S"}


def test_a_record_without_raw_is_sent_all_the_same(run: Run) -> None:
    [record] = sent("m1")

    result = run(["sent", "maildir:out"], stdin=[{"deliveryStatus": record["deliveryStatus"]}])

    assert (copies(result), result.status) == ([(False, "no-raw")], 0)
    assert "--keep-raw" in result.stderr


def test_the_outgoing_pipe_ends_in_the_sent_folder(
    dovecot: Dovecot, user: str, sh: Shell, config: list[str], tmp_path: Path
) -> None:
    (tmp_path / "check.md").write_text(
        '---\nfrom: desk@example.com\nto: garage@example.net\nsubject: "Check {{ id }}"\n---\nPlease check.\n'
    )
    send = "mailpipe render check.md | mailpipe send --via maildir:out --keep-raw"

    result = sh(f"{send} | mailpipe sent {' '.join(config)}", stdin=b'{"id": 1}\n{"id": 2}\n')

    assert (copies(result), result.status) == ([(True, None)] * 2, 0)
    assert len(dovecot.list(user, "Sent")) == 2
