"""Progress of long work on stderr: a bar with rate and remaining time, only for a terminal."""

import os
import threading
import time
from collections.abc import Callable
from typing import Protocol

PATIENCE = 1.0  # seconds of work before anything is shown
TICK = 0.2  # seconds between two updates
WIDTH = 24  # characters of the bar


class Measured(Protocol):
    """An input that knows how much of it has been read."""

    def fraction(self) -> float | None: ...


class Progress:
    """Shows ``count`` while its context is open; nothing unless stderr is a terminal."""

    def __init__(self, name: str, source: Measured, total: Callable[[], int | None] | None) -> None:
        self.count = 0
        self._name = name
        self._source = source
        self._total = total
        self._done = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Progress":
        if os.isatty(2) and not os.isatty(1):
            self._thread = threading.Thread(target=self._show, daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def _show(self) -> None:
        started, shown = time.monotonic(), False
        wait = PATIENCE
        while not self._done.wait(wait):
            wait, shown = TICK, True
            line = describe(self._name, self.count, time.monotonic() - started, self._fraction())
            os.write(2, f"\r{line}\x1b[K".encode())
        if shown:
            os.write(2, b"\r\x1b[K")

    def _fraction(self) -> float | None:
        total = self._total() if self._total is not None else None
        return self.count / total if total else self._source.fraction()


def describe(name: str, count: int, seconds: float, fraction: float | None) -> str:
    """One line: ``parse [#####.....]  52 %  5,200 records  1,300/s  4 s left``."""
    rate = count / seconds if seconds > 0 else 0.0
    text = f"{count:,} records  {rate:,.0f}/s"
    if not fraction:
        return f"{name}  {text}"
    filled = round(WIDTH * min(1.0, fraction))
    left = seconds * (1 - fraction) / fraction
    return f"{name} [{'#' * filled}{'.' * (WIDTH - filled)}] {fraction:4.0%}  {text}  {left:,.0f} s left"
