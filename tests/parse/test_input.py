"""Records, one message, or an mbox: told apart by how they begin."""

import io

import pybase64
import pytest

from mailpipe.parse import input as reader
from mailpipe.record import Record

MBOX = b"From a@example.com Fri Nov 20 09:12:44 2026\nSubject: 1\n\none\n\n" * 2


def read(data: bytes) -> list[Record]:
    return list(reader.read(io.BufferedReader(io.BytesIO(data)), "parse"))


def octets(raw: bytes | str) -> bytes:
    """The octets of a message, read as they are or out of a record."""
    return raw if isinstance(raw, bytes) else pybase64.b64decode(raw)


def raws(data: bytes) -> list[bytes]:
    return [octets(record["raw"]) for record in read(data)]


@pytest.mark.parametrize(
    "message",
    [
        b"Subject: x\r\n\r\nbody",
        b"no header at all\n",
        b"\n\nSubject: x\n\nbody",
        b"\xef\xbb\xbfSubject: x\n\nbody",
        b"\xff\xfe\x00binary",
        b"From a colleague: this is no mbox\n",
        b"5: a field whose name is a number\n\nbody",
        b" " * 300_000 + b"\nx",
    ],
)
def test_what_is_neither_json_nor_an_mbox_is_one_message(message: bytes) -> None:
    assert raws(message) == [message]


def test_an_mbox_is_a_record_for_each_message() -> None:
    assert raws(MBOX) == [b"Subject: 1\n\none\n"] * 2


@pytest.mark.parametrize(
    "data",
    [b'{"raw": "eA=="}\n', b'\xef\xbb\xbf{"raw": "eA=="}', b'\n\n {"raw":\n"eA=="}', b'[{"raw": "eA=="}]'],
)
def test_json_is_records(data: bytes) -> None:
    assert read(data) == [{"raw": "eA=="}]


@pytest.mark.parametrize("data", [b"5", b"NaN\n", b"null", b'"text"\n', b"[1]", b"{torn\n", b"-1.5e9\r\n"])
def test_a_json_value_that_is_no_record_is_refused_not_read_as_a_message(data: bytes) -> None:
    assert ["error" in record for record in read(data)] == [True]


@pytest.mark.parametrize("data", [b"", b"\n", b" \r\n\t\n", b"\n" * 300_000])
def test_nothing_is_nothing(data: bytes) -> None:
    assert read(data) == []
