"""Decide when a message that was put off is tried again, and when it has been tried for long enough."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mailpipe.mail.parcel import Parcel
from mailpipe.send.outcome import Statuses

FIRST, LONGEST = 10.0, 3600.0  # seconds before the second try, and between two tries at most
TICK = 0.2  # seconds after which a pause looks whether it has to end


@dataclass(slots=True, kw_only=True)
class Patience:
    """How long to try; ``wait`` is what this run may spend with waiting, all messages together.

    ``clock`` gives seconds since the epoch, ``random`` a number from 0 to 1, ``sleep`` waits so many
    seconds.  ``stopping`` tells that somebody wants the run to end.
    """

    clock: Callable[[], float]
    random: Callable[[], float]
    sleep: Callable[[float], None]
    max_age: float
    wait: float = 0.0
    stopping: Callable[[], bool] = bool

    def judged(self, parcel: Parcel, statuses: Statuses) -> Statuses:
        """The verdicts; put off for too long is refused (RFC 3463 section 3.5, status 4.4.7)."""
        if not parcel.first or self.clock() - parcel.first <= self.max_age:
            return statuses
        return {address: _late(status) for address, status in statuses.items()}

    def due(self, parcel: Parcel) -> float:
        """When a parcel that was put off now is tried again: later each time, and never all at once."""
        seconds = min(LONGEST, FIRST * 2.0 ** min(parcel.attempts, 20))
        return self.clock() + seconds * (0.5 + self.random())

    def lasts(self, until: float) -> bool:
        """Whether this run may wait until then."""
        return until - self.clock() <= self.wait and not self.stopping()

    def pause(self, until: float) -> None:
        """Wait until then, or until the run is to end."""
        begun = self.clock()
        self.pace(until)
        self.wait -= self.clock() - begun

    def pace(self, until: float) -> None:
        """As :meth:`pause`, but it does not count as waiting for a message."""
        while (left := until - self.clock()) > 0 and not self.stopping():
            self.sleep(min(left, TICK))


def _late(status: Mapping[str, Any]) -> Mapping[str, Any]:
    if status["action"] != "delayed":
        return status
    return {**status, "action": "failed", "status": "4.4.7"}
