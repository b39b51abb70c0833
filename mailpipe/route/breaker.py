"""Remembers which webhooks are down, so that thousands of messages do not wait for each in turn."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

ENOUGH = 3  # failures in a row after which a webhook is not tried any more
PAUSE = 60.0  # seconds after which one message may try it again


@dataclass
class _Line:
    failures: int = 0
    retry_at: float = 0.0
    spared: int = 0
    why: str = ""


class Breaker:
    """One circuit breaker per server; ``clock`` is monotonic, in seconds.  For several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._lines: dict[str, _Line] = {}

    def closed(self, name: str) -> str:
        """Empty if the server may be tried; else why not."""
        with self._lock:
            line = self._lines.setdefault(name, _Line())
            if line.failures < ENOUGH:
                return ""
            if self._clock() >= line.retry_at:
                line.retry_at = self._clock() + PAUSE  # this one tries, the others go on waiting
                return ""
            line.spared += 1
            return line.why

    def answered(self, name: str) -> None:
        """Note that the server is there."""
        with self._lock:
            self._lines[name] = _Line()

    def silent(self, name: str, why: str) -> None:
        """Note that it is not."""
        with self._lock:
            line = self._lines.setdefault(name, _Line())
            line.failures += 1
            line.why = why
            line.retry_at = self._clock() + PAUSE

    def down(self) -> dict[str, tuple[int, str]]:
        """The servers that are down now: how many messages were not tried, and why."""
        with self._lock:
            return {
                name: (line.spared, line.why) for name, line in self._lines.items() if line.failures >= ENOUGH
            }
