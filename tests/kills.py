"""Kill the incoming pipe at random moments, again and again; nothing may be lost or filed twice.

``python -m tests.kills [TIMES [SEED]]`` kills 500 times with a Dovecot of its own and prints what it saw.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import BIN
from tests.servers import dovecot

MESSAGES = 20
RULES = """
rules:
  - name: every second one fails
    when: {subject: {matches: "[02468]$"}}
    append: handled.jsonl
    outcome: failed
  - name: the rest
    append: handled.jsonl
"""
PIPE = (
    "mailpipe fetch --take-over --config config.yaml | mailpipe parse"
    " | mailpipe route --max-attempts 100000 rules.yaml"
    " | mailpipe settle --config config.yaml > settled.jsonl"
)


@dataclass
class Seen:
    """What happened: how many kills hit a running pipe, lost and doubled messages, extra handler calls."""

    kills: int = 0
    lost: int = 0
    doubled: int = 0
    extra: int = 0


def message(trial: int, number: int) -> bytes:
    return f"Subject: {trial} {number}\r\nFrom: a@example.com\r\n\r\nhello\r\n".encode()


def trial(
    server: dovecot.Dovecot, user: str, folder: Path, rng: random.Random, number: int, seen: Seen
) -> None:
    """Fill the inbox, kill the pipe once at a random moment, run it until it is quiet, and count."""
    env = {
        **os.environ,
        "HOME": str(folder),
        "XDG_STATE_HOME": str(folder / "state"),
        "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}",
    }
    server.add(user, *[message(number, one) for one in range(MESSAGES)])
    with subprocess.Popen(["/bin/sh", "-c", PIPE], cwd=folder, env=env, start_new_session=True) as pipe:
        time.sleep(rng.uniform(0.1, 1.2))
        if pipe.poll() is None:
            os.killpg(pipe.pid, signal.SIGKILL)
            seen.kills += 1
    for _again in range(3):
        subprocess.run(["/bin/sh", "-c", PIPE], cwd=folder, env=env, check=False, timeout=120)
        if not server.list(user):
            break
    filed = Counter(one.raw for name in ("INBOX", "processed", "failed") for one in server.list(user, name))
    for one in range(MESSAGES):
        seen.lost += filed[message(number, one)] == 0
        seen.doubled += filed[message(number, one)] > 1
    lines = (folder / "handled.jsonl").read_bytes().splitlines()
    subjects = Counter(json.loads(line)["subject"] for line in lines)
    seen.extra += sum(
        subjects[f"{number} {one}"] - 1 for one in range(MESSAGES) if subjects[f"{number} {one}"]
    )


def main(times: int = 500, seed: int = 0) -> Seen:
    """Run ``times`` trials and return what was seen."""
    rng = random.Random(seed)
    seen = Seen()
    with dovecot.running() as server, tempfile.TemporaryDirectory() as name:
        for number in range(times):
            folder = Path(name, str(number))
            folder.mkdir()
            (folder / "rules.yaml").write_text(RULES)
            server.config(folder / "config.yaml", f"user{number}")
            trial(server, f"user{number}", folder, rng, number, seen)
    return seen


if __name__ == "__main__":
    told = main(*(int(word) for word in sys.argv[1:]))
    sys.stdout.write(
        f"{told.kills} kills: {told.lost} lost, {told.doubled} twice, {told.extra} extra handler calls\n"
    )
    sys.exit(bool(told.lost or told.doubled))
