"""Tests of the man pages: current, complete, well formed, and true."""

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest

from mailpipe._docs import files, model
from mailpipe._docs.examples import CONFIG, MORE_RULES, RECORD, RULES, VOCABULARY
from mailpipe._docs.meanings import INPUT, STATUSES
from mailpipe._docs.members import MEMBERS
from mailpipe.cli import STAGES
from mailpipe.config import load
from mailpipe.errors import Exit
from mailpipe.mail import vocabulary
from mailpipe.route import rulefile, rules
from mailpipe.wire import plainyaml
from tests.conftest import Run
from tests.servers import need

ROOT = files.ROOT
WANTED = files.texts()
COMMANDS = model.group().everything
PAGES = sorted(name for name in WANTED if name.startswith("man/"))


@pytest.mark.parametrize("name", sorted(WANTED))
def test_a_generated_file_is_what_the_commands_say(name: str) -> None:
    path = ROOT / name

    assert path.exists() and path.read_text(encoding="utf-8") == WANTED[name], (  # noqa: PT018  one message
        f"{name} is stale; run: python -m mailpipe._docs"
    )


def test_no_file_is_left_from_earlier_commands() -> None:
    assert [name for name in files.stale(ROOT, WANTED) if name not in WANTED] == []


def test_two_builds_are_the_same_octets() -> None:
    assert files.texts() == WANTED


def test_no_file_has_a_date_or_a_path_of_this_machine() -> None:
    for name, text in WANTED.items():
        assert not re.search(r"\.Dd (?!\$Mdocdate\$\n)", text), name
        assert str(ROOT) not in text
        assert str(Path.home()) + "/" not in text


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_has_help_examples_and_every_option_in_its_page(command: model.Command) -> None:
    page = WANTED[f"man/{command.page}.1"].replace("\\-", "-")

    assert command.brief
    assert command.paragraphs
    assert "mailpipe" in command.examples
    for option in command.options:
        assert all(f"\\fB{name}\\fR" in page for name in option.names), option.names
        assert option.help, f"{command.name} {option.names}: no help"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_list_of_commands_says_what_the_command_says(command: model.Command, run: Run) -> None:
    first = run([*command.name.split(), "--help"]).stdout.decode().split("\n\n")[1]

    assert " ".join(first.split()) == command.brief


