"""Runs a transform in several processes and keeps the order: processes are on the other side.

Each worker has one record at a time and is idle until it is given the next one, so that neither side ever
waits for the other to read.  Results that are early are held until their turn; how many is bounded.
"""

import os
import pickle
import select
import signal
import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NoReturn

from mailpipe import jsonl
from mailpipe.errors import MailpipeError, RecordError
from mailpipe.record import Pending, Record, Transform, failed, has_failed

AHEAD = 8  # results for each worker that may wait for an earlier one
HELD = 128 * 1024 * 1024  # octets of such results

_FRAME = struct.Struct("<cQ")
_RECORD, _FAILED, _RAISED = b"r", b"f", b"x"


class Line(dict[str, object]):
    """A record that is a line already; of its members only ``error`` is there."""

    def __init__(self, octets: bytes, error: object = None) -> None:
        super().__init__({"error": error} if error else {})
        self.octets = octets


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def encode(record: Record) -> bytes:
    """One line of output."""
    return record.octets if isinstance(record, Line) else jsonl.encode(record)


def spread(transform: Transform, count: int, stage: str) -> Transform:
    """The same transform, done by ``count`` processes; it must give one record for each.

    The records that come out are lines already, see :func:`encode`.  A record that kills its process becomes
    one with ``error`` (``process-died``); another process takes the place.
    """

    def spread_out(records: Iterable[Record]) -> Iterator[Record]:
        crew = _Crew(transform, count, stage)
        try:
            yield from crew.run(iter(records))
        finally:
            crew.dismiss()

    return spread_out


class _Worker:
    """One process: where to write its records, where to read its results, what it has in hand."""

    def __init__(self, pid: int, to: int, back: int) -> None:
        self.pid = pid
        self.to = to
        self.back = back
        self.number = -1
        self.record: Record = {}


class _Crew:
    """The workers, and the results that wait for their turn."""

    def __init__(self, transform: Transform, count: int, stage: str) -> None:
        self.transform = transform
        self.count = count
        self.stage = stage
        self.idle: list[_Worker] = []
        self.busy: dict[int, _Worker] = {}
        self.done: dict[int, Line] = {}
        self.held = 0
        self.given = 0  # records handed out
        self.next = 0  # the one whose turn it is

    def run(self, records: Iterator[Record]) -> Iterator[Record]:
        at_hand = records.pending if isinstance(records, Pending) else lambda: False
        ended = False
        while True:
            while self.next in self.done:
                line = self.done.pop(self.next)
                self.held -= len(line.octets)
                self.next += 1
                yield line
            if not ended and self.has_room() and (not self.busy or at_hand()):
                record = next(records, None)
                if record is None:
                    ended = True
                else:
                    self.give(record)
            elif self.busy:
                self.collect()
            elif ended:
                return

    def has_room(self) -> bool:
        """Whether one more may be worked on; the one whose turn it is always may."""
        if len(self.busy) >= self.count:
            return False
        return not self.done or (self.given - self.next < AHEAD * self.count and self.held < HELD)

    def give(self, record: Record) -> None:
        worker = self.idle.pop() if self.idle else self.hire()
        worker.number, worker.record = self.given, record
        self.given += 1
        self.busy[worker.back] = worker
        with suppress(BrokenPipeError):  # it has died: reading from it will tell
            _write(worker.to, _RECORD, jsonl.dumps(record))

    def collect(self) -> None:
        """Take the results that are there, waiting for the first of them."""
        poll = select.poll()
        for back in self.busy:
            poll.register(back, select.POLLIN)
        for back, _event in poll.poll():
            worker = self.busy.pop(back)
            frame = _read(back)
            if frame is None:
                line = self.bury(worker)
            elif frame[0] == _RAISED:
                raise pickle.loads(frame[1])
            else:
                self.idle.append(worker)
                error = jsonl.loads(frame[1])["error"] if frame[0] == _FAILED else None
                line = Line(frame[1], error)
            worker.record = {}
            self.done[worker.number] = line
            self.held += len(line.octets)

    def hire(self) -> _Worker:
        """Start a process; it has no other worker's pipes, so that it ends when we do."""
        read, to = os.pipe()
        back, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            ours = [fd for worker in (*self.idle, *self.busy.values()) for fd in (worker.to, worker.back)]
            _work(self.transform, read, write, [*ours, to, back])
        os.close(read)
        os.close(write)
        return _Worker(pid, to, back)

    def bury(self, worker: _Worker) -> Line:
        """What to say of a record whose process has died."""
        os.close(worker.to)
        os.close(worker.back)
        _, status = os.waitpid(worker.pid, 0)
        code = os.waitstatus_to_exitcode(status)
        how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
        error = RecordError(f"the process that read this message {how}", slug="process-died")
        record = failed(worker.record, error, self.stage)
        return Line(jsonl.encode(record), record["error"])

    def dismiss(self) -> None:
        """End the processes at once, whatever they do."""
        for worker in (*self.idle, *self.busy.values()):
            os.kill(worker.pid, signal.SIGTERM)
            os.close(worker.to)
            os.close(worker.back)
            os.waitpid(worker.pid, 0)


def _work(transform: Transform, read: int, write: int, others: Sequence[int]) -> NoReturn:
    """Be a worker: a record in, a line out, until there are no more."""
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal tells all of us; the first one decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for descriptor in others:
            os.close(descriptor)
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        while (frame := _read(read)) is not None:
            _write(write, *_result(transform, jsonl.loads(frame[1])))
        status = 0
    except BrokenPipeError:
        status = 0  # the one who asked has gone
    finally:
        os._exit(status)


def _result(transform: Transform, record: Record) -> tuple[bytes, bytes]:
    try:
        [result] = transform([record])
        return (_FAILED if has_failed(result) else _RECORD), jsonl.encode(result)
    except MailpipeError as exc:
        return _RAISED, pickle.dumps(exc)
    except Exception as exc:  # noqa: BLE001  a boundary: the stage says that it is a bug
        return _RAISED, pickle.dumps(RuntimeError(f"{type(exc).__name__}: {exc}"))


def _write(descriptor: int, kind: bytes, payload: bytes) -> None:
    for data in (_FRAME.pack(kind, len(payload)), payload):
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]


def _read(descriptor: int) -> tuple[bytes, bytes] | None:
    """One frame, or None where the other side has ended."""
    head = _exactly(descriptor, _FRAME.size)
    if head is None:
        return None
    kind, size = _FRAME.unpack(head)
    payload = _exactly(descriptor, size)
    return None if payload is None else (kind, payload)


def _exactly(descriptor: int, size: int) -> bytes | None:
    pieces: list[bytes] = []
    while size:
        piece = os.read(descriptor, min(size, 1 << 20))
        if not piece:
            return None
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)
