"""Write the record of a fetched message as a line; a large message goes out in pieces."""

from collections.abc import Iterator

from pybase64 import b64encode

from mailpipe import jsonl
from mailpipe.record import Record

PIECE = 3 * 256 * 1024  # octets that are encoded together; a multiple of three needs no padding


def encode(record: Record) -> bytes | Iterator[bytes]:
    """One line; ``raw`` is octets in the record and base64 on the line.

    Base64 needs no escaping: it is put beside the other members, which are written as usual.
    """
    raw = record.get("raw")
    if not isinstance(raw, bytes):
        return jsonl.encode(record)
    others = jsonl.dumps({name: value for name, value in record.items() if name != "raw"})[:-1]
    if len(raw) <= PIECE:
        return b'%b,"raw":"%b"}\n' % (others, b64encode(raw))
    return _pieces(others, raw)


def _pieces(others: bytes, raw: bytes) -> Iterator[bytes]:
    yield b'%b,"raw":"' % others
    view = memoryview(raw)
    for start in range(0, len(raw), PIECE):
        yield b64encode(view[start : start + PIECE])
    yield b'"}\n'
