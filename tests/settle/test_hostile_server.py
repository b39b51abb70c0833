"""settle on servers that lack or refuse something: nothing is removed that is not safely elsewhere."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from mailpipe.errors import ProtocolError
from mailpipe.settle.imap_place import copyuid
from tests.conftest import Result, Run
from tests.servers.scripted import BASIC, FakeImap, Start

Reply = Callable[[str, str], bytes]


def ok(*lines: str, text: str = "done") -> Reply:
    return lambda tag, _rest: "".join(f"{line}\r\n" for line in (*lines, f"{tag} OK {text}")).encode()


def no(text: str) -> Reply:
    return lambda tag, _rest: f"{tag} NO {text}\r\n".encode()


def mailbox(**replies: Reply) -> FakeImap:
    usual = {
        "SELECT": ok("* 2 EXISTS", "* OK [UIDVALIDITY 7] ok"),
        "STATUS": ok('* STATUS "processed" (UIDNEXT 40 UIDVALIDITY 8)'),
        "UID SEARCH UID 1:2": ok("* SEARCH 1 2"),
        "UID COPY": ok(text="[COPYUID 8 1:2 40:41] done"),
    }
    return FakeImap(replies={**usual, **{name.replace("_", " "): reply for name, reply in replies.items()}})


def settled(server: FakeImap, run: Run) -> Result:
    source = {"protocol": "imap", "url": server.url(), "mailbox": "INBOX", "uidValidity": 7, "attempt": 1}
    records: list[dict[str, Any]] = [
        {"id": "sha256:ab", "size": 5, "source": {**source, "uid": uid}, "route": {"outcome": "processed"}}
        for uid in (1, 2)
    ]
    # One array: both records are at hand together.
    stdin = json.dumps(records).encode()
    return run(["settle"], stdin=stdin, env={"MAILPIPE_IMAP_PASSWORD": "x"})


def sent(server: FakeImap, prefix: str) -> list[str]:
    return [line.partition(" ")[2] for line in server.log if line.partition(" ")[2].startswith(prefix)]


def test_the_order_is_copy_store_expunge_of_exactly_those(fake_imap: Start, run: Run) -> None:
    server = fake_imap(mailbox())

    result = settled(server, run)

    assert [record["settled"]["uid"] for record in result.records] == [40, 41]
    assert [line.partition(" ")[2] for line in server.log if " UID " in line] == [
        "UID SEARCH UID 1:2",
        'UID COPY 1:2 "processed"',
        "UID STORE 1:2 +FLAGS.SILENT (\\Deleted)",
        "UID EXPUNGE 1:2",
    ]


def test_without_uidplus_nothing_is_expunged(fake_imap: Start, run: Run) -> None:
    server = fake_imap(mailbox(UID_COPY=ok()))
    server.capabilities = BASIC.replace("UIDPLUS", "")

    result = settled(server, run)

    assert [record["settled"]["action"] for record in result.records] == ["flagged", "flagged"]
    assert sent(server, "UID STORE") == ["UID STORE 1:2 +FLAGS.SILENT (\\Deleted)"]
    assert [line for line in server.log if "EXPUNGE" in line or "CLOSE" in line] == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("[OVERQUOTA] full", 75),
        ("[NOPERM] no right", 77),
        ("[SERVERBUG] oops", 75),
        ("what?", 69),
    ],
)
def test_a_refused_copy_removes_nothing(fake_imap: Start, run: Run, answer: str, status: int) -> None:
    server = fake_imap(mailbox(UID_COPY=no(answer)))

    result = settled(server, run)

    assert result.status == status
    assert sent(server, "UID STORE") == []
    assert [record["error"]["retryable"] for record in result.records[:2]] == [True, True]


def test_a_folder_that_vanishes_is_made_again(fake_imap: Start, run: Run) -> None:
    def missing() -> bool:
        return bool(sent(server, "UID COPY")) and not sent(server, "CREATE")

    def copy(tag: str, _rest: str) -> bytes:
        return f"{tag} {'NO [TRYCREATE]' if missing() else 'OK [COPYUID 8 1:2 40:41]'} x\r\n".encode()

    def status(tag: str, _rest: str) -> bytes:
        line = '* STATUS "processed" (UIDNEXT 40 UIDVALIDITY 8)\r\n'
        return f"{tag} NO x\r\n".encode() if missing() else f"{line}{tag} OK x\r\n".encode()

    server = fake_imap(mailbox(UID_COPY=copy, STATUS=status))

    result = settled(server, run)

    assert result.status == 0
    assert sent(server, "UID EXPUNGE") == ["UID EXPUNGE 1:2"]


def test_what_the_server_does_not_confirm_is_not_removed(fake_imap: Start, run: Run) -> None:
    replies = {
        "UID_COPY": ok(text="[COPYUID 8 1 40] done"),
        "UID_SEARCH_UID_2": ok("* SEARCH 2"),
    }
    server = fake_imap(mailbox(**replies))

    result = settled(server, run)

    assert result.records[0]["settled"]["action"] == "moved"
    assert result.records[1]["error"]["type"] == "not-copied"
    assert sent(server, "UID STORE") == ["UID STORE 1 +FLAGS.SILENT (\\Deleted)"]
    assert sent(server, "UID EXPUNGE") == ["UID EXPUNGE 1"]


def test_a_server_that_says_ok_and_copies_nothing_keeps_the_mail(fake_imap: Start, run: Run) -> None:
    """It offers UIDPLUS, so it should tell the UIDs of copies; we look for them, and find none."""
    replies = {"UID_COPY": ok(), "EXAMINE": ok("* 0 EXISTS", "* OK [UIDVALIDITY 8] ok")}
    server = fake_imap(mailbox(**replies))

    result = settled(server, run)

    assert [record["error"]["type"] for record in result.records] == ["not-copied", "not-copied"]
    assert sent(server, "UID STORE") == []


def test_a_folder_that_can_only_be_read_is_told_before_anything(fake_imap: Start, run: Run) -> None:
    select = ok("* 2 EXISTS", "* OK [UIDVALIDITY 7] ok", text="[READ-ONLY] done")
    server = fake_imap(mailbox(SELECT=select))

    result = settled(server, run)

    assert result.status == 77
    assert sent(server, "UID COPY") == []


@pytest.mark.parametrize("text", ["", "8", "8 1:2", "8 1:2 40", "x 1 2", "8 * 3", "8 1 40:41"])
def test_an_unusable_confirmation_is_a_protocol_error(text: str) -> None:
    with pytest.raises(ProtocolError):
        copyuid(text)
