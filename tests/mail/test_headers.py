"""Header blocks to fields."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import headers, limits


def read(block: bytes) -> headers.Block:
    return headers.read(block, 0, len(block))


def pairs(block: bytes) -> list[tuple[str, str]]:
    return [(name, value) for name, value in read(block).fields]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_fields_are_unfolded_and_trimmed_whatever_the_line_ends(end: bytes) -> None:
    block = end.join([b"Subject:  a long", b"\tsubject ", b"To: x@example.com", b"", b"body"])

    assert pairs(block) == [("Subject", "a long subject"), ("To", "x@example.com")]
    assert block[read(block).body :] == b"body"


def test_mixed_line_ends_end_the_block_at_the_first_empty_line() -> None:
    block = b"A: 1\nB: 2\r\n\r\nbody\n\nmore"

    assert block[read(block).body :] == b"body\n\nmore"


def test_a_block_may_be_empty() -> None:
    assert (read(b"\r\nbody").fields, read(b"\r\nbody").body) == ([], 2)


def test_a_missing_empty_line_loses_neither_fields_nor_text() -> None:
    block = b"Subject: a\nFrom: b@example.com\nHello,\nplate: AB\n"

    found = read(block)

    assert [field.name for field in found.fields] == ["Subject", "From"]
    assert block[found.body :] == b"Hello,\nplate: AB\n"
    assert found.defects == ["header-end-missing"]


def test_a_continuation_that_lost_its_blank_is_still_one() -> None:
    block = b"Subject: cut in\nthe middle\nFrom: b@example.com\n\nbody"

    found = read(block)

    assert found.fields == [("Subject", "cut in the middle"), ("From", "b@example.com")]
    assert found.defects == ["header-junk"]


def test_a_stray_line_among_fields_that_nobody_knows_does_not_end_the_block() -> None:
    block = b"Subject: cut in\nthe middle\nMachine-Code: 7\n folded\nTraceName: x\n\nbody"

    found = read(block)

    assert [field.name for field in found.fields] == ["Subject", "Machine-Code", "TraceName"]
    assert block[found.body :] == b"body"


@pytest.mark.parametrize("line", [b"plate: AB", b"Plate: AB", b"Plate number: AB", b"Note-book"])
def test_what_a_person_types_behind_a_missing_empty_line_is_text(line: bytes) -> None:
    block = b"Subject: a\nHello\n" + line + b"\n\nRegards"

    assert block[read(block).body :] == b"Hello\n" + line + b"\n\nRegards"


def test_a_long_word_costs_no_time() -> None:
    block = b"Subject: a\nHello\n" + b"Aa" * 200_000 + b"\n\nRegards"

    assert read(block).defects == ["header-end-missing"]


def test_a_blank_before_the_colon_is_obsolete_but_read() -> None:
    assert pairs(b"Subject : x\n\n") == [("Subject", "x")]


@pytest.mark.parametrize("raw", ["café".encode(), "café".encode("latin-1")])
def test_raw_octets_beyond_ascii_are_read(raw: bytes) -> None:
    assert pairs(b"Subject: " + raw + b"\n\n") == [("Subject", "café")]


def test_fields_of_one_block_may_differ_in_charset() -> None:
    found = read(b"A: " + "é€".encode() + b"\nB: " + "é€".encode("cp1252") + b"\n\n")

    assert [field.value for field in found.fields] == ["é€", "é€"]
    assert found.defects == ["header-charset"]


@pytest.mark.parametrize("control", ["\0", "\r", "\x0b", "\x1b", "\x7f", "\x85", "\u2028"])
def test_a_control_character_becomes_a_blank(control: str) -> None:
    found = read(f"Subject: a{control}b\n\n".encode())

    assert found.fields == [("Subject", "a b")]
    assert found.defects == ["control-in-header"]


def test_a_carriage_return_alone_starts_no_field() -> None:
    assert pairs(b"Subject: a\rBcc: b@example.com\n\n") == [("Subject", "a Bcc: b@example.com")]


def test_limits_cut_and_say_so() -> None:
    long = read(b"A: " + b"x" * (limits.HEADER + 10) + b"\n\n")
    many = read(b"A: 1\n" * (limits.HEADER_COUNT + 10) + b"\n")
    large = read(b"A: 1\n" + b" x\n" * limits.HEADER_BLOCK + b"\nbody")

    assert len(long.fields[0].value) <= limits.HEADER
    assert long.defects == ["limit:header"]
    assert len(many.fields) == limits.HEADER_COUNT
    assert many.defects == ["limit:header-count"]
    assert "limit:header-block" in large.defects


@given(st.binary(max_size=300))
def test_the_body_starts_within_the_octets_and_nothing_fails(data: bytes) -> None:
    found = read(data)

    assert 0 <= found.body <= len(data)


@given(
    st.lists(
        st.sampled_from([b"A: b", b" c", b"junk", b"", b"\r", b"From: x", b"\xff: y", b":", b"B :"]),
        max_size=12,
    )
)
def test_no_sequence_of_lines_fails(lines: list[bytes]) -> None:
    data = b"\n".join(lines)

    assert 0 <= read(data).body <= len(data)
