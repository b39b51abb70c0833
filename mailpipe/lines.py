"""Cut a byte stream into numbered lines of bounded length, and tell whether one is at hand."""

from typing import NamedTuple, Protocol

MAX_LINE = 64 * 1024 * 1024  # octets
CHUNK = 256 * 1024


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
    """The lines of a stream, one after the other; memory is bounded by the limit."""

    def __init__(self, stream: Stream, limit: int = MAX_LINE) -> None:
        self._stream = stream
        self._limit = limit
        self._buffer = b""
        self._start = 0
        self._number = 0
        self._offset = 0
        self._ended = False

    def pending(self) -> bool:
        """Whether the next line can be had without waiting for its writer."""
        if self._ended or self._buffer.find(b"\n", self._start) >= 0:
            return True
        ready = getattr(self._stream, "ready", None)
        return ready is not None and bool(ready())

    def next(self) -> Line | None:
        """The next line, or None at the end of input; a last line needs no line end."""
        end = self._buffer.find(b"\n", self._start)
        if end >= 0:
            text = self._buffer[self._start : end]
            self._start = end + 1
            return self._line(text, len(text), ended=True)
        return self._long()

    def _long(self) -> Line | None:
        parts = [self._buffer[self._start :]]
        octets = len(parts[0])
        self._buffer, self._start = b"", 0
        while chunk := self._stream.read1(CHUNK):
            end = chunk.find(b"\n")
            piece = chunk if end < 0 else chunk[:end]
            if octets <= self._limit:
                parts.append(piece[: self._limit + 1 - octets])
            octets += len(piece)
            if end >= 0:
                self._buffer, self._start = chunk, end + 1
                return self._line(b"".join(parts), octets, ended=True)
        self._ended = True
        return self._line(b"".join(parts), octets, ended=False) if octets else None

    def _line(self, text: bytes, octets: int, *, ended: bool) -> Line:
        self._number += 1
        line = Line(self._number, self._offset, text[: self._limit], octets)
        self._offset += octets + ended
        return line
