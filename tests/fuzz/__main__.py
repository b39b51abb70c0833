"""python -m tests.fuzz [COUNT] [--seconds N] [--seed S] [--only NUMBER] [--keep DIR]."""

import argparse
import sys
import time
from pathlib import Path

from tests.fuzz import check, mutate


def main() -> int:
    """Try mails until the count or the time is reached; status 1 if any of them went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=check.__doc__)
    parser.add_argument(
        "count", nargs="?", type=int, help="mails to try [10000, or as many as there is time for]"
    )
    parser.add_argument("--seconds", type=float, help="time to spend")
    parser.add_argument("--seed", default="1", help="another seed gives other mails [1]")
    parser.add_argument(
        "--only", type=int, metavar="NUMBER", help="write this mail to stdout and try it alone"
    )
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the mails that went wrong in DIR")
    args = parser.parse_args()
    if args.only is not None:
        raw = mutate.mail(f"{args.seed}:{args.only}")
        sys.stdout.buffer.write(raw)
        sys.stderr.write(f"{check.problem(raw) or 'nothing is wrong'}\n")
        return 0
    return tried(args.seed, args.count or (sys.maxsize if args.seconds else 10_000), args.seconds, args.keep)


def tried(seed: str, count: int, seconds: float | None, keep: Path | None) -> int:
    started = time.monotonic()
    bad = number = 0
    while number < count and (seconds is None or time.monotonic() - started < seconds):
        raw = mutate.mail(f"{seed}:{number}")
        wrong = check.problem(raw)
        if wrong:
            bad += 1
            sys.stderr.write(f"--seed {seed} --only {number}: {wrong}\n")
            if keep:
                keep.mkdir(parents=True, exist_ok=True)
                (keep / f"{seed}-{number}.eml").write_bytes(raw)
        number += 1
    sys.stderr.write(f"{number} mails in {time.monotonic() - started:.0f} s, {bad} went wrong\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
