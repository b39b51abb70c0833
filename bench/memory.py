"""Memory of long streams: peak resident size after few and after many records has to be the same."""

import base64
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.corpus import messages
from bench.pairs import MAILPIPE, rate
from bench.render import TEMPLATE, write_rows


def peaks(command: list[str], chunk: bytes, repeat: int) -> tuple[int, int, float]:
    """Feed ``chunk`` to ``command`` ``repeat`` times; resident KiB after a tenth and at the end, seconds."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert process.stdin is not None
    early = 0
    for turn in range(repeat):
        process.stdin.write(chunk)
        if turn == repeat // 10:
            early = resident(process.pid)
    late = resident(process.pid)
    process.stdin.close()
    if process.wait() != 0:
        raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")
    return early, late, time.perf_counter() - started


def resident(pid: int) -> int:
    """KiB resident at the peak so far (proc(5), VmHWM)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    raise SystemExit("proc(5) does not tell VmHWM here")


def report(title: str, command: list[str], chunk: bytes, repeat: int) -> float:
    """Print one line and return late/early."""
    count = chunk.count(b"\n") * repeat
    early, late, seconds = peaks(command, chunk, repeat)
    sizes = f"({early // 1024} MiB -> {late // 1024} MiB)"
    print(f"{title:34} {late / early:6.3f}  of the memory after a tenth {sizes}", flush=True)
    rate(f"  {count:,} records", count, seconds)
    return late / early


def raw_lines(count: int) -> Iterator[bytes]:
    """Fetched records of the corpus, one line each."""

    for raw in messages(count):
        yield b'{"raw":"%b"}\n' % base64.b64encode(raw)


def main(rendered: int = 1_000_000, parsed: int = 100_000) -> None:
    """Print the ratios for ``rendered`` and ``parsed`` records."""
    with tempfile.TemporaryDirectory() as folder:
        template, rows = Path(folder, "check.md"), Path(folder, "rows.jsonl")
        template.write_text(TEMPLATE)
        write_rows(rows, 1000)
        command = [MAILPIPE, "render", str(template)]
        report("render", command, rows.read_bytes(), max(10, rendered // 1000))
    report("parse", [MAILPIPE, "parse"], b"".join(raw_lines(500)), max(10, parsed // 500))


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
