"""Several processes for one stream."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pybase64
import pytest

from mailpipe.errors import InputOutputError, RecordError
from mailpipe.parse import jobs
from mailpipe.record import Record, each
from tests.conftest import MAILPIPE, Run
from tests.parse.messages import ALL, PLAIN

# The test runner has threads of its own; the command has none.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def line(raw: bytes = PLAIN) -> bytes:
    return json.dumps({"raw": pybase64.b64encode_as_string(raw)}).encode() + b"\n"


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not any(map(alive, pids)):
            return True
        time.sleep(0.02)
    return False


class Endless:
    """Records that are always at hand."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = iter(records)
        self.given = 0

    def __iter__(self) -> "Endless":
        return self

    def __next__(self) -> Record:
        self.given += 1
        return next(self._records)

    def pending(self) -> bool:
        return True


def slow_at_three(record: Record) -> Record:
    if record["n"] % 4 == 3:
        time.sleep(0.05)
    if record["n"] == 5:
        raise RecordError("five is refused", slug="five")
    if record["n"] == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return {**record, "pid": os.getpid()}


def test_records_come_out_in_order_whatever_becomes_of_them() -> None:
    spread = jobs.spread(each("parse", slow_at_three), 3, "parse")

    records = [json.loads(jobs.encode(r)) for r in spread(Endless({"n": n} for n in range(40)))]

    assert [record["n"] for record in records] == list(range(40))
    assert {r["n"]: r["error"]["type"] for r in records if "error" in r} == {5: "five", 7: "process-died"}
    assert "signal 9" in records[7]["error"]["detail"]
    assert len({r["pid"] for r in records if "pid" in r}) >= 3


def test_results_do_not_pile_up_behind_a_slow_one() -> None:
    def slow_first(record: Record) -> Record:
        if record["n"] == 0:
            time.sleep(0.5)
        return record

    source = Endless({"n": n} for n in range(100_000))
    records = jobs.spread(each("parse", slow_first), 2, "parse")(source)
    next(records)

    assert source.given <= 2 * jobs.AHEAD + 2
    records.close()  # type: ignore[attr-defined]


def test_an_error_of_the_world_is_that_of_the_stage() -> None:
    def full(_record: Record) -> Record:
        raise InputOutputError("disk: full", hint="make room")

    with pytest.raises(InputOutputError, match="disk: full; make room"):
        list(jobs.spread(each("parse", full), 2, "parse")([{"n": 1}]))


def test_a_bug_is_told_as_one() -> None:
    def wrong(record: Record) -> Record:
        return {"n": record["missing"]}

    with pytest.raises(RuntimeError, match="KeyError"):
        list(jobs.spread(each("parse", wrong), 2, "parse")([{"n": 1}]))


def test_output_is_the_same_with_any_number_of_processes(run: Run) -> None:
    stdin = b"".join(line(raw) for raw in ALL * 10) + b"not json\n" + line()

    one = run(["parse"], stdin=stdin)

    for count in ("0", "2", "5"):
        several = run(["parse", "--jobs", count], stdin=stdin)
        assert (several.stdout, several.stderr, several.status) == (one.stdout, one.stderr, 1)


def test_files_are_spread_too(run: Run, tmp_path: Path) -> None:
    for number in range(9):
        (tmp_path / f"{number}.eml").write_bytes(b"Subject: %d\n\nx" % number)
    names = [f"{number}.eml" for number in range(9)]

    assert [r["subject"] for r in run(["parse", "-j2", *names]).records] == list("012345678")


def started(*args: str, cwd: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [MAILPIPE, "parse", "--jobs", "2", *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=cwd,
    )


def asked(process: subprocess.Popen[bytes]) -> bytes:
    """The answer to one record, while the input stays open."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(line())
    process.stdin.flush()
    return process.stdout.readline()


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    with started(cwd=tmp_path) as process:
        yield process
        process.kill()


def test_a_record_does_not_wait_for_the_next_one(process: subprocess.Popen[bytes]) -> None:
    assert json.loads(asked(process))["size"] == len(PLAIN)


def test_a_closed_pipe_ends_all_processes_quietly(process: subprocess.Popen[bytes]) -> None:
    asked(process)
    workers = children(process.pid)
    assert process.stdout is not None
    process.stdout.close()
    assert process.stdin is not None
    process.stdin.write(line() * 3)
    process.stdin.flush()

    assert process.wait(10) == 141
    assert workers
    assert gone(workers)


@pytest.mark.parametrize(
    ("signum", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGKILL, -9)]
)
def test_no_process_outlives_the_first_one(
    process: subprocess.Popen[bytes], signum: signal.Signals, status: int
) -> None:
    asked(process)
    workers = children(process.pid)

    process.send_signal(signum)

    assert process.wait(10) == status
    assert workers
    assert gone(workers)


def test_a_folder_that_cannot_be_made_is_status_73(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    result = run(["parse", "-j2", "--attachments", "file/x"], stdin=line(ALL[1]) * 5)

    assert (result.status, result.records[-1]["error"]["type"]) == (73, "cannot-create")
