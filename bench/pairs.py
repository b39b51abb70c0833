"""Time two whole processes in turn and print the ratio of their medians.

Speed of a machine drifts within the hour, so only a ratio of alternate runs means anything.
"""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BIN = Path(sys.executable).parent
MAILPIPE = str(BIN / "mailpipe")
PYTHON = sys.executable


@dataclass(frozen=True, slots=True)
class Timed:
    """One run of one process."""

    seconds: float
    peak: int  # KiB resident


def once(command: Sequence[str], stdin: Path | None, env: dict[str, str] | None = None) -> Timed:
    """Run ``command`` to its end; its output goes nowhere; a failure ends the benchmark."""
    with open(stdin or os.devnull, "rb") as source:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=source, stdout=subprocess.DEVNULL, env={**os.environ, **(env or {})}
        )
        _pid, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command[0]} ... ended with status {process.returncode}")
    return Timed(seconds, usage.ru_maxrss)


def compare(
    title: str,
    ours: Sequence[str],
    peer: Sequence[str],
    *,
    what: str,
    stdin: Path | None = None,
    rounds: int = 5,
    env: dict[str, str] | None = None,
) -> float:
    """Run both in turn ``rounds`` times, print one line, return ours/peer."""
    pairs = [(once(ours, stdin, env), once(peer, stdin, env)) for _ in range(rounds)]
    mine = statistics.median(pair[0].seconds for pair in pairs)
    theirs = statistics.median(pair[1].seconds for pair in pairs)
    ratio = statistics.median(pair[0].seconds / pair[1].seconds for pair in pairs)
    peak = max(pair[0].peak for pair in pairs) / 1024
    print(
        f"{title:34} {ratio:6.3f}  of {what}  ({mine:.3f} s / {theirs:.3f} s, peak {peak:.0f} MiB)",
        flush=True,
    )
    return ratio


def rate(title: str, count: int, seconds: float) -> None:
    """Print one line with a plain rate, where there is nothing to compare with."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{title:34} {count / seconds:10,.0f} records/s  (peak {peak:.0f} MiB)", flush=True)
