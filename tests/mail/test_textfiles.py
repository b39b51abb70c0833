"""Files written into a text."""

import binascii
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import textfiles


def uuencoded(data: bytes, name: str = "a.bin") -> bytes:
    lines = [binascii.b2a_uu(data[start : start + 45], backtick=True) for start in range(0, len(data), 45)]
    return b"begin 644 %b\n%b`\nend\n" % (name.encode(), b"".join(lines))


def yencoded(data: bytes, name: str = "a.bin") -> bytes:
    out = bytearray()
    for octet in data:
        written = (octet + 42) % 256
        out += b"=%c" % ((written + 64) % 256) if written in b"\0\n\r=" else b"%c" % written
    lines = b"\r\n".join(bytes(out[start : start + 130]) for start in range(0, len(out), 130))
    # A line must not end inside an escape; one long line is allowed to readers.
    if b"=\r\n" in lines:
        lines = bytes(out)
    size = len(data)
    return b"=ybegin line=130 size=%d name=%b\r\n%b\r\n=yend size=%d crc32=%08x\r\n" % (
        size,
        name.encode(),
        lines,
        size,
        binascii.crc32(data),
    )


@given(st.lists(st.binary(min_size=1, max_size=300), max_size=3), st.sampled_from([uuencoded, yencoded]))
def test_files_leave_the_text_and_nothing_is_lost(
    files: list[bytes], write: Callable[[bytes], bytes]
) -> None:
    text = b"before\n" + b"between\n".join(write(data) for data in files) + b"after\n"

    taken = textfiles.take(text)

    assert [file.data for file in taken.files] == files
    assert taken.text == b"before\n" + b"between\n" * max(0, len(files) - 1) + b"after\n"


def test_a_file_has_its_name_and_a_defect_that_tells_where_it_was() -> None:
    [file] = textfiles.take(uuencoded(b"x", "my report.pdf")).files

    assert (file.name, file.defects) == (b"my report.pdf", ("uuencode-in-text",))


def test_base64_between_begin_and_four_signs_is_one_too() -> None:
    taken = textfiles.take(b"a\nbegin-base64 644 x.txt\naGVsbG8=\n====\nb\n")

    assert (taken.text, [file.data for file in taken.files]) == (b"a\nb\n", [b"hello"])


def test_blanks_that_were_lost_at_the_ends_of_lines_are_blanks() -> None:
    spaced = b"begin 644 zeros\n" + binascii.b2a_uu(bytes(45)).rstrip(b" \n") + b"\n`\nend\n"

    assert [file.data for file in textfiles.take(spaced).files] == [bytes(45)]


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 the work\nand tell me when\n",
        b"begin 644 x\n#86)C\n",
        b"begin 644 x\nend\n",
        b"we begin 644 x\n#86)C\n`\nend\n",
        b"=ybegin line=128 size=3 name=x\nabc\n",
        b"> begin 644 x\n> #86)C\n> `\n> end\n",
    ],
)
def test_what_only_begins_like_a_file_stays_text(text: bytes) -> None:
    assert textfiles.take(text) == (text, [])


def test_damage_is_told() -> None:
    [file] = textfiles.take(yencoded(b"hello").replace(b"crc32=3610a686", b"crc32=00000000")).files

    assert (file.data, file.defects) == (b"hello", ("yenc-in-text", "yenc-damaged"))


@pytest.mark.parametrize(
    "text",
    [
        b"begin 644 a\n" * 200_000,
        b"begin 644 a\n" + b"#86)C\n" * 300_000,
        b"begin 644 a\n#86)C\n" * 100_000,
        b"=ybegin line=1 size=1 name=a\n" * 100_000,
        b"=ybegin line=1 size=1 name=a\n" + b"=" * 3_000_000 + b"\n=yend size=1\n",
        b"begin-base64 644 a\n" + b"AAAA\n" * 300_000,
    ],
)
def test_the_work_is_linear(text: bytes) -> None:
    started = time.process_time()

    textfiles.take(text)

    assert time.process_time() - started < 3


@given(st.binary(max_size=300))
def test_no_octets_fail(data: bytes) -> None:
    textfiles.take(b"begin 644 a\n" + data)
    textfiles.take(b"=ybegin line=1 size=1 name=a\n" + data + b"\n=yend size=1\n")
