"""Tests of the service of the example: its script, crontab and units do what they say."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from mailpipe._docs.files import ROOT
from tests.conftest import Result, Run, Shell
from tests.servers import need

SCENARIO = ROOT / "examples" / "vehicle-check"
SCRIPTS = ("service.sh", "handle", "thank")
UNITS = sorted(path.name for path in SCENARIO.glob("mailpipe-*.*"))
CONFIG = """
app: mail-api
domain: example.com
accounts:
  partners:
    from: Vehicle desk <mail-api@example.com>
    imap: {url: 'maildir:IN'}
    smtp: {url: 'maildir:OUT'}
"""


class Desk:
    """The example in a home of its own, with Maildirs for servers."""

    def __init__(self, home: Path, sh: Shell) -> None:
        self.home = home
        self.folder = home / "vehicle-check"
        shutil.copytree(SCENARIO, self.folder)
        config = home / "config.yaml"
        config.write_text(CONFIG.replace("IN'", f"{home}/in'").replace("OUT'", f"{home}/out'"))
        self.env = {"HOME": str(home), "MAILPIPE_CONFIG": str(config)}
        self._sh = sh
        for part in ("cur", "new", "tmp"):
            (home / "in" / part).mkdir(parents=True)

    def deliver(self, number: int, text: str, header: str = "") -> None:
        mail = (
            f"From: Garage <a{number}@example.net>\nTo: mail-api@example.com\nSubject: Re: Check\n"
            f"Date: Fri, 20 Nov 2026 09:00:00 +0000\nMessage-ID: <{number}@example.net>\n{header}"
            f"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        )
        (self.home / "in" / "new" / f"{1700000000 + number}.M{number}.host").write_text(mail)

    def sh(self, script: str) -> Result:
        return self._sh(script, cwd=self.home, env=self.env)

    def count(self, *store: str) -> int:
        folder = self.home.joinpath(*store)
        return sum(1 for part in ("cur", "new") for _ in (folder / part).glob("*"))

    def lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def desk(tmp_path: Path, sh: Shell) -> Desk:
    for program in ("bash", "jq", "flock"):
        need(program)
    return Desk(tmp_path / "desk", sh)


def test_what_came_in_is_handled_and_put_away(desk: Desk) -> None:
    desk.deliver(1, "status: done")
    desk.deliver(2, "what is this about?")

    result = desk.sh("vehicle-check/service.sh in")

    assert (result.status, result.stdout, result.stderr) == (0, b"", "")
    assert (desk.count("in"), desk.count("in", ".processed"), desk.count("in", ".failed")) == (0, 1, 1)
    assert len(desk.lines("checked.jsonl")) == 1
    assert [one["settled"]["outcome"] for one in desk.lines("handled.jsonl")] == ["processed", "failed"]
    assert [one["route"]["rule"] for one in desk.lines("failed.jsonl")] == ["keep the rest for a person"]


def test_what_lies_in_the_outbox_is_mailed_once(desk: Desk) -> None:
    desk.sh("mkdir vehicle-check/outbox && cp vehicle-check/data.jsonl vehicle-check/outbox/monday.jsonl")

    first = desk.sh("vehicle-check/service.sh out")
    again = desk.sh(
        "cp vehicle-check/sent/monday.jsonl vehicle-check/outbox/ && vehicle-check/service.sh out"
    )

    assert (first.status, first.stderr, again.status) == (0, "", 0)
    assert desk.count("out") == 3
    assert len(desk.lines("sent/monday.jsonl.receipts")) == 3
    assert list((desk.folder / "outbox").iterdir()) == []


def test_a_stage_that_fails_is_named_and_its_status_is_the_services(desk: Desk) -> None:
    result = desk.sh("MAILPIPE_ACCOUNT=nobody vehicle-check/service.sh in")

    assert result.status == 78
    assert "fetch ended with status 78" in result.stderr
    assert desk.sh("vehicle-check/service.sh sideways").status == 64


def test_a_batch_that_failed_stays_in_the_outbox(desk: Desk) -> None:
    (desk.folder / "outbox").mkdir()
    (desk.folder / "outbox" / "bad.jsonl").write_text('{"id": "x"}\n')

    result = desk.sh("vehicle-check/service.sh out")

    assert result.status == 1
    assert "render ended with status 1" in result.stderr
    assert (desk.folder / "outbox" / "bad.jsonl").exists()


def test_one_run_at_a_time(desk: Desk) -> None:
    for number in range(6):
        desk.deliver(number, "status: done")
    (desk.folder / "rules.yaml").write_text("rules: [{run: [./slow]}]")
    slow = desk.folder / "slow"
    slow.write_text("#!/bin/sh\nsleep 0.2; echo $MAILPIPE_ID >> calls\n")
    slow.chmod(0o755)
    started = time.monotonic()

    desk.sh("for n in 1 2 3 4 5; do vehicle-check/service.sh in & done; wait")

    calls = (desk.folder / "calls").read_text().split()
    assert sorted(calls) == sorted(set(calls))
    assert (len(calls), desk.count("in", ".processed")) == (6, 6)
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_is_well_formed_and_can_be_run(name: str) -> None:
    path = SCENARIO / name
    shell = need(Path(path.read_text().splitlines()[0].split()[-1]).name)

    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)

    assert (done.stderr, done.returncode) == ("", 0)
    assert path.stat().st_mode & 0o111 == 0o111
    if (shellcheck := shutil.which("shellcheck")) is not None:
        subprocess.run([shellcheck, str(path)], check=True)


CRON = re.compile(r"(?:[\d*/,-]+ ){4}[\d*/,-]+  (?P<command>.+)")


def crontab() -> list[str]:
    text = (SCENARIO / "crontab").read_text()
    jobs = [line for line in text.splitlines() if line and not re.match(r"#|\w+=", line)]
    found = [CRON.fullmatch(job) for job in jobs]
    assert all(found)
    return [one["command"] for one in found if one is not None]


@pytest.mark.parametrize("command", crontab())
def test_a_line_of_the_crontab_runs(command: str, desk: Desk) -> None:
    desk.deliver(1, "status: done")
    (desk.folder / "outbox").mkdir()

    result = desk.sh(re.sub(r"\\%", "%", command))  # cron takes % for a line end

    assert result.stderr == ""
    assert result.status == (1 if "grep" in command else 0)  # grep found nothing to mail
    if "service.sh in" in command:
        assert desk.count("in", ".processed") == 1
    if "service.sh out" in command:
        assert desk.count("out") == 3


def test_systemd_understands_the_units(desk: Desk, tmp_path: Path) -> None:
    runtime = tmp_path / "runtime"
    runtime.mkdir(mode=0o700)
    env = {"XDG_RUNTIME_DIR": str(runtime), "HOME": str(desk.home), "PATH": "/usr/bin:/bin"}
    units = [str(desk.folder / name) for name in UNITS]

    done = subprocess.run(
        [need("systemd-analyze"), "verify", "--user", "--man=no", *units],
        capture_output=True,
        text=True,
        env=env,
        check=False,
    )

    ours = [line for line in done.stderr.splitlines() if "mailpipe-" in line]
    assert (len(units), ours, done.returncode) == (4, [], 0), done.stderr


WORDS = {
    "vehicle checked": [
        "Status: done",
        "Statut : terminé",
        "Status: erledigt",
        "Estado: hecho",
        "Stato: fatto",
        "ÉTAT = TERMINE",
    ],
    "vehicle not to be checked": [
        "Status: not possible",
        "Statut : introuvable",
        "Status: unmöglich",
        "Estado: no encontrado",
        "Stato: impossibile",
    ],
    "vehicle checked later": [
        "Status: postponed",
        "Statut : plus tard",
        "Status: später",
        "Estado: aplazado",
        "Stato: più tardi",
    ],
    "somebody wants to be called": [
        "Could you please call, it is complicated.",
        "C'est compliqué, merci de rappeler demain.",
        "Bitte um Rückruf am Montag.",
        "Es complicado, LLAMEME por favor.",
        "Non ho capito, richiamatemi domani.",
    ],
    "keep the rest for a person": ["Hello", "Bonjour", "Guten Tag", "Buenos días", "Buongiorno"],
}


@pytest.mark.parametrize(("rule", "texts"), WORDS.items())
def test_rules_and_vocabulary_know_five_languages(rule: str, texts: list[str], desk: Desk, run: Run) -> None:
    mails = [
        f"From: a@example.net\nContent-Type: text/plain; charset=utf-8\n\n{text}\n".encode() for text in texts
    ]
    (desk.folder / "config.yaml").write_text("vocabulary: vocabulary.yaml\n")
    parse = ["parse", "--config", "config.yaml"]
    parsed = [run(parse, stdin=mail, cwd=desk.folder).records[0] for mail in mails]

    routed = run(["route", "--dry-run", "rules.yaml"], stdin=parsed, cwd=desk.folder)

    assert [record["route"]["rule"] for record in routed.records] == [rule] * len(texts)


def test_the_rules_of_the_example_are_well_formed_and_can_all_be_met(desk: Desk, run: Run) -> None:
    for name in ("rules.yaml", "more-rules.yaml"):
        result = run(["route", "--check", name], cwd=desk.folder)
        assert (result.status, "well formed" in result.stderr) == (0, True), result.stderr


@pytest.mark.parametrize(
    ("record", "would"),
    [
        ({"subject": "Re: Bestellung Nr. AB-1234 xx"}, {"run": ["./handle", "order", "AB-1234"]}),
        ({"reply": "Je veux me désabonner."}, {"run": ["./handle", "unsubscribe"]}),
        ({"reply": "Eccolo: tutto fatto!"}, {"outcome": "processed"}),
        ({"data": {"status": "hecho", "mileage": 5}}, {"outcome": "failed"}),
        (
            {"data": {"status": "done", "mileage": 50}},
            {"post": "https://hooks.example.com", "reply": ["./thank"]},
        ),
    ],
    ids=str,
)
def test_the_other_rules_show_what_rules_can_do(
    record: dict[str, Any], would: dict[str, Any], desk: Desk, run: Run
) -> None:
    mail = {"auto": {"class": "none", "suppressReply": False}, **record}

    [routed] = run(["route", "--dry-run", "more-rules.yaml"], stdin=[mail], cwd=desk.folder).records

    assert [one["rule"] for one in routed["route"]["before"]] == ["keep everything, and go on"]
    assert would.items() <= routed["route"]["would"].items()


def test_the_handlers_of_the_example_work(desk: Desk, run: Run) -> None:
    (desk.folder / "try.yaml").write_text("rules: [{run: [./handle, order, '{n}'], reply: [./thank]}]\n")
    person = {
        "id": "sha256:1f",
        "n": 1,
        "from": [{"name": "", "email": "a@example.net"}],
        "messageId": ["x@example.net"],
        "subject": "Hello",
        "auto": {"class": "none", "suppressReply": False},
        "data": {"km": 12},
    }

    results = [
        run(["route", "try.yaml"], stdin=[person], cwd=desk.folder, env=desk.env).records[0] for _ in range(2)
    ]

    assert [one["route"]["outcome"] for one in results] == ["processed", "processed"]
    assert (desk.folder / "handled.log").read_text() == "sha256:1f order 1\n"
    assert results[0]["route"]["reply"]["status"] == 0, results[0]["route"]["reply"]
    assert "within 24 hours" in results[1]["route"]["reply"]["withheld"]
    [answer] = (desk.home / "out" / "new").iterdir()
    header = answer.read_text().partition("\n\n")[0]
    assert "Auto-Submitted: auto-replied" in header
    assert "In-Reply-To: <x@example.net>" in header
