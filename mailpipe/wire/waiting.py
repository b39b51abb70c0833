"""Wait for news on connections, and notice that the reader of stdout has gone."""

import select
import time
from collections.abc import Sequence
from typing import Protocol

from mailpipe.stdio import ClosedPipe

_GONE = select.POLLERR | select.POLLHUP | select.POLLNVAL


class Readable(Protocol):
    """A connection that can tell whether something was read already."""

    def fileno(self) -> int: ...
    def at_hand(self) -> bool: ...


def wait(connections: Sequence[Readable], seconds: float) -> bool:
    """Wait until a connection has something to read, at most that long; whether one has.

    Raises ClosedPipe when the reader of stdout goes away meanwhile.
    """
    poll = select.poll()
    poll.register(1, 0)  # errors are always told, and a pipe without reader is one
    for one in connections:
        poll.register(one.fileno(), select.POLLIN)
    end = time.monotonic() + seconds
    while not any(one.at_hand() for one in connections):
        left = end - time.monotonic()
        if left <= 0:
            return False
        for descriptor, events in poll.poll(left * 1000):
            if descriptor == 1 and events & _GONE:
                raise ClosedPipe
    return True
