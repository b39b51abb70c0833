"""Decide which messages this run hands out: leases, the limit, and what to say about the rest."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

RENEW = 10  # a lease is lengthened when a tenth of it has passed before the message is handed out


class Refused(Protocol):
    """What others have."""

    @property
    def count(self) -> int: ...
    @property
    def until(self) -> float: ...


class Lender(Protocol):
    """Where leases are kept; every method may raise WorldError."""

    def take(
        self, box: str, keys: Sequence[str], seconds: float, /, *, over: bool = False
    ) -> tuple[dict[str, int], Refused]:
        """Attempts of what was leased, by key, and what others have."""
        ...

    def renew(self, box: str, key: str, seconds: float, /) -> bool:
        """Lengthen our lease; False if we have lost it."""
        ...

    def give_back(self, box: str, keys: Sequence[str], /) -> None:
        """End leases of messages that were not handed out."""
        ...

    def settled(self, box: str, keys: Sequence[str], /) -> set[str]:
        """Those which are done with although they are still there."""
        ...

    def close(self) -> None:
        """Give up what is held open."""
        ...


class Claims:
    """The messages of one run: at most ``limit``, each leased for ``seconds``.

    ``seconds`` None looks without leasing; ``over`` takes what other runs have; ``mark`` goes into
    the ``source`` of each message.
    """

    def __init__(
        self,
        lender: Lender,
        *,
        clock: Callable[[], float],
        seconds: float | None,
        limit: int | None = None,
        over: bool = False,
        mark: Mapping[str, bool] = MappingProxyType({}),
    ) -> None:
        self._lender = lender
        self._clock = clock
        self._seconds = seconds
        self._left = limit
        self._over = over
        self.mark = mark
        self._held: dict[tuple[str, str], tuple[float, int]] = {}  # when leased, attempt
        self._others = 0
        self._until = 0.0

    @property
    def complete(self) -> bool:
        """Whether the limit is reached and everything that was taken is handed out."""
        return self._left == 0 and not self._held

    def take(self, box: str, keys: Sequence[str]) -> list[str]:
        """Those of ``keys``, in their order, that this run may hand out."""
        granted: list[str] = []
        at = 0
        while at < len(keys) and self._left != 0:
            some = keys[at : at + (len(keys) if self._left is None else self._left)]
            at += len(some)
            new = self._leased(box, some)
            granted += new
            if self._left is not None:
                self._left -= len(new)
        return granted

    def _leased(self, box: str, keys: Sequence[str]) -> list[str]:
        if self._seconds is None:
            done = self._lender.settled(box, keys)
            return [key for key in keys if key not in done]
        now = self._clock()
        attempts, refused = self._lender.take(box, keys, self._seconds, over=self._over)
        if refused.count:
            self._until = min(self._until, refused.until) if self._others else refused.until
            self._others += refused.count
        for key, attempt in attempts.items():
            self._held[box, key] = now, attempt
        return [key for key in keys if key in attempts]

    def hand_out(self, box: str, key: str) -> int | None:
        """How often the message has now been handed out; 0 when this run only looks.

        None says that the lease ran out meanwhile and another run has the message.
        """
        if self._seconds is None:
            return 0
        leased, attempt = self._held.pop((box, key))
        if self._clock() - leased < self._seconds / RENEW or self._lender.renew(box, key, self._seconds):
            return attempt
        return None

    def give_back(self) -> None:
        """End the leases of what was not handed out."""
        boxes: dict[str, list[str]] = {}
        for box, key in self._held:
            boxes.setdefault(box, []).append(key)
        self._held.clear()
        for box, keys in boxes.items():
            self._lender.give_back(box, keys)

    def close(self) -> None:
        """End the leases of what was not handed out, and what was held open for it."""
        try:
            self.give_back()
        finally:
            self._lender.close()

    @property
    def refused(self) -> str:
        """A sentence about what other runs have, and what to do; empty when there is nothing."""
        if not self._others:
            return ""
        many = "1 message is" if self._others == 1 else f"{self._others} messages are"
        when = datetime.fromtimestamp(self._until).astimezone().strftime("%H:%M:%S")
        return (
            f"{many} in the hands of another run and not settled yet; they are free again from {when} on,"
            " or now with --take-over if that run is dead; --peek only looks"
        )
