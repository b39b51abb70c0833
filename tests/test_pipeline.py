"""The two pipes as users type them, in a real shell, through real servers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench import memory
from bench.render import TEMPLATE, write_rows
from mailpipe import exact
from tests.conftest import MAILPIPE, Shell
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import PASSWORD, USER, Authority, Server

SCENARIO = Path(__file__).parent.parent / "examples" / "vehicle-check"
PERSONS_OWN = b"From: boss@example.com\r\nSubject: to be thrown away by me alone\r\n\r\nhands off\r\n"
RULES = """\
rules:
  - name: trouble
    when: {data.vehicle.plate_number: B-MS 4711}
    run: [sh, -c, "exit 1"]
  - name: not now
    when: {data.vehicle.plate_number: 4821 KLM}
    run: [sh, -c, "exit 75"]
  - name: fine
    append: done.jsonl
"""


@pytest.fixture
def data() -> list[dict[str, Any]]:
    return [exact.loads(line) for line in (SCENARIO / "data.jsonl").read_bytes().splitlines()]


def wanted(data: list[dict[str, Any]]) -> bytes:
    return b"".join(exact.dumps(row) + b"\n" for row in data)


def test_what_goes_into_a_folder_comes_out_as_the_same_objects(sh: Shell, data: list[dict[str, Any]]) -> None:
    result = sh(
        f"cd {SCENARIO} && mailpipe render check.md < data.jsonl | mailpipe send --via maildir:$OLDPWD/out"
        " > /dev/null && mailpipe fetch maildir:$OLDPWD/out | mailpipe parse > $OLDPWD/parsed.jsonl"
        " && jq -cn '[inputs.data]' $OLDPWD/parsed.jsonl && cat $OLDPWD/parsed.jsonl"
    )

    lines = result.stdout.splitlines()
    assert (result.stderr, result.status) == ("", 0)
    assert json.loads(lines[0]) == json.loads(json.dumps(data, default=float))
    assert [exact.loads(line)["data"] for line in lines[1:]] == data  # exactly: 49.90 is not 49.9


@pytest.fixture
def config(
    tmp_path: Path,
    dovecot: Dovecot,
    user: str,
    smtpd: Callable[..., Server],
    authority: Authority,
    http_proxy: str,
) -> tuple[Path, Server]:
    """One account on three real servers: SMTP with STARTTLS and a login, IMAP over TLS through a proxy."""
    server = smtpd(starttls=True, auth=True)
    (tmp_path / "smtp.password").write_text(PASSWORD)
    (tmp_path / "smtp.password").chmod(0o600)
    path = dovecot.config(tmp_path / "config.yaml", user, tls=True, more=f", proxy: '{http_proxy}'")
    text = path.read_text().replace(
        "accounts:\n  partners:\n",
        "domain: example.com\naccounts:\n  partners:\n    from: Vehicle desk <mail-api@example.com>\n"
        f"    smtp: {{url: 'smtp://{USER}@localhost:{server.port}',"
        f" password: {{file: smtp.password}}, ca: {authority.ca}}}\n",
    )
    path.write_text(text)
    return path, server


def test_both_pipes_on_real_servers(
    sh: Shell,
    tmp_path: Path,
    config: tuple[Path, Server],
    dovecot: Dovecot,
    user: str,
    data: list[dict[str, Any]],
) -> None:
    path, server = config
    env = {"MAILPIPE_CONFIG": str(path)}
    (tmp_path / "rules.yaml").write_text(RULES)

    out = sh(
        f"mailpipe render {SCENARIO}/check.md < {SCENARIO}/data.jsonl"
        " | mailpipe send --keep-raw | mailpipe sent > sent.jsonl",
        env=env,
    )
    assert (out.stderr, out.status) == ("", 0)
    assert all(mail.tls and mail.user == USER for mail in server.mails)
    assert len(server.mails) == len(dovecot.list(user, "Sent")) == len(data)

    # A second run has nothing left to do.
    sh("mailpipe send --keep-raw < sent.jsonl | mailpipe sent", env=env)
    assert len(server.mails) == len(dovecot.list(user, "Sent")) == len(data)

    # The partners see the mails; here they send them back as they are.  A person has flagged one.
    dovecot.add(user, PERSONS_OWN, flags="\\Deleted")
    dovecot.add(user, *(mail.content for mail in server.mails))
    assert not {"processed", "failed"} & dovecot.folders(user)

    back = sh("mailpipe fetch | mailpipe parse | mailpipe route rules.yaml | mailpipe settle", env=env)
    assert (back.stderr, back.status) == ("", 0)
    assert [exact.loads(line)["data"] for line in back.stdout.splitlines()] == data

    assert [plate(raw.raw) for raw in dovecot.list(user, "processed")] == ["AB-123-CD"]
    assert [plate(raw.raw) for raw in dovecot.list(user, "failed")] == ["B-MS 4711"]
    inbox = dovecot.list(user)
    assert [message.raw for message in inbox][:1] == [PERSONS_OWN]
    assert "\\Deleted" in inbox[0].flags
    assert [plate(message.raw) for message in inbox[1:]] == ["4821 KLM"]
    assert [
        exact.loads(line)["data"] for line in (tmp_path / "done.jsonl").read_bytes().splitlines()
    ] == data[:1]

    # What was deferred is handed out again, with the same id and the next attempt.
    again = sh("mailpipe fetch", env=env)
    [deferred] = again.records
    [before] = [record for record in back.records if record["route"]["outcome"] == "deferred"]
    assert (deferred["id"], deferred["source"]["attempt"]) == (before["id"], 2)


def plate(raw: bytes) -> str:
    """The plate in the subject of a rendered mail."""
    [subject] = [line for line in raw.split(b"\r\n") if line.startswith(b"Subject: ")]
    return subject.decode().partition("Check ")[2]


def test_parse_keeps_its_memory_flat() -> None:
    early, late, _seconds = memory.peaks([MAILPIPE, "parse"], b"".join(memory.raw_lines(100)), 20)

    assert late < early * 1.15


def test_render_keeps_its_memory_flat(tmp_path: Path) -> None:
    (tmp_path / "check.md").write_text(TEMPLATE)
    write_rows(tmp_path / "rows.jsonl", 1000)

    rows = (tmp_path / "rows.jsonl").read_bytes()
    early, late, _seconds = memory.peaks([MAILPIPE, "render", str(tmp_path / "check.md")], rows, 20)

    assert late < early * 1.15
