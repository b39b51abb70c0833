"""Parses one damaged mail and says what was wrong with how that went."""

import json
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pybase64

from mailpipe import jsonl
from mailpipe.mail.identity import Identity, keyring
from mailpipe.mail.vocabulary import build
from mailpipe.parse import core
from mailpipe.parse.authentication import Trust

SECONDS = 2.0  # of CPU for one message; the clock stops it at three times as much
MEMORY = 512 * 1024  # KiB resident

_VOCABULARY = build(
    {"fields": {"plate": ["plate", "immatriculation", "номер"]}, "values": {"plate": {"x": ["y"]}}}, "fuzz"
)
OPTIONS = core.Options(
    nested=True,
    safe_html=True,
    vocabulary=_VOCABULARY,
    identity=lambda _account: Identity("mail-api", "example.com", keyring("key")),
    trust=lambda _account: Trust(("mx.example.com",), ("mx.example.com",), ("example.net",)),
)


class TooSlow(Exception):
    """Raised by the clock in the middle of a message that takes far too long."""


@contextmanager
def _clock() -> Iterator[None]:
    def ring(_signum: int, _frame: FrameType | None) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, 3 * SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def problem(raw: bytes, limit: float = SECONDS) -> str | None:
    """What is wrong, in one line, or None; ``limit`` is in seconds of CPU."""
    started = time.process_time()
    try:
        with _clock():
            records = list(core.parse([{"raw": pybase64.b64encode_as_string(raw)}], OPTIONS))
            lines = b"".join(map(jsonl.encode, records))
    except TooSlow:
        return f"over {3 * SECONDS} s of CPU"
    except Exception as exc:  # noqa: BLE001  to find exceptions is what this is for
        trace = exc.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "?"
        return f"{type(exc).__name__}: {str(exc)[:200]} at {where}"
    seconds = time.process_time() - started
    if seconds > limit:
        return f"{seconds:.1f} s of CPU"
    if len(records) != 1 or lines.count(b"\n") != 1:
        return f"{len(records)} records"
    if "error" in json.loads(lines):
        return f"error: {records[0]['error']['detail']}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return f"{peak // 1024} MiB resident" if peak > MEMORY else None
