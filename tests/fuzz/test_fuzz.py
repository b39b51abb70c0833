"""The fuzzer, for as long as there is time for in a test run."""

import os
import subprocess
import sys
from pathlib import Path

from tests.fuzz import mutate

ROOT = Path(__file__).parent.parent.parent
SECONDS = "20" if os.environ.get("CI") else "5"


def fuzz(*args: str) -> subprocess.CompletedProcess[str]:
    """A process of its own: memory is measured."""
    command = [sys.executable, "-m", "tests.fuzz", *args]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)


def test_damaged_mail_is_parsed_into_one_record_each_in_little_time_and_memory() -> None:
    done = fuzz("--seconds", SECONDS)

    assert (done.returncode, done.stderr.count("\n")) == (0, 1), done.stderr


def test_what_goes_wrong_is_told_and_kept(tmp_path: Path) -> None:
    done = fuzz("3", "--cpu", "0", "--keep", str(tmp_path))

    assert done.returncode == 1
    assert "--seed 1 --only 2: 0.0 s of CPU" in done.stderr
    assert (tmp_path / "1-2.eml").read_bytes() == mutate.mail("1:2")


def test_each_seed_gives_the_same_mail_again_and_another_one_another() -> None:
    assert mutate.mail("1:7") == mutate.mail("1:7") != mutate.mail("2:7")
