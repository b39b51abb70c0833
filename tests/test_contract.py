"""The promises that every stage keeps, tested over all of them as real processes."""

import base64
import fcntl
import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mailpipe.cli import STAGES
from mailpipe.lines import MAX_LINE
from tests.conftest import MAILPIPE, Result, Run, Shell

Record = dict[str, Any]
READERS = [name for name in STAGES if name != "fetch"]
FAILED = {
    "id": "sha256:7",
    "n": 7,
    "error": {"stage": "fetch", "type": "bad-record", "detail": "line 3", "retryable": False},
}

TEMPLATE = """\
---
from: desk@example.com
to: garage@example.net
subject: "Check {{ id }}"
---
Please check **{{ id }}**.
"""
RULES = "rules:\n  - name: all\n    outcome: processed\n"


def message(number: int) -> bytes:
    return (
        f"From: a@example.com\r\nTo: b@example.net\r\nSubject: {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n\r\n"
        f"plate: AB-{number}\r\n"
    ).encode()


class Setup:
    """A working directory in which every stage has what it needs, and good records for each."""

    def __init__(self, folder: Path, run: Run) -> None:
        self.folder = folder
        self._run = run
        (folder / "check.md").write_text(TEMPLATE)
        (folder / "rules.yaml").write_text(RULES)

    def args(self, stage: str) -> list[str]:
        return {
            "render": ["render", "check.md"],
            "send": ["send", "--via", "maildir:out"],
            "sent": ["sent", "maildir:out"],
            "fetch": ["fetch", "maildir:in"],
            "parse": ["parse"],
            "route": ["route", "rules.yaml"],
            "settle": ["settle"],
        }[stage]

    def fill(self, count: int) -> None:
        for part in ("cur", "new", "tmp"):
            (self.folder / "in" / part).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (self.folder / "in" / "new" / f"{1700000000 + number}.M{number}.host").write_bytes(
                message(number)
            )

    def good(self, stage: str, count: int) -> list[Record]:
        raws = [base64.b64encode(message(number)).decode() for number in range(count)]
        if stage == "render":
            return [{"id": number} for number in range(count)]
        if stage == "parse":
            return [{"raw": raw} for raw in raws]
        if stage == "route":
            return [{"id": f"sha256:{number}", "data": {"n": number}} for number in range(count)]
        if stage == "settle":
            self.fill(count)
            fetched = self._run(["fetch", "maildir:in"], cwd=self.folder).records
            assert len(fetched) == count
            return [{**record, "route": {"rule": "all", "outcome": "processed"}} for record in fetched]
        envelope = {"mailFrom": {"email": "a@example.com"}, "rcptTo": [{"email": "b@example.net"}]}
        status = {"b@example.net": {"delivered": "queued", "smtpReply": "250 ok"}}
        sent = {"deliveryStatus": status} if stage == "sent" else {}
        return [{"raw": raw, "envelope": envelope, **sent} for raw in raws]

    def run(self, stage: str, stdin: bytes | list[Any], *more: str) -> Result:
        return self._run([*self.args(stage), *more], stdin=stdin, cwd=self.folder)


@pytest.fixture
def setup(tmp_path: Path, run: Run) -> Setup:
    return Setup(tmp_path, run)