@pytest.mark.parametrize("name", PAGES)
def test_mandoc_has_no_complaint(name: str) -> None:
    done = subprocess.run(
        [need("mandoc"), "-T", "lint", "-W", "warning", str(ROOT / name)], capture_output=True, text=True
    )

    assert (done.stdout + done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_text_as_it_was_written(name: str) -> None:
    done = subprocess.run(
        [need("mandoc"), "-T", "utf8", "-O", "width=200", str(ROOT / name)], capture_output=True, check=True
    )
    shown = re.sub(r".\x08", "", done.stdout.decode("utf-8"))

    assert "\\f" not in shown
    assert "\\[" not in shown
    if name == "man/mailpipe-rules.5":
        assert all(line in shown for line in (RULES + VOCABULARY + MORE_RULES).splitlines())
    if name == "man/mailpipe-record.5":
        assert all(line in shown for line in RECORD.splitlines())


def test_every_stage_and_status_has_its_meaning() -> None:
    assert set(INPUT) == set(STAGES)
    assert set(STATUSES) == set(Exit)


def test_the_example_of_a_configuration_is_one(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG)

    assert load(path).accounts["partners"].trust.authserv_ids == ["mx.example.com"]


def test_the_examples_of_rules_and_vocabulary_are_such() -> None:
    words = vocabulary.build(plainyaml.parse(VOCABULARY.encode(), "v"), "v")

    assert len(rules.build(plainyaml.parse(RULES.encode(), "r"), "r", words).rules) == 4


def test_the_other_rules_of_the_manual_are_such(tmp_path: Path) -> None:
    (tmp_path / "vehicle.schema.json").write_text("{}")
    for name in ("thank", "order"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "rules.yaml").write_text(MORE_RULES)

    assert len(rulefile.load(tmp_path / "rules.yaml").rules) == 3


def test_the_example_of_a_record_is_json_with_documented_members() -> None:
    record = json.loads(RECORD)

    assert set(record) <= {member.name for member in MEMBERS}


MAIL = b"""\
From: Garage <atelier@example.net>
To: desk@example.com
Cc: copy@example.com
Reply-To: reply@example.net
Sender: sender@example.net
Subject: Re: Check
Date: Fri, 20 Nov 2026 09:12:44 +0100
Message-ID: <x1@example.net>
In-Reply-To: <q1@example.com>
References: <q0@example.com> <q1@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain

status: done

> please check
--
Dupont
--b
Content-Type: text/html

<p>status: done</p>
--b
Content-Type: application/pdf; name=a.pdf
Content-Disposition: attachment

x
--b--
"""


FORWARD = b"""\
From: desk@example.com
Subject: Fwd: Check
Content-Type: text/plain

see below

---------- Forwarded message ---------
From: Garage <atelier@example.net>
Date: Fri, 20 Nov 2026 09:00:00 +0000
Subject: Check
To: desk@example.com

done
"""

BOUNCE = b"""\
From: MAILER-DAEMON@mx.example.net
Subject: Undelivered Mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

Your message could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.net

Final-Recipient: rfc822; gone@example.net
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user
--b--
"""
RARE = {
    "dryRun",
    "send",
    "isTruncated",
    "track",
    "error",
    "calendar",
    "geo",
    "crypto",
    "dataErrors",
    "returned",
}  # what the mails above do not lead to


@pytest.fixture
def written(run: Run, tmp_path: Path) -> dict[str, set[str]]:
    """The members of the records that each stage really writes."""
    (tmp_path / "check.md").write_text(
        "---\nfrom: a@example.com\nto: b@example.net\ncc: c@example.net\nbcc: d@example.net\n"
        "subject: s\nref: '{{ id }}'\nidempotencyKey: k\nattachments: check.md\n"
        "headers: {In-Reply-To: a@example.net}\n---\nHello\n"
    )
    (tmp_path / "rules.yaml").write_text("rules: [{outcome: processed}]")
    rendered = run(["render", "check.md", "--lint", "--output-dir", "out"], stdin=[{"id": "a7"}])
    sent = run(["send", "--via", "maildir:in", "--keep-raw"], stdin=rendered.stdout)
    copied = run(["sent", "maildir:copies"], stdin=sent.stdout)
    fetched = run(["fetch", "maildir:in"])
    mails = [{"raw": base64.b64encode(mail).decode()} for mail in (MAIL, FORWARD, BOUNCE)]
    parsed = run(["parse", "--safe-html"], stdin=mails)
    routed = run(["route", "rules.yaml"], stdin=run(["parse"], stdin=fetched.stdout).stdout)
    settled = run(["settle"], stdin=routed.stdout)
    in_order = {"send": (rendered, sent), "sent": (sent, copied), "settle": (routed, settled)}
    added = {
        name: set(after.records[0]) - set(before.records[0]) for name, (before, after) in in_order.items()
    }
    return {
        "render": set(rendered.records[0]),
        "fetch": set(fetched.records[0]),
        "parse": {name for record in parsed.records for name in record},
        "route": {"route"} & set(routed.records[0]),
        **added,
    }


@pytest.mark.parametrize("stage", STAGES)
def test_the_manual_names_the_members_that_a_stage_really_writes(
    stage: str, written: dict[str, set[str]]
) -> None:
    documented = {member.name for member in MEMBERS if stage in member.by}

    assert documented - RARE == written[stage] - RARE, "see mailpipe/_docs/members.py"


def test_check_says_what_is_stale(tmp_path: Path) -> None:
    wanted = {"man/a.1": "a", "man/b.1": "b"}
    files.write(tmp_path, wanted)
    (tmp_path / "man" / "a.1").write_text("changed")
    (tmp_path / "man" / "old.1").write_text("old")

    assert files.stale(tmp_path, wanted) == ["man/a.1", "man/old.1"]
    assert files.write(tmp_path, wanted) == ["man/a.1", "man/old.1"]
    assert files.stale(tmp_path, wanted) == []
