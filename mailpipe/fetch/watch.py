"""Read a store again whenever there is news, for as long as the run lasts; a lost connection is made anew."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from typing import Protocol

from mailpipe.errors import TemporaryError
from mailpipe.fetch.core import Source
from mailpipe.mail.stored import Stored

GIVE_UP = 10  # failures in a row after which the run ends: whoever started it shall know
LONGEST = 300.0  # seconds between two attempts


class Watch(Protocol):
    """Tells of news; every method may raise WorldError."""

    def start(self) -> None:
        """Begin to notice news."""
        ...

    def wait(self, seconds: float, /) -> None:
        """Return when there is news, at the latest after that time."""
        ...

    def stop(self) -> None:
        """Give up connections."""
        ...


class Watched:
    """A source without end; ``sources`` opens what is read each time.

    ``every`` is the longest time between two looks, in seconds.  ``chance`` gives numbers from 0 to 1.
    """

    def __init__(
        self,
        sources: Callable[[], Iterable[Source]],
        watch: Watch,
        *,
        every: float,
        sleep: Callable[[float], None],
        chance: Callable[[], float],
        report: Callable[[str], None],
    ) -> None:
        self._sources = sources
        self._watch = watch
        self._every = every
        self._sleep = sleep
        self._chance = chance
        self._report = report

    def messages(self, take: Callable[[str, Sequence[str]], Sequence[str]]) -> Generator[Stored]:
        """Each message that ``take`` grants, now and later; raises WorldError."""
        failures = 0
        try:
            while True:
                try:
                    self._watch.start()
                    for source in self._sources():
                        with closing(source.messages(take)) as messages:
                            for message in messages:
                                failures = 0
                                yield message
                    self._watch.wait(self._every)
                    failures = 0
                except TemporaryError as exc:
                    failures += 1
                    if failures >= GIVE_UP:
                        raise
                    self._pause(exc, failures)
        finally:
            self._watch.stop()

    def _pause(self, exc: TemporaryError, failures: int) -> None:
        """Wait longer after each failure, and not as long as others do who lost the same server."""
        seconds = min(LONGEST, 2.0**failures) * (0.5 + self._chance() / 2)
        self._report(f"{exc.detail}; trying again in {seconds:.0f} s")
        self._watch.stop()
        self._sleep(seconds)


class Pause:
    """Tells of nothing: files are looked at after a while."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep

    def start(self) -> None:
        """There is nothing to begin."""

    def wait(self, seconds: float) -> None:
        """Wait that long."""
        self._sleep(seconds)

    def stop(self) -> None:
        """There is nothing to end."""
