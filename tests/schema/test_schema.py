"""The published schemas hold for what the stages write and for what the examples contain."""

import json
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailpipe._docs.members import MEMBERS
from mailpipe.config import read_yaml
from mailpipe.mail.schema import Schema
from mailpipe.schema import record as shapes
from tests.conftest import Run
from tests.servers.dovecot import Dovecot

EXAMPLES = Path(__file__).parent.parent.parent / "examples"


def printed(run: Run, name: str) -> Schema:
    result = run(["schema", name])
    assert (result.stderr, result.status) == ("", 0)
    return Schema(json.loads(result.stdout), name)


def answer() -> bytes:
    mail = EmailMessage()
    mail["From"] = "Garage Dupont <atelier@example.net>"
    mail["To"] = "mail-api+a7@example.com"
    mail["Subject"] = "Re: [a7] Check"
    mail["Message-ID"] = "<1@example.net>"
    mail.set_content("status: done\n\n> please check\n")
    mail.add_alternative("<p>status: done</p>", subtype="html")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="report.pdf")
    return mail.as_bytes()


def test_every_record_on_its_way_is_what_the_schema_says(run: Run, tmp_path: Path) -> None:
    schema = printed(run, "record")
    (tmp_path / "check.md").write_text(
        "---\nfrom: a@example.com\nto: b@example.net\nbcc: c@example.net\nsubject: s\nref: a7\n---\nHello\n"
    )
    (tmp_path / "rules.yaml").write_text("rules: [{outcome: processed}]")
    rendered = run(["render", "check.md"], stdin=[{"n": 1}])
    sent = run(["send", "--via", "maildir:in", "--keep-raw"], stdin=rendered.stdout)
    copied = run(["sent", "maildir:copies"], stdin=sent.stdout)
    for number in range(2):
        (tmp_path / "in" / "new" / f"1.{number}.host").write_bytes(answer())
    fetched = run(["fetch", "maildir:in"])
    parsed = run(["parse", "--safe-html"], stdin=fetched.stdout)
    routed = run(["route", "rules.yaml"], stdin=parsed.stdout)
    settled = run(["settle"], stdin=routed.stdout)
    bad = run(["parse"], stdin=b"nonsense\n")

    for result in (rendered, sent, copied, fetched, parsed, routed, settled, bad):
        assert result.records
        for record in result.records:
            assert list(schema.violations(record)) == []


def test_a_wrong_record_violates_the_schema(run: Run) -> None:
    schema = printed(run, "record")
    wrong: dict[str, Any] = {"id": "7", "size": -1, "to": [{"name": "x"}], "error": {}}

    assert {found.path for found in schema.violations(wrong)} >= {"/id", "/size", "/to/0", "/error"}


def test_the_schema_and_the_manual_name_the_same_members() -> None:
    assert set(shapes.PROPERTIES) == {member.name for member in MEMBERS}


@pytest.mark.parametrize("rules", sorted(EXAMPLES.rglob("rules*.yaml")), ids=lambda path: path.name)
def test_the_rules_of_the_examples_are_what_the_schema_says(run: Run, rules: Path) -> None:
    assert list(printed(run, "rules").violations(read_yaml(rules))) == []


def test_a_configuration_is_what_the_schema_says(run: Run, tmp_path: Path, dovecot: Dovecot) -> None:
    schema = printed(run, "config")
    good = read_yaml(dovecot.config(tmp_path / "config.yaml", "user"))

    assert list(schema.violations(good)) == []
    assert list(schema.violations({**good, "acounts": {}})) != []


def test_an_unknown_name_is_a_usage_error(run: Run) -> None:
    result = run(["schema", "recrod"])

    assert (result.stdout, result.status) == (b"", 64)
    assert "record" in result.stderr
