"""Counts how often each network asks in a minute: what comes too often is no person's doing."""

from collections import Counter

LIMIT = 600  # requests of one /24 or /48 in a minute that may still be people's
NETWORKS = 100_000  # that are counted in one minute; the memory of the counter


class Flood:
    """The requests of the minute in hand, by network.  Nothing is refused or dropped for being many."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._minute = -1
        self._counts: Counter[str] = Counter()

    def is_over(self, network: str, minute: int) -> bool:
        """Count one request; whether its network has asked too often in this minute."""
        if minute != self._minute:
            self._minute = minute
            self._counts.clear()
        if network in self._counts or len(self._counts) < NETWORKS:
            self._counts[network] += 1
        return self._counts[network] > self._limit
