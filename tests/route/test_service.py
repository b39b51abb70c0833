"""Tests of route between its neighbours, as processes in a real shell."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import MAILPIPE, Run, Shell
from tests.servers.webhook import Hook

PIPE = "mailpipe fetch maildir:in | mailpipe parse | mailpipe route rules.yaml{} | mailpipe settle{}"


def deliver(folder: Path, count: int) -> None:
    for part in ("cur", "new", "tmp"):
        (folder / "in" / part).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / "in" / "new" / f"{1700000000 + number}.M{number}.host").write_text(
            f"From: a{number}@example.net\nTo: desk@example.com\nSubject: {number}\n"
            f"Message-ID: <{number}@example.net>\nDate: Fri, 20 Nov 2026 09:00:00 +0000\n\nstatus: done\n"
        )


def waiting(folder: Path, store: str = "in") -> int:
    return sum(len(list((folder / store / part).iterdir())) for part in ("cur", "new"))


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def hooked(folder: Path, hook: Hook, more: str = "") -> None:
    key = folder / "hook.key"
    key.write_text("correct-horse\n")
    key.chmod(0o600)
    (folder / "rules.yaml").write_text(
        f"secret: {{file: hook.key}}\nrules:\n  - name: hook\n"
        f"    post: {{url: '{hook.url}', private: true, ca: '{hook.ca}', retries: 0{more}}}\n"
    )


def test_no_outage_of_a_webhook_fails_a_message(tmp_path: Path, sh: Shell, hook: Callable[..., Hook]) -> None:
    deliver(tmp_path, 6)
    server = hook()
    server.say(503)
    hooked(tmp_path, server)

    for _ in range(4):
        down = sh(
            "{ mailpipe fetch maildir:in | mailpipe parse | { mailpipe route --max-attempts 2 rules.yaml;"
            " echo $? > status; } | mailpipe settle --max-attempts 2; }",
            cwd=tmp_path,
        )
        assert (tmp_path / "status").read_text() == "75\n"
        assert "is down" in down.stderr
    assert waiting(tmp_path) == 6
    assert len(server.requests) == 4 * 3

    server.say(200)
    sh(PIPE.format("", ""), cwd=tmp_path)

    assert (waiting(tmp_path), waiting(tmp_path / "in", ".processed")) == (0, 6)
    keys = [request.headers["Idempotency-Key"] for request in server.requests[-6:]]
    assert len(set(keys)) == 6


def test_a_message_that_ends_its_handlers_run_fails_in_the_end(tmp_path: Path, sh: Shell) -> None:
    deliver(tmp_path, 1)
    program(tmp_path / "handler", "kill -9 $PPID")  # as when the memory of the computer ends
    (tmp_path / "rules.yaml").write_text("rules: [{run: [./handler]}]")
    script = (
        "mailpipe fetch --lease 1 maildir:in | mailpipe parse | mailpipe route --max-attempts 2 rules.yaml"
    )

    for _ in range(2):
        sh(script + " | mailpipe settle", cwd=tmp_path)
        time.sleep(1.1)  # the lease of the dead run has to end
    assert waiting(tmp_path) == 1
    result = sh(script + " | mailpipe settle", cwd=tmp_path)

    [record] = result.records
    assert (record["route"]["reason"], record["settled"]["outcome"]) == ("too-many-attempts", "failed")
    assert waiting(tmp_path / "in", ".failed") == 1


def test_a_handler_sees_the_same_id_when_a_message_comes_again(tmp_path: Path, sh: Shell) -> None:
    deliver(tmp_path, 1)
    program(tmp_path / "handler", 'echo "$MAILPIPE_ID $MAILPIPE_ATTEMPT" >> calls; exit 75')
    (tmp_path / "rules.yaml").write_text("rules: [{run: [./handler]}]")

    for _ in range(2):
        sh(PIPE.format("", ""), cwd=tmp_path)

    first, second = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert (first[0] == second[0], first[1], second[1]) == (True, "1", "2")


def test_handlers_work_at_the_same_time_and_one_resource_in_its_order(tmp_path: Path, run: Run) -> None:
    program(tmp_path / "handler", 'sleep 0.2; echo "$1 $2" >> calls')
    (tmp_path / "rules.yaml").write_text("rules: [{run: [./handler, '{ref.id}', '{n}']}]")
    records = [{"id": f"sha256:{n}", "n": n, "ref": {"id": f"r{n % 4}"}} for n in range(16)]
    started = time.monotonic()

    result = run(["route", "--jobs", "8", "rules.yaml"], stdin=records, cwd=tmp_path)

    assert [record["n"] for record in result.records] == list(range(16))
    assert time.monotonic() - started < 16 * 0.2
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    for ref in ("r0", "r1", "r2", "r3"):
        numbers = [int(number) for name, number in calls if name == ref]
        assert numbers == sorted(numbers)
        assert len(numbers) == 4


def test_rules_that_can_never_be_met_are_found_by_check(tmp_path: Path, run: Run) -> None:
    (tmp_path / "rules.yaml").write_text(
        "rules: [{name: all, outcome: processed}, {name: late, when: {a: b}, outcome: failed}]"
    )

    result = run(["route", "--check", "rules.yaml"], cwd=tmp_path)

    assert result.status == 78
    assert "rule 'late' can never be met: 'all' comes first and takes it all" in result.stderr


def test_a_hangup_reads_the_rules_again(tmp_path: Path, home_env: dict[str, str]) -> None:
    rules = tmp_path / "rules.yaml"
    rules.write_text("rules: [{name: old, outcome: processed}]")
    process = subprocess.Popen(
        [MAILPIPE, "route", "rules.yaml"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        env=home_env,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    met = []

    def ask() -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"{}\n")
        process.stdin.flush()
        met.append(json.loads(process.stdout.readline())["route"]["rule"])

    ask()
    for text in ("rules: [{name: new, outcome: processed}]", "rules: [{nam: worse}]"):
        rules.write_text(text)
        os.kill(process.pid, signal.SIGHUP)
        time.sleep(0.1)
        ask()
    _, stderr = process.communicate(timeout=20)

    assert (met, process.returncode) == (["old", "new", "new"], 0)
    assert b"1 rules are read again" in stderr
    assert b"the rules of before stay in force" in stderr


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_reader_that_goes_away_ends_it_quietly(jobs: str, tmp_path: Path, sh: Shell) -> None:
    (tmp_path / "rules.yaml").write_text("rules: [{run: [cat]}]")
    (tmp_path / "many.jsonl").write_text("{}\n" * 2000)

    result = sh(
        f"{{ mailpipe route --jobs {jobs} rules.yaml < many.jsonl; echo $? > status; }} | head -n 1",
        cwd=tmp_path,
    )

    assert (len(result.records), result.stderr, (tmp_path / "status").read_text()) == (1, "", "141\n")


def test_a_full_disk_ends_the_stage_and_the_message_stays(tmp_path: Path, sh: Shell) -> None:
    deliver(tmp_path, 2)
    (tmp_path / "rules.yaml").write_text("rules: [{append: all.jsonl}]")
    sh("mailpipe fetch maildir:in | mailpipe parse > parsed.jsonl", cwd=tmp_path)

    result = sh(
        "{ (ulimit -f 0; mailpipe route rules.yaml < parsed.jsonl); echo $? > status; } | mailpipe settle",
        cwd=tmp_path,
    )

    assert (tmp_path / "status").read_text() == "74\n"
    assert [record["error"]["type"] for record in result.records] == ["io"]
    assert (waiting(tmp_path), (tmp_path / "all.jsonl").read_text()) == (2, "")


@pytest.mark.parametrize("jobs", ["1", "4"])
def test_a_line_that_is_no_record_does_not_stop_the_others(jobs: str, tmp_path: Path, run: Run) -> None:
    (tmp_path / "rules.yaml").write_text("rules: [{outcome: processed}]")
    stdin = b'{"n": 1}\n\xff\xfe not UTF-8\n{"n": "' + b"x" * (65 * 1024 * 1024) + b'"}\n{"n": 2}\n'

    result = run(["route", "--jobs", jobs, "rules.yaml"], stdin=stdin, cwd=tmp_path)

    assert [("error" in one, one.get("n")) for one in result.records] == [
        (False, 1),
        (True, None),
        (True, None),
        (False, 2),
    ]
    assert result.status == 1


STORM = """
rules:
  - name: answer
    when: {answerable: true}
    reply: [./answer]
  - name: rest
    outcome: processed
"""


@pytest.mark.parametrize(("header", "most"), [("", 5), ("Auto-Submitted: auto-replied\n", 0)])
def test_two_machines_do_not_go_on_answering_each_other(
    header: str, most: int, tmp_path: Path, run: Run
) -> None:
    (tmp_path / "rules.yaml").write_text(STORM)
    program(tmp_path / "answer", "echo >> answers")
    (tmp_path / "answers").write_text("")
    mail = "From: robot@example.net\nTo: desk+{n}@example.com\nSubject: Re: [r{n}] x\n{header}\nthank you\n"
    parsed = b"".join(
        run(["parse"], stdin=mail.format(n=number, header=header).encode(), cwd=tmp_path).stdout
        for number in range(7)
    )
    numbered = [{**json.loads(line), "ref": {"id": f"r{n}"}} for n, line in enumerate(parsed.splitlines())]

    result = run(["route", "rules.yaml"], stdin=numbered, cwd=tmp_path)

    assert (tmp_path / "answers").read_text().count("\n") == most
    assert {record["route"]["outcome"] for record in result.records} == {"processed"}
