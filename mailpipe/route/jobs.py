"""Handles several records at the same time, and yields them in the order in which they came."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from mailpipe.record import Pending, Record
from mailpipe.route.core import Task

AHEAD = 4  # records that are read ahead for each job, while an earlier one takes its time


@dataclass(frozen=True, slots=True)
class Jobs:
    """Up to ``count`` tasks at a time; those of one key run one after the other, in their order.

    A record never waits for its successor: where none is at hand, what is under way is awaited first.
    """

    count: int

    def __call__(
        self, records: Iterable[Record], task: Callable[[Record], Task], key: Callable[[Record], str]
    ) -> Iterator[Record]:
        """See :class:`mailpipe.route.core.Across`."""
        source = iter(records)
        window: deque[Future[Record]] = deque()
        pool = ThreadPoolExecutor(self.count, "handler")
        lines = _Lines(pool)
        try:
            while True:
                while window and (len(window) >= AHEAD * self.count or not _at_hand(source)):
                    yield window.popleft().result()
                while window and window[0].done():
                    yield window.popleft().result()
                record = next(source, None)
                if record is None:
                    break
                window.append(lines.start(key(record), task(record)))
            while window:
                yield window.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)  # what runs is awaited, what waits never starts


def _at_hand(source: Iterator[Record]) -> bool:
    return isinstance(source, Pending) and source.pending()


class _Lines:
    """One queue for each key: a task starts when the one before it has ended."""

    def __init__(self, pool: ThreadPoolExecutor) -> None:
        self._pool = pool
        self._last: dict[str, Future[Record]] = {}

    def start(self, key: str, task: Task) -> "Future[Record]":
        """The result to come of a task; a task without a key waits for nobody."""
        before = self._last.get(key) if key else None
        if before is None or before.done():
            future = self._pool.submit(task)
        else:
            future = Future()
            before.add_done_callback(lambda _: self._link(task, future))
        if key:
            self._last = {name: one for name, one in self._last.items() if not one.done()}
            self._last[key] = future
        return future

    def _link(self, task: Task, promised: "Future[Record]") -> None:
        """Start a task now, and keep the promise that was made of its result."""

        def keep(done: "Future[Record]") -> None:
            if done.cancelled():
                promised.cancel()
            elif (exc := done.exception()) is not None:
                promised.set_exception(exc)
            else:
                promised.set_result(done.result())

        try:
            self._pool.submit(task).add_done_callback(keep)
        except RuntimeError:  # the pool ends: nobody waits for it any more
            promised.cancel()
