"""Tests of route as a process."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import MAILPIPE, Run, Shell

RULES = """
rules:
  - name: done
    when: {data.status: done}
    run: [./handler, "{ref.id}"]
    timeout: 20
  - name: rest
    when: {data: {exists: true}}
    append: rest.jsonl
    outcome: failed
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule file, and a handler that notes what it was called with."""
    (tmp_path / "rules.yaml").write_text(RULES)
    script = tmp_path / "handler"
    script.write_text('#!/bin/sh\necho "$1 $MAILPIPE_ID $MAILPIPE_ATTEMPT" >> calls\ncat >> seen.jsonl\n')
    script.chmod(0o755)
    return tmp_path


def record(number: int, status: str = "done") -> dict[str, object]:
    return {
        "id": f"sha256:{number}",
        "ref": {"id": f"r{number}"},
        "data": {"status": status},
        "source": {"attempt": number},
    }


def test_every_record_goes_to_its_handler(folder: Path, run: Run) -> None:
    result = run(["route", "rules.yaml"], stdin=[record(1), record(2, "open"), {"x": 1}], cwd=folder)

    assert result.status == 0
    assert [(one["route"]["rule"], one["route"]["outcome"]) for one in result.records] == [
        ("done", "processed"),
        ("rest", "failed"),
        (None, "failed"),
    ]
    assert (folder / "calls").read_text() == "r1 sha256:1 1\n"
    assert json.loads((folder / "seen.jsonl").read_text()) == record(1)
    assert json.loads((folder / "rest.jsonl").read_text()) == record(2, "open")


def test_rules_are_found_from_any_folder(folder: Path, run: Run) -> None:
    (folder / "elsewhere").mkdir()

    run(["route", "../rules.yaml"], stdin=[record(1)], cwd=folder / "elsewhere")

    assert (folder / "calls").exists()


def test_check_reads_no_record_and_says_what_is_wrong(folder: Path, run: Run, sh: Shell) -> None:
    good = sh("mailpipe route --check rules.yaml", cwd=folder)
    (folder / "rules.yaml").write_text("rules:\n  - name: a\n    runn: [x]\n")
    bad = sh("mailpipe route --check rules.yaml", cwd=folder)

    assert (good.status, good.stdout, good.stderr) == (
        0,
        b"",
        "mailpipe route: rules.yaml: 2 rules are well formed\n",
    )
    said = "rules.yaml: rule 1 'a': unknown key 'runn'; did you mean 'run'?"
    assert (bad.status, bad.stderr) == (78, f"mailpipe route: {said}\n")


def test_a_dry_run_leaves_everything_as_it_is(folder: Path, run: Run) -> None:
    before = sorted(path.name for path in folder.iterdir())

    result = run(["route", "--dry-run", "rules.yaml"], stdin=[record(1), record(2, "open")], cwd=folder)

    assert [one["route"]["would"] for one in result.records] == [
        {"run": ["./handler", "r1"]},
        {"outcome": "failed", "append": "rest.jsonl"},
    ]
    assert sorted(path.name for path in folder.iterdir() if path.name != "home") == [
        name for name in before if name != "home"
    ]


def test_an_explanation_is_for_people_on_stderr(folder: Path, run: Run) -> None:
    result = run(["route", "--explain", "--dry-run", "rules.yaml"], stdin=[record(1, "open")], cwd=folder)

    assert result.stderr.splitlines() == [
        "mailpipe route: sha256:1",
        'mailpipe route:   not met: done: data.status is "open", not "done"',
        "mailpipe route:   met: rest: data is an object",
    ]
    assert [tried["met"] for tried in result.records[0]["route"]["tried"]] == [False, True]


def test_a_missing_rule_file_ends_the_stage_before_it_reads(folder: Path, run: Run) -> None:
    result = run(["route", "absent.yaml"], stdin=[record(1)], cwd=folder)

    assert (result.status, result.records[0]["error"]["type"]) == (66, "no-input")


def test_a_handler_that_is_no_more_ends_the_stage_without_a_verdict(folder: Path, run: Run) -> None:
    (folder / "handler").write_text("#!/bin/sh\nrm handler\n")

    result = run(["route", "rules.yaml"], stdin=[record(1), record(2)], cwd=folder)

    assert result.status == 78
    assert [one.get("route", {}).get("outcome") for one in result.records] == ["processed", None]
    assert result.records[-1]["error"]["type"] == "config"


def test_a_signal_waits_until_the_verdict_is_written(folder: Path, home_env: dict[str, str]) -> None:
    (folder / "handler").write_text("#!/bin/sh\necho started > started\nsleep 1\necho ended > ended\n")
    process = subprocess.Popen(
        [MAILPIPE, "route", "rules.yaml"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=folder,
        env=home_env,
    )
    assert process.stdin is not None
    process.stdin.write(b"".join(json.dumps(record(n)).encode() + b"\n" for n in (1, 2)))
    process.stdin.flush()
    deadline = time.monotonic() + 20
    while not (folder / "started").exists() and time.monotonic() < deadline:
        time.sleep(0.01)

    os.kill(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=20)

    assert process.returncode == 143
    assert [json.loads(line)["route"]["outcome"] for line in out.splitlines()] == ["processed"]
    assert (folder / "ended").exists()
