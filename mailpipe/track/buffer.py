"""Hold opens for a moment and write them together; what was taken is written, or the run fails."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Protocol

from mailpipe.errors import WorldError
from mailpipe.wire.trackdb import Open

INTERVAL = 0.4  # seconds between two writes: with the write itself, less than one is ever at stake
LIMIT = 20_000  # rows held; no more is taken until they are written
LAST_TRIES = 5  # writes at the end, when the database is away

Key = tuple[str, str, str, int]


class Database(Protocol):
    """Where opens are kept."""

    def record(self, rows: Sequence[Open], /) -> None:
        """Add opens in one transaction; raises WorldError."""
        ...


class Buffer:
    """Opens on their way to the database; equal ones of a minute are counted, not held."""

    def __init__(self, database: Database, report: Callable[[str], None], *, limit: int = LIMIT) -> None:
        self._database = database
        self._report = report
        self._limit = limit
        self._held: dict[Key, Open] = {}
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()
        self._ending = asyncio.Event()
        self.written = 0  # opens
        self.failing = False

    def start(self) -> None:
        """Begin to write what is taken."""
        self._task = asyncio.create_task(self._run())

    @property
    def has_room(self) -> bool:
        """Whether more may be taken."""
        return len(self._held) < self._limit

    @property
    def waiting(self) -> int:
        """How many rows are held."""
        return len(self._held)

    def take(self, one: Open) -> None:
        """Take one open."""
        key = (one.id, one.kind, one.class_, one.minute)
        held = self._held.get(key)
        if held is None:
            self._held[key] = one
        else:
            held.count += one.count
            held.last_at = max(held.last_at, one.last_at)

    async def close(self) -> None:
        """Write all that is held; raises WorldError when that cannot be done."""
        self._ending.set()
        if self._task is not None:
            await self._task
        for left in range(LAST_TRIES, 0, -1):
            try:
                await self._write()
                return
            except WorldError:
                if left == 1:
                    raise
                await asyncio.sleep(INTERVAL)

    async def _run(self) -> None:
        while not self._ending.is_set():
            try:
                await asyncio.wait_for(self._ending.wait(), INTERVAL)
            except TimeoutError:
                pass  # the usual case: it is time to write
            try:
                await self._write()
            except WorldError as exc:
                if not self.failing:
                    self._report(f"opens cannot be written for now: {exc}")
                self.failing = True

    async def _write(self) -> None:
        async with self._writing:
            rows, self._held = self._held, {}
            try:
                await asyncio.to_thread(self._database.record, list(rows.values()))
            except WorldError:
                newer, self._held = self._held, rows
                for one in newer.values():
                    self.take(one)
                raise
            self.written += sum(one.count for one in rows.values())
            self.failing = False
