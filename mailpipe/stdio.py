"""The three standard streams: octets in, whole lines out, sentences for people."""

import errno
import io
import os
import select
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from mailpipe.errors import InputOutputError, UsageError

SHOWN = 600  # characters of one sentence on stderr


class ClosedPipe(Exception):
    """Raised when the reader of stdout has gone."""


class _Raw(io.RawIOBase):
    """File descriptor 0, read only while nothing is in hand."""

    def __init__(self, waiting: Callable[[], AbstractContextManager[int | None]]) -> None:
        self._waiting = waiting
        self.octets = 0

    def readable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 0

    def readinto(self, buffer: Any, /) -> int:
        with self._waiting() as woken:
            if woken is not None:
                _until_readable(woken)
            octets = self._read(buffer)
        self.octets += octets
        return octets

    def _read(self, buffer: Any) -> int:
        while True:
            try:
                return os.readv(0, [buffer])
            except BlockingIOError:  # another process has made the pipe non-blocking
                select.select([0], [], [])
            except OSError as exc:
                raise _unreadable(exc) from exc


def _until_readable(woken: int) -> None:
    """Wait for stdin without missing a signal, of which a descriptor tells.

    A signal that arrives just before read(2) begins does not interrupt it; select(2) sees its octet.
    """
    while 0 not in (ready := select.select([0, woken], [], [])[0]):
        os.read(ready[0], 4096)  # the handler of a signal that ends the stage raises here


def _unreadable(exc: OSError) -> Exception:
    if exc.errno == errno.EBADF:
        return UsageError("standard input is closed", hint="give the records with '<' or a pipe")
    if exc.errno == errno.EISDIR:
        return UsageError("standard input is a directory", hint="give a file")
    return InputOutputError(f"standard input: {exc.strerror}")


class Input(io.BufferedReader):
    """Standard input; opened when first read."""

    def __init__(self, waiting: Callable[[], AbstractContextManager[int | None]] = nullcontext) -> None:
        self._fd0 = _Raw(waiting)
        super().__init__(self._fd0, 64 * 1024)

    def ready(self) -> bool:
        """Whether a read would not wait; octets already taken from the descriptor do not count."""
        try:
            return bool(select.select([0], [], [], 0)[0])
        except (OSError, ValueError):
            return True  # the read will say what is wrong

    def fraction(self) -> float | None:
        """How much of the input has been read, 0 to 1; None unless it is a file."""
        try:
            size = os.fstat(0).st_size
        except OSError:
            return None
        return min(1.0, self._fd0.octets / size) if size else None


class Output:
    """Standard output, unbuffered: a line is written whole or the stage ends."""

    def write(self, data: bytes) -> None:
        """Write all of ``data``; raises ClosedPipe or InputOutputError."""
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(1, view) :]
            except BlockingIOError:
                select.select([], [1], [])
            except BrokenPipeError as exc:
                raise ClosedPipe from exc
            except OSError as exc:
                raise InputOutputError(f"standard output: {exc.strerror}") from exc

    def is_terminal(self) -> bool:
        return os.isatty(1)


def say(stage: str, sentence: str) -> None:
    """One line for people on stderr; control characters are escaped, the rest is cut."""
    if len(sentence) > SHOWN:
        sentence = sentence[:SHOWN] + "..."
    shown = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in sentence)
    line = f"mailpipe {stage}: {shown}\n" if stage else f"mailpipe: {shown}\n"
    try:
        os.write(2, line.encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # stderr is closed or full: stdout and the status still tell


def colourful() -> bool:
    """Whether people see colours on stderr: only a terminal, and not with NO_COLOR set."""
    return os.isatty(2) and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def occupy() -> None:
    """Take the place of standard streams that are closed, so that no file of ours lands there.

    What takes the place of a closed stdin cannot be read, of a closed stdout or stderr not written.
    """
    for descriptor, wrong_way in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, wrong_way)  # the lowest free descriptor is this one


def interpreter_exit() -> None:
    """Keep the interpreter from flushing into a stream that is gone."""
    for stream in (sys.stdout, sys.stderr):
        if stream is None:  # it was closed when the interpreter started
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