def lines(records: list[Record]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def errors(result: Result) -> list[str | None]:
    return [record.get("error", {}).get("type") for record in result.records]


@pytest.mark.parametrize("stage", READERS)
@pytest.mark.parametrize("stdin", [b"", b"\n", b"\n \r\n\n"], ids=["empty", "newline", "blank"])
def test_empty_input_is_empty_output(setup: Setup, stage: str, stdin: bytes) -> None:
    result = setup.run(stage, stdin)

    assert (result.stdout, result.stderr, result.status) == (b"", "", 0)


@pytest.mark.parametrize("stage", READERS)
def test_good_records_are_one_to_one_with_status_0(setup: Setup, stage: str) -> None:
    result = setup.run(stage, setup.good(stage, 3))

    assert (errors(result), result.stderr, result.status) == ([None] * 3, "", 0)


@pytest.mark.parametrize("stage", READERS)
@pytest.mark.parametrize(
    "bad",
    [b"[]", b"5", b'"x"', b"null", b'{"a": NaN}', b'{"a": "\xff\xfe"}', b"nonsense", b"\x00", b"{}x"],
    ids=repr,
)
def test_a_bad_line_flows_on_and_its_neighbours_are_processed(setup: Setup, stage: str, bad: bytes) -> None:
    first, last = setup.good(stage, 2)

    result = setup.run(stage, lines([first]) + bad + b"\n" + lines([last]))

    assert (len(result.records), result.status) == (3, 1)
    assert [bool(error) for error in errors(result)] == [False, True, False]
    assert result.records[1]["error"]["stage"] == stage
    assert f"mailpipe {stage}: record 2: line 2 " in result.stderr


@pytest.mark.parametrize("stage", READERS)
def test_a_line_torn_at_any_octet_is_one_error(setup: Setup, stage: str) -> None:
    first, last = setup.good(stage, 2)
    whole = json.dumps({**first, "raw": "x"} if "raw" in first else first).encode()
    torn = b"".join(whole[:end] + b"\n" for end in range(1, len(whole)))

    result = setup.run(stage, lines([first]) + torn + lines([last]))

    assert [bool(error) for error in errors(result)] == [False, *[True] * (len(whole) - 1), False]


@pytest.mark.parametrize("stage", READERS)
@pytest.mark.parametrize("kept", [0.01, 0.5, 0.99])
def test_a_torn_last_line_is_one_error(setup: Setup, stage: str, kept: float) -> None:
    first, last = setup.good(stage, 2)
    whole = json.dumps(last).encode()
    torn = whole[: min(len(whole) - 1, 1 + int(len(whole) * kept))]

    result = setup.run(stage, lines([first]) + torn)

    assert ([bool(error) for error in errors(result)], result.status) == ([False, True], 1)


@pytest.mark.parametrize("stage", READERS)
def test_a_last_line_without_line_end_is_complete(setup: Setup, stage: str) -> None:
    result = setup.run(stage, lines(setup.good(stage, 2)).rstrip(b"\n"))

    assert (errors(result), result.status) == ([None, None], 0)


@pytest.mark.parametrize("stage", READERS)
def test_a_line_of_64_megabytes_spoils_nothing(setup: Setup, stage: str) -> None:
    first, last = setup.good(stage, 2)
    huge = b'{"x":"' + b"x" * MAX_LINE + b'"}\n'

    result = setup.run(stage, lines([first]) + huge + lines([last]))

    assert (errors(result), result.status) == ([None, "limit:line", None], 1)


@pytest.mark.parametrize("stage", READERS)
def test_unknown_members_are_kept_with_exact_numbers(setup: Setup, stage: str) -> None:
    [good] = setup.good(stage, 1)
    line = lines([good])[: -len(b"}\n")] + b',"x-new":{"price":1.10,"big":123456789012345678901234567890}}\n'

    result = setup.run(stage, line)

    assert b'"x-new":{"price":1.10,"big":123456789012345678901234567890}' in result.stdout
    assert result.status == 0


@pytest.mark.parametrize("stage", READERS)
def test_lone_surrogates_never_crash_the_writer(setup: Setup, stage: str) -> None:
    [good] = setup.good(stage, 1)

    result = setup.run(stage, lines([{**good, "x-new": "cut \ud83d"}]))

    assert "cut \ufffd" in result.stdout.decode("utf-8")
    assert result.status == 0


@pytest.mark.parametrize("stage", READERS)
def test_a_failed_record_passes_through_untouched(setup: Setup, stage: str) -> None:
    [good] = setup.good(stage, 1)

    result = setup.run(stage, [FAILED, good])

    assert (result.records[0], errors(result)[1:], result.status) == (FAILED, [None], 1)


@pytest.mark.parametrize("stage", READERS)
def test_output_comes_before_the_end_of_input(
    setup: Setup, stage: str, home_env: dict[str, str], tmp_path: Path
) -> None:
    first, second = setup.good(stage, 2)
    with started(setup, stage, home_env) as process:
        assert process.stdin
        assert process.stdout
        for record in (first, second):
            process.stdin.write(lines([record]))
            process.stdin.flush()
            assert "error" not in json.loads(process.stdout.readline())
        process.stdin.close()

        assert (process.stdout.read(), process.wait(30)) == (b"", 0)


@pytest.mark.parametrize("stage", STAGES)
def test_a_reader_that_leaves_ends_the_stage_quietly(setup: Setup, stage: str, sh: Shell) -> None:
    count = 2000
    if stage == "fetch":
        setup.fill(count)
    else:
        (setup.folder / "input").write_bytes(lines(setup.good(stage, count)))
    script = f"mailpipe {' '.join(setup.args(stage))} < {'/dev/null' if stage == 'fetch' else 'input'}"

    # /bin/sh has no PIPESTATUS: the status goes by a file.
    result = sh(f"({script}; echo $? > status) | head -n 1", cwd=setup.folder)

    assert ((setup.folder / "status").read_text(), result.stderr) == ("141\n", "")
    assert len(result.records) == 1


@pytest.mark.parametrize("stage", STAGES)
def test_a_full_disk_behind_stdout_is_status_74(setup: Setup, stage: str, sh: Shell) -> None:
    if stage == "fetch":
        setup.fill(1)
        (setup.folder / "input").touch()
    else:
        (setup.folder / "input").write_bytes(lines(setup.good(stage, 1)))

    result = sh(f"mailpipe {' '.join(setup.args(stage))} < input > /dev/full", cwd=setup.folder)

    assert (result.status, "No space left" in result.stderr) == (74, True)


@pytest.mark.parametrize("stage", READERS)
def test_a_closed_stdin_is_a_usage_error(setup: Setup, stage: str, sh: Shell) -> None:
    result = sh(f"mailpipe {' '.join(setup.args(stage))} <&-", cwd=setup.folder)

    assert (result.status, result.records[-1]["error"]["type"]) == (64, "usage")
    assert "standard input is closed" in result.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_closed_stdout_is_an_error_and_no_accident(setup: Setup, stage: str, sh: Shell) -> None:
    if stage == "fetch":
        setup.fill(1)
        (setup.folder / "input").touch()
    else:
        (setup.folder / "input").write_bytes(lines(setup.good(stage, 1)))

    result = sh(f"mailpipe {' '.join(setup.args(stage))} < input >&-", cwd=setup.folder)

    assert (result.status, "standard output" in result.stderr) == (74, True)


@pytest.mark.parametrize("stage", STAGES)
def test_a_wrong_option_tells_the_next_stage_too(setup: Setup, stage: str) -> None:
    result = setup.run(stage, b"", "--no-such-option")

    assert (result.status, [record["error"]["type"] for record in result.records]) == (64, ["usage"])
    assert f"try 'mailpipe {stage} --help'" in result.stderr


@pytest.mark.parametrize("stage", READERS)
@pytest.mark.parametrize(("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_a_waiting_stage(
    setup: Setup, stage: str, home_env: dict[str, str], signum: signal.Signals, status: int
) -> None:
    [good] = setup.good(stage, 1)
    with started(setup, stage, home_env) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(lines([good]))
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signum)

        assert (process.wait(30), process.stderr.read()) == (status, b"")


@pytest.mark.parametrize("stage", READERS)
def test_a_pipe_that_does_not_block_loses_no_octet(
    setup: Setup, stage: str, home_env: dict[str, str]
) -> None:
    good = setup.good(stage, 300)
    (setup.folder / "input").write_bytes(lines([{**record, "x-new": "x" * 1000} for record in good]))
    reader, writer = os.pipe()
    fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
    with (setup.folder / "input").open("rb") as stdin:
        process = subprocess.Popen(
            [MAILPIPE, *setup.args(stage)], stdin=stdin, stdout=writer, env=home_env, cwd=setup.folder
        )
    os.close(writer)
    with os.fdopen(reader, "rb") as output:
        records = [json.loads(line) for line in output]

    assert (process.wait(30), len(records)) == (0, 300)


class started:  # noqa: N801  reads as a sentence in a with statement
    """A stage as a process with pipes, ended with the context."""

    def __init__(self, setup: Setup, stage: str, env: dict[str, str]) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [MAILPIPE, *setup.args(stage)], stdin=pipe, stdout=pipe, stderr=pipe, env=env, cwd=setup.folder
        )

    def __enter__(self) -> "subprocess.Popen[bytes]":
        return self.process

    def __exit__(self, *_exc: object) -> None:
        self.process.kill()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()
        self.process.wait()


def test_every_stage_has_its_folder() -> None:
    package = Path(__file__).parent.parent / "mailpipe"

    assert {path.parent.name for path in package.glob("*/core.py")} >= set(STAGES)
