"""What fetch leaves out: by header fields and search keys, alike on a server and in files."""

import base64
from pathlib import Path

import pytest

from mailpipe.errors import UsageError
from mailpipe.wire.imap_search import checked
from tests.conftest import Run
from tests.servers.dovecot import Dovecot

MAILS = [
    b"From: Garage <atelier@garage.example.net>\r\nSubject: =?utf-8?q?v=C3=A9rifi=C3=A9?= 1\r\n\r\none\r\n",
    b"From: bob@example.org\r\nSubject: other\r\nX-Ticket: 77\r\n\r\ntwo\r\n",
    b"From: bob@example.org\r\nSubject: third\r\n\r\nX-Ticket: 77\r\n",
]
CHOICES: list[tuple[list[str], list[int]]] = [
    (["--from", "GARAGE.example.net"], [0]),
    (["--from", "example"], [0, 1, 2]),
    (["--header", "Subject:vérifié"], [0]),
    (["--header", "x-ticket: 77"], [1]),
    (["--header", "X-Ticket:"], [1]),
    (["--from", "bob", "--header", "Subject:third"], [2]),
    (["--from", "bob", "--from", "atelier"], []),
    (["--from", "nobody", "--limit", "1"], []),
    (["--from", "bob", "--limit", "1"], [1]),
]


def numbers(run: Run, *args: str) -> list[int]:
    """Which of the mails came."""
    result = run(["fetch", "--peek", *args])
    assert (result.status, result.stderr) == (0, "")
    return [MAILS.index(base64.b64decode(one["raw"]).rstrip() + b"\r\n") for one in result.records]


@pytest.mark.parametrize(("options", "wanted"), CHOICES)
def test_a_server_chooses(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path, options: list[str], wanted: list[int]
) -> None:
    dovecot.add(user, *MAILS)
    config = dovecot.config(tmp_path / "config.yaml", user)

    assert numbers(run, *options, "--config", str(config)) == wanted


@pytest.mark.parametrize(("options", "wanted"), CHOICES)
def test_a_maildir_and_an_mbox_choose_alike(
    run: Run, tmp_path: Path, options: list[str], wanted: list[int]
) -> None:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "in" / part).mkdir(parents=True)
    for number, mail in enumerate(MAILS):
        (tmp_path / "in" / "new" / f"{number}.x").write_bytes(mail)
    (tmp_path / "box").write_bytes(
        b"".join(b"From x Fri Nov 20 09:00:00 2026\n" + mail + b"\n" for mail in MAILS)
    )

    assert numbers(run, *options, "maildir:in") == wanted
    assert numbers(run, *options, "mbox:box") == wanted


def test_a_message_that_is_left_out_stays_free(run: Run, tmp_path: Path) -> None:
    for part in ("new", "cur", "tmp"):
        (tmp_path / "in" / part).mkdir(parents=True)
    for number, mail in enumerate(MAILS):
        (tmp_path / "in" / "new" / f"{number}.x").write_bytes(mail)

    assert len(run(["fetch", "--from", "atelier", "maildir:in"]).records) == 1
    assert len(run(["fetch", "maildir:in"]).records) == 2


def test_search_keys_of_a_person_narrow_the_choice(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path
) -> None:
    dovecot.add(user, *MAILS)
    dovecot.flag(user, 3, "\\Deleted")
    config = str(dovecot.config(tmp_path / "config.yaml", user))

    assert numbers(run, "--search", 'OR SUBJECT "other" (SUBJECT third)', "--config", config) == [1]
    assert numbers(run, "--search", "NOT FROM bob", "--config", config) == [0]


@pytest.mark.parametrize(
    "search",
    [
        "",
        " ",
        ") OR (ALL",
        "(ALL",
        'SUBJECT "x',
        "SUBJECT {3}",
        "SUBJECT {3+}",
        "ALL\r\nm9 UID STORE 1:* +FLAGS (\\Deleted)",
        "SUBJECT é",
        "ALL\x00",
    ],
)
def test_search_keys_cannot_leave_their_place(search: str) -> None:
    with pytest.raises(UsageError):
        checked(search)


@pytest.mark.parametrize(
    "option",
    [
        ["--search", "ALL\r\nX1 UID STORE 1:* +FLAGS (\\Deleted)"],
        ["--from", 'x"\r\nX1 UID STORE 1:* +FLAGS (\\Deleted)'],
        ["--header", "Subject: x\r\nX1 UID STORE 1:* +FLAGS (\\Deleted)"],
        ["--header", 'Sub"ject\r\n:x'],
    ],
)
def test_no_filter_can_be_a_command(
    dovecot: Dovecot, user: str, run: Run, tmp_path: Path, option: list[str]
) -> None:
    dovecot.add(user, *MAILS)
    config = str(dovecot.config(tmp_path / "config.yaml", user))

    assert run(["fetch", *option, "--config", config]).status == 64
    assert not any("\\Deleted" in one.flags for one in dovecot.list(user))


def test_search_keys_need_a_server(run: Run, tmp_path: Path) -> None:
    (tmp_path / "box").write_bytes(b"")

    assert run(["fetch", "--search", "ALL", "mbox:box"]).status == 64
