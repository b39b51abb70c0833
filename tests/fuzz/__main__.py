"""python -m tests.fuzz [COUNT] [--seconds N] [--seed S] [--only NUMBER] [--keep DIR] [--cpu SECONDS]."""

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
    parser.add_argument("--cpu", type=float, default=check.SECONDS, help="CPU that one mail may take [2]")
    args = parser.parse_args()
    if args.only is not None:
        raw = mutate.mail(f"{args.seed}:{args.only}")
        sys.stdout.buffer.write(raw)
        sys.stderr.write(f"{check.problem(raw) or 'nothing is wrong'}\n")
        return 0
    return tried(args)


def tried(args: argparse.Namespace) -> int:
    """Try mails one after the other; 1 if any went wrong."""
    count = args.count or (sys.maxsize if args.seconds else 10_000)
    started = time.monotonic()
    bad = number = 0
    while number < count and (not args.seconds or time.monotonic() - started < args.seconds):
        raw = mutate.mail(f"{args.seed}:{number}")
        wrong = check.problem(raw, args.cpu)
        if wrong:
            bad += 1
            sys.stderr.write(f"--seed {args.seed} --only {number}: {wrong}\n")
            if args.keep:
                args.keep.mkdir(parents=True, exist_ok=True)
                (args.keep / f"{args.seed}-{number}.eml").write_bytes(raw)
        number += 1
    sys.stderr.write(f"{number} mails in {time.monotonic() - started:.0f} s, {bad} went wrong\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
