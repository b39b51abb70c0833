"""The runner of stages: signals, receipts and bugs, with stages made for the purpose."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

ACTS = """
import sys, time
from mailpipe.record import batches
from mailpipe.stage import stage

def act(records):
    for batch in batches(records, 100):
        for record in batch:
            open(sys.argv[1], "a").write("acted\\n")  # all acts come before the first receipt
        time.sleep(0.5)
        yield from batch

@stage("slow", examples="", acts=True)
def command(settings):
    return act

sys.argv[1:], path = [], sys.argv[1]
sys.argv = ["x", path]
command.main([], standalone_mode=False)
"""

BUG = """
from mailpipe.stage import stage

def broken(records):
    for record in records:
        yield {**record, "n": 1 // record["n"]}

@stage("broken", examples="")
def command(settings):
    return broken

command.main([], standalone_mode=False)
"""


def start(code: str, *args: str, **env: str) -> "subprocess.Popen[bytes]":
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", code, *args], stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, **env}
    )


def test_a_signal_waits_for_the_receipts_of_what_was_done_together(tmp_path: Path) -> None:
    acts = tmp_path / "acts"
    acts.touch()
    with start(ACTS, str(acts)) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b'{"n":1}\n' * 10)
        process.stdin.flush()
        while acts.read_text().count("acted") < 10:
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)

        receipts = process.stdout.readlines()
        assert (len(receipts), process.wait(30)) == (10, 143)


def test_a_bug_is_one_sentence_a_last_record_and_status_70() -> None:
    with start(BUG) as process:
        stdout, stderr = process.communicate(b'{"n":1}\n{"n":0}\n')

    last = json.loads(stdout.splitlines()[-1])
    assert (process.returncode, last["error"]["stage"]) == (70, "broken")
    assert stderr.count(b"\n") == 1
    assert b"this is a bug in mailpipe: ZeroDivisionError" in stderr


def test_the_traceback_of_a_bug_is_there_for_those_who_ask() -> None:
    with start(BUG, MAILPIPE_DEBUG="1") as process:
        _, stderr = process.communicate(b'{"n":0}\n')

    assert b"Traceback" in stderr
