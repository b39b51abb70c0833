"""winmail.dat streams."""

import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import tnef
from tests.mail import tnefs


def test_files_have_their_long_names_types_and_octets() -> None:
    stream = tnefs.stream(
        tnefs.file("état.pdf", b"%PDF-1.4", (0x1E, 0x370E, b"application/pdf\0"), (0x1E, 0x3712, b"c@x\0")),
        tnefs.file("b.bin", b"\0\1"),
    )

    assert tnef.read(stream).files == [
        ("état.pdf", "application/pdf", "c@x", b"%PDF-1.4"),
        ("b.bin", "", "", b"\0\1"),
    ]


def test_the_body_is_read_as_text_and_as_html() -> None:
    html = tnefs.properties(
        (0x03, 0x3FDE, struct.pack("<I", 65001)),
        (0x102, 0x1013, "<p>é</p>".encode()),
        (0x1E, 0x1000, b"e\r\nf\0"),
    )

    contents = tnef.read(tnefs.stream(tnefs.attribute(0x69003, html, 1)))

    assert (contents.text, contents.html, contents.defects) == ("e\nf", "<p>é</p>", [])


def test_named_properties_and_those_of_several_values_are_stepped_over() -> None:
    named = struct.pack("<HH", 0x03, 0x8001) + bytes(16) + struct.pack("<II", 0, 7) + bytes(4)
    spelled = (
        struct.pack("<HH", 0x03, 0x8002) + bytes(16) + struct.pack("<II", 1, 6) + b"a\0b\0\0\0\0\0" + bytes(4)
    )
    several = struct.pack("<HHI", 0x1003, 0x1234, 2) + bytes(8)
    text = tnefs.properties((0x1E, 0x1000, b"text\0"))[4:]

    stream = tnefs.stream(
        tnefs.attribute(0x69003, struct.pack("<I", 4) + named + spelled + several + text, 1)
    )

    assert (tnef.read(stream).text, tnef.read(stream).defects) == ("text", [])


def test_a_body_that_is_only_there_as_rtf_is_told() -> None:
    stream = tnefs.stream(tnefs.attribute(0x69003, tnefs.properties((0x102, 0x1009, b"LZFu")), 1))

    assert tnef.read(stream).defects == ["tnef-rtf-not-read"]


def test_of_a_damaged_stream_what_stands_before_the_damage_is_given() -> None:
    stream = tnefs.stream(tnefs.file("a.bin", b"whole"), tnefs.file("b.bin", b"x" * 100))

    contents = tnef.read(stream[:-120])

    assert (contents.files[0].data, contents.defects) == (b"whole", ["tnef-damaged"])
    assert tnef.read(b"no stream").defects == ["tnef-damaged"]


@pytest.mark.parametrize(
    "stream",
    [
        tnefs.stream(
            tnefs.attribute(0x69003, struct.pack("<I", 0xFFFFFFFF) + b"\x03\0\0\x10abcd" * 100_000, 1)
        ),
        tnefs.stream(
            tnefs.attribute(0x69003, struct.pack("<IHHI", 1, 0x1003, 0x1234, 0xFFFFFFFF) + bytes(400_000))
        ),
        tnefs.stream(*[tnefs.attribute(0x69002, b"")] * 100_000),
        tnefs.stream(*[tnefs.attribute(0x60001, b"")] * 100_000),
        tnefs.stream(struct.pack("<BII", 1, 0x69003, 0xFFFFFFFF)),
    ],
)
def test_counts_of_the_sender_are_not_believed(stream: bytes) -> None:
    started = time.process_time()

    tnef.read(stream)

    assert time.process_time() - started < 2


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 40))
def test_no_octets_fail(noise: bytes, start: int, length: int) -> None:
    stream = tnefs.stream(tnefs.body("text"), tnefs.file("a.bin", b"data", (0x102, 0x3701, b"more")))

    tnef.read(stream[:start] + noise + stream[start + length :])
    tnef.read(b"\x78\x9f\x3e\x22" + noise)
