"""Bounds the processor time of one message, by a timer signal: templates may loop, and Markdown may crawl."""

import signal
from types import FrameType

from mailpipe.errors import RecordError

SECONDS = 2.0  # of processor time, for one message


class Budget:
    """A context in which a message is made; raises :class:`RecordError` there when its time is used up.

    Only the main thread of a process may use it.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        signal.signal(signal.SIGVTALRM, self._used_up)

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, self._seconds)

    def __exit__(self, *_exc: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def _used_up(self, _signum: int, _frame: FrameType | None) -> None:
        raise RecordError(
            f"the message takes more than {self._seconds:g} s of processor time",
            slug="limit:time",
            hint="look for loops in the template, or long rows of brackets in its Markdown",
        )
