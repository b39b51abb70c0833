"""What parse reads: fetched records, or one raw message, or an mbox, told apart by how they begin."""

import io
import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from mailpipe import jsonl
from mailpipe.mail import mbox
from mailpipe.record import Record

CHUNK = 256 * 1024
# A JSON value, or something that was meant as one; no mail begins like that.
_JSON = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:[{\[\"]|(?:-?\d[\d.eE+-]*|true|false|null|NaN|-?Infinity)\s*(?:\r?\n|$))"
)


class Stream(Protocol):
    """A buffered binary input; ``io.BufferedReader`` is one."""

    def peek(self, size: int = ..., /) -> bytes: ...
    def read1(self, size: int = ..., /) -> bytes: ...


class AtHand:
    """Records that never have to be waited for long; see record.Pending."""

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records

    def __iter__(self) -> "AtHand":
        return self

    def __next__(self) -> Record:
        return next(self._records)

    def pending(self) -> bool:
        """Always: what comes next is on a disk, or the rest of a message that has begun."""
        return True


def read(stream: Stream, stage: str) -> Iterator[Record]:
    """The records of a stream; each message of an mbox, or the only one, becomes a record with ``raw``."""
    head = stream.peek(CHUNK)
    if head.isspace():  # the beginning of blank lines: nothing tells yet
        rest = b"".join(_chunks(stream))
        if rest.isspace():
            return iter(())
        stream = io.BufferedReader(io.BytesIO(rest), CHUNK)
        head = rest
    if not head:
        return iter(())
    if _JSON.match(head):
        return jsonl.read(stream, stage)
    is_mbox = mbox.SEPARATOR.match(head.partition(b"\n")[0]) is not None
    return AtHand(messages(_chunks(stream), is_mbox=is_mbox))


def messages(chunks: Iterable[bytes], *, is_mbox: bool) -> Iterator[Record]:
    """A record for each message."""
    if is_mbox:
        for entry in mbox.split(chunks):
            yield record_of(entry.message)
    else:
        yield record_of(b"".join(chunks))


def record_of(raw: bytes) -> Record:
    """A record that holds only a message; its octets become base64 when they are written."""
    return {"raw": raw}


def _chunks(stream: Stream) -> Iterator[bytes]:
    while chunk := stream.read1(CHUNK):
        yield chunk
