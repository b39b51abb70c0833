"""Splits an mbox (RFC 4155) into messages, as the bytes come in, one message in memory at a time.

Both common dialects are read: in mboxrd every line that starts with ``From `` behind any number of ``>`` has
one ``>`` more; in mboxo only bare ``From `` lines have.  A line of text that starts with ``From `` and was
never quoted does not separate messages unless it looks like a separator, with a time and a year.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

SEPARATOR = re.compile(
    rb"From (?:[^\r\n]*[ \t])?\d{1,2}:\d\d(?::\d\d)?(?:[ \t][^\r\n]*)?\b\d{4}\b[^\r\n]*\r?$"
)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)


class Entry(NamedTuple):
    """One message: where its separator starts in the mbox, the separator line, the message unquoted."""

    offset: int
    separator: bytes
    message: bytes


def split(chunks: Iterable[bytes]) -> Iterator[Entry]:
    """The messages of an mbox given in pieces of any size; what precedes the first separator is dropped."""
    buffer = bytearray()
    start = 0  # offset of the buffer in the mbox
    scanned = 0  # how much of the buffer is known to hold no further separator
    for chunk in chunks:
        buffer += chunk
        while (cut := _next(buffer, scanned)) >= 0:
            entry = _entry(bytes(buffer[:cut]), start)
            if entry is not None:
                yield entry
            del buffer[:cut]
            start += cut
            scanned = 0
        # A separator may have come in half: look again from the start of the last whole line.
        scanned = max(0, buffer.rfind(b"\n", 0, max(0, len(buffer) - 1)) - 1, scanned)
    entry = _entry(bytes(buffer), start)
    if entry is not None:
        yield entry


def _next(buffer: bytearray, scanned: int) -> int:
    """The offset of the next separator behind the first line, or -1 while none is complete."""
    position = buffer.find(b"\nFrom ", scanned)
    while position >= 0:
        end = buffer.find(b"\n", position + 1)
        if end < 0:
            return -1
        blank = (
            position == 0 or buffer[position - 1] == 10 or buffer[max(0, position - 2) : position] == b"\n\r"
        )
        if blank and SEPARATOR.match(buffer[position + 1 : end]):
            return position + 1
        position = buffer.find(b"\nFrom ", position + 1)
    return -1


def _entry(text: bytes, offset: int) -> Entry | None:
    if not text.startswith(b"From "):
        return None
    separator, _, message = text.partition(b"\n")
    # The empty line before the next separator belongs to the mbox, not to the message.
    if message.endswith(b"\n\r\n"):
        message = message[:-2]
    elif message.endswith(b"\n\n"):
        message = message[:-1]
    if b">From " in message:
        message = _QUOTED.sub(rb"\1", message)
    return Entry(offset, separator.rstrip(b"\r"), message)
