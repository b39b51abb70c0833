"""Read what send is given: records, or one raw message, told apart by the first line."""

import re
from collections.abc import Iterator

import pybase64

from mailpipe import jsonl
from mailpipe.errors import DataError, RecordError
from mailpipe.mail.headers import FROM_LINE
from mailpipe.record import Record, failed
from mailpipe.send.derive import derived
from mailpipe.stdio import Input

MAX_MESSAGE = 200 * 1024 * 1024  # octets of one raw message
_FIRST = 8 * 1024  # octets of a first line that are looked at
_CHUNK = 256 * 1024

# JSON has quotation marks and braces where a field has its name; ``From `` is an mbox's line.
_MESSAGE = re.compile(rb">?From [^\r\n]|[A-Za-z][A-Za-z0-9_-]*[ \t]*:")


class Ahead:
    """A stream of which the beginning was read before, see :class:`mailpipe.lines.Stream`."""

    def __init__(self, first: bytes, stream: Input) -> None:
        self._first = first
        self._stream = stream

    def read1(self, size: int, /) -> bytes:
        """What was read before, then what the stream has."""
        if self._first:
            first, self._first = self._first[:size], self._first[size:]
            return first
        return self._stream.read1(size)

    def ready(self) -> bool:
        """Whether a read would not wait."""
        return bool(self._first) or self._stream.ready()


def read(stream: Input, stage: str) -> Iterator[Record]:
    """One message if the first line is a header field or an mbox's ``From `` line; else JSON.

    Raises DataError when a raw message is over 200 MiB.
    """
    first = _first_line(stream)
    ahead = Ahead(first, stream)
    if _MESSAGE.match(first.lstrip()):
        return iter([_record(_whole(ahead), stage)])
    return iter(jsonl.read(ahead, stage))


def _first_line(stream: Input) -> bytes:
    """Octets from the start up to and with the first line that is not blank, if it is not endless."""
    first = b""
    while len(first) < _FIRST and b"\n" not in first.lstrip():
        chunk = stream.read1(_CHUNK)
        if not chunk:
            break
        first += chunk
    return first


def _whole(stream: Ahead) -> bytes:
    parts: list[bytes] = []
    octets = 0
    while chunk := stream.read1(_CHUNK):
        octets += len(chunk)
        if octets > MAX_MESSAGE:
            raise DataError(f"the message has more than {MAX_MESSAGE} octets")
        parts.append(chunk)
    return b"".join(parts)


def _record(text: bytes, stage: str) -> Record:
    text = text.lstrip()
    raw = text[found.end() :] if (found := FROM_LINE.match(text)) else text
    record: Record = {"raw": pybase64.b64encode(raw).decode("ascii")}
    try:
        return {**record, "envelope": derived(raw)}
    except RecordError as exc:
        return failed(record, exc, stage)
