"""Bytes to records and back: JSON Lines, or one JSON document; never touches sys.

The input is one JSON document when its first line is not a complete value; an array is its
elements.  What is not a JSON object becomes a record with ``error`` and, in ``input``, the text as it came;
its neighbours are read all the same.
"""

import json
from collections import deque
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from mailpipe.errors import DataError, RecordError
from mailpipe.exact import NotJSON, dumps, loads, refuse_constant, replaced
from mailpipe.lines import MAX_LINE, Line, Lines, Stream
from mailpipe.record import Record, failed

__all__ = ["NotJSON", "Records", "dumps", "encode", "loads", "read", "refused"]

SHOWN = 80  # octets of bad input that an error message quotes
KEPT = 64 * 1024  # octets of bad input that its record keeps in ``input``
BOM = b"\xef\xbb\xbf"
KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}


class Records:
    """The records of a stream; an iterator that knows whether its next record is at hand."""

    def __init__(self, stream: Stream, stage: str) -> None:
        self._lines = Lines(stream)
        self._stage = stage
        self._ready: deque[Record] = deque()
        self._replay: deque[Line] = deque()
        self._first = True

    def __iter__(self) -> "Records":
        return self

    def __next__(self) -> Record:
        while not self._ready:
            line = self._next_line()
            if line is None:
                raise StopIteration
            if line.text and not line.text.isspace():
                self._take(line)
        return self._ready.popleft()

    def pending(self) -> bool:
        """Whether the next record (or the end) can be had without waiting; see record.batches."""
        return bool(self._ready or self._replay) or self._lines.pending()

    def _next_line(self) -> Line | None:
        return self._replay.popleft() if self._replay else self._lines.next()

    def _take(self, line: Line) -> None:
        first, self._first = self._first, False
        if line.octets > MAX_LINE:
            self._refuse(line, f"is {line.octets} octets long, more than {MAX_LINE}", "limit:line")
            return
        text = line.text.removeprefix(BOM) if first else line.text
        try:
            value = loads(text)
        except NotJSON as exc:
            if first and exc.cut and text.lstrip()[:1] in (b"{", b"["):
                self._document(line._replace(text=text))
            else:
                self._refuse(line, f"is not JSON ({exc})", "not-json")
            return
        if isinstance(value, dict):
            self._ready.append(value)
        elif first and isinstance(value, list) and value:
            self._elements(value)
        else:
            self._refuse(line, f"is {kind(value)}, not a JSON object", "not-an-object")

    def _refuse(self, line: Line, why: str, slug: str) -> None:
        detail = f"line {line.number} (octet {line.offset}) {why}: {excerpt(line.text)}"
        self._ready.append(refused(line.text, detail, slug, self._stage))

    def _elements(self, values: Iterable[Any]) -> None:
        for number, value in enumerate(values, 1):
            if isinstance(value, dict):
                self._ready.append(value)
            else:
                detail = f"element {number} of the JSON document is {kind(value)}, not an object"
                self._ready.append(refused(dumps(value), detail, "not-an-object", self._stage))

    def _document(self, line: Line) -> None:
        """Read values that span lines; go back to single lines where that is not what they are."""
        lines, text, tried = [line], line.text, len(line.text)
        while True:
            following = self._next_line()
            if following is None:
                self._unfinished(lines, text)
                return
            lines.append(following)
            text = b"%b\n%b" % (text, following.text)
            if len(text) > MAX_LINE:
                raise DataError(
                    f"the JSON document that starts on line {line.number} is over {MAX_LINE} octets",
                    hint="give one object per line, for example with jq -c '.[]'",
                )
            # A value ends where a printer closes it, in the first column; else look at doubled sizes.
            if len(lines) > 2 and following.text[:1] not in (b"}", b"]") and len(text) < 2 * tried:
                continue
            tried = len(text)
            if self._values(text, lines):
                return

    def _values(self, text: bytes, lines: list[Line]) -> bool:
        """Take the values in ``text``; False if it is only the beginning of one."""
        try:
            self._value(loads(text))
        except NotJSON as exc:
            if exc.cut:
                return False
            values, rest = split_values(text)
            if not values:
                self._replay.extendleft(reversed(lines))
                return True
            for value in values:
                self._value(value)
            if rest:
                self._replay.append(Line(lines[-1].number, lines[-1].offset, rest, len(rest)))
        self._first = True  # the next value may span lines again
        return True

    def _value(self, value: Any) -> None:
        self._elements(value if isinstance(value, list) else [value])

    def _unfinished(self, lines: list[Line], text: bytes) -> None:
        if len(lines) == 1 or any(is_object(line.text) for line in lines):
            self._replay.extend(lines)
            return
        detail = f"the JSON document that starts on line {lines[0].number} has no end: {excerpt(text)}"
        self._ready.append(refused(text, detail, "not-json", self._stage))


def read(stream: Stream, stage: str) -> Records:
    """The records of ``stream``; a bad line is a record with ``error``, named for ``stage``.

    Raises DataError only for one JSON document larger than a line may be.
    """
    return Records(stream, stage)


def encode(record: Record) -> bytes:
    """One line of output, with its line end."""
    return dumps(record) + b"\n"


def refused(text: bytes, detail: str, slug: str, stage: str) -> Record:
    """The error record of input that is no record."""
    record = {"input": text[:KEPT].decode("utf-8", "backslashreplace")}
    return failed(record, RecordError(detail, slug=slug), stage)


def excerpt(text: bytes) -> str:
    """The beginning of bad input, printable and short."""
    return ascii(text[:SHOWN].decode("utf-8", "backslashreplace")) + ("..." if len(text) > SHOWN else "")


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    return KINDS.get(type(value), "a number")


def is_object(text: bytes) -> bool:
    """Whether a text is one complete JSON object."""
    try:
        return isinstance(loads(text), dict)
    except NotJSON:
        return False


def split_values(text: bytes) -> tuple[list[Any], bytes]:
    """The JSON values that stand one after the other in ``text``, and what follows them."""
    decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=refuse_constant)
    rest, values = text.decode("utf-8", "surrogateescape").strip(), []
    while rest:
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            break
        values.append(replaced(value))
        rest = rest[end:].lstrip()
    return values, rest.encode("utf-8", "surrogateescape")
