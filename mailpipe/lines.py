"""Cut a byte stream into numbered lines of bounded length, and tell whether one is at hand."""

from typing import NamedTuple, Protocol

MAX_LINE = 64 * 1024 * 1024  # octets
CHUNK = 256 * 1024
ROOMY = 4 * 1024 * 1024  # octets of the buffer that are kept for the next line


class Stream(Protocol):
    """A binary input that gives what is there, up to ``size`` octets; ``io.BufferedReader`` is one."""

    def read1(self, size: int, /) -> bytes: ...


class Line(NamedTuple):
    """One line without its end; ``octets`` is its true length, ``text`` may be cut at the limit."""

    number: int  # from 1
    offset: int  # octets before it
    text: bytes
    octets: int


class Lines:
    """The lines of a stream, one after the other; memory is bounded by the limit.

    Octets are read into one buffer that is used again and again: long lines that come in pieces of their own
    make the allocator return and fault in the same memory for each of them, which takes longer than reading.
    """

    def __init__(self, stream: Stream, limit: int = MAX_LINE) -> None:
        self._stream = stream
        self._limit = limit
        self._buffer = bytearray(CHUNK)
        self._start = 0  # what is in the buffer, and not yet given
        self._end = 0
        self._number = 0
        self._offset = 0
        self._ended = False

    def pending(self) -> bool:
        """Whether the next line can be had without waiting for its writer."""
        if self._ended or self._buffer.find(b"\n", self._start, self._end) >= 0:
            return True
        ready = getattr(self._stream, "ready", None)
        return ready is not None and bool(ready())

    def next(self) -> Line | None:
        """The next line, or None at the end of input; a last line needs no line end."""
        scanned = self._start
        while (found := self._buffer.find(b"\n", scanned, self._end)) < 0:
            if self._end - self._start > self._limit:
                return self._cut()
            held = self._end - self._start
            if not self._fill():
                text = self._take(self._end)
                return self._line(text, len(text), ended=False) if text else None
            scanned = self._start + held
        text = self._take(found)
        self._start = found + 1
        return self._line(text, len(text), ended=True)

    def _take(self, end: int) -> bytes:
        with memoryview(self._buffer) as view:
            text = bytes(view[self._start : end])
        self._start = end
        return text

    def _fill(self) -> bool:
        """Read once more behind what is held; False at the end of input."""
        held = self._end - self._start
        if len(self._buffer) - self._end < CHUNK:
            if len(self._buffer) > ROOMY and held < CHUNK:
                self._buffer = self._buffer[self._start : self._end]  # one long line is over
            elif self._start:
                self._buffer[:held] = self._buffer[self._start : self._end]
            self._start, self._end = 0, held
            if len(self._buffer) - held < CHUNK:
                self._buffer += bytes(4 * CHUNK)
        # Not readinto1: it reads on when it has given what io.BufferedReader holds, and so may wait.
        chunk = self._stream.read1(CHUNK)
        octets = len(chunk)
        self._buffer[self._end : self._end + octets] = chunk
        self._end += octets
        self._ended = not octets
        return bool(octets)

    def _cut(self) -> Line:
        """The beginning of a line that is too long; the rest is read and forgotten."""
        octets = self._end - self._start
        text = self._take(self._start + self._limit)
        self._buffer, self._start, self._end = bytearray(2 * CHUNK), 0, 0
        while self._fill():
            found = self._buffer.find(b"\n", 0, self._end)
            if found >= 0:
                self._start = found + 1
                return self._line(text, octets + found, ended=True)
            octets += self._end
            self._end = 0
        return self._line(text, octets, ended=False)

    def _line(self, text: bytes, octets: int, *, ended: bool) -> Line:
        self._number += 1
        line = Line(self._number, self._offset, text[: self._limit], octets)
        self._offset += octets + ended
        return line
