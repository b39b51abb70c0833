"""Bounds the processor time of one message, by a timer signal: templates may loop, and Markdown may crawl."""

import atexit
import signal
from types import FrameType

from mailpipe.errors import RecordError

TICK = 0.5  # s of processor time between two looks at the clock
TICKS = 4  # that one message may see: 1.5 to 2 s


class Budget:
    """A context in which a message is made; raises :class:`RecordError` there when its time is used up.

    One timer ticks for the whole run, for setting it anew costs more than making a message.  Only the
    main thread of a process may use it.
    """

    def __init__(self) -> None:
        self._left = 0
        signal.signal(signal.SIGVTALRM, self._tick)
        signal.setitimer(signal.ITIMER_VIRTUAL, TICK, TICK)
        # The interpreter takes its handlers away while it ends; a tick after that would kill the process.
        atexit.register(signal.setitimer, signal.ITIMER_VIRTUAL, 0)

    def __enter__(self) -> None:
        self._left = TICKS

    def __exit__(self, *_exc: object) -> None:
        self._left = 0

    def _tick(self, _signum: int, _frame: FrameType | None) -> None:
        if not self._left:
            return
        self._left -= 1
        if self._left:
            return
        raise RecordError(
            f"the message takes more than {TICK * TICKS:g} s of processor time",
            slug="limit:time",
            hint="look for loops in the template, or long rows of brackets in its Markdown",
        )
