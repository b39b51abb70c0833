"""Content-Transfer-Encodings as they are found."""

import base64
import binascii
import quopri

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import transfer


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("base64", "base64"),
        ("BASE64", "base64"),
        ("base-64", "base64"),
        ("base64, base64", "base64"),
        ("base64; x=y", "base64"),
        ("base64 (as usual)", "base64"),
        ('"quoted-printable"', "quoted-printable"),
        ("quoted printable", "quoted-printable"),
        ("8 bit", "8bit"),
        ("7-bit", "7bit"),
        ("x-uuencode", "uuencode"),
        ("", "7bit"),
    ],
)
def test_every_spelling_of_an_encoding_is_known(value: str, name: str) -> None:
    assert transfer.name(value)[0] == name


def test_an_unknown_encoding_is_a_defect_and_leaves_the_octets_alone() -> None:
    assert transfer.name("rot13") == ("binary", ("transfer-encoding-unknown",))


@given(st.binary(max_size=500))
def test_base64_comes_back(data: bytes) -> None:
    assert transfer.base64(base64.encodebytes(data)) == (data, ())


@given(st.binary(max_size=300), st.integers(0, 3))
def test_base64_without_its_padding_comes_back(data: bytes, line_ends: int) -> None:
    text = base64.b64encode(data).rstrip(b"=") + b"\r\n" * line_ends

    assert transfer.base64(text)[0] == data


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8))
def test_base64_padded_on_each_line_comes_back(pieces: list[bytes]) -> None:
    text = b"".join(base64.b64encode(piece) + b"\r\n" for piece in pieces)

    assert transfer.base64(text)[0] == b"".join(pieces)


@pytest.mark.parametrize(
    ("text", "data", "defects"),
    [
        (b"aGVs!!bG8h", b"hello!", ()),
        (
            b"aGVsbG8=\r\n\r\n_____\r\nthe list's footer\r\n",
            b"hello",
            ("base64-padding", "base64-trailing-text"),
        ),
        (b"aGVsb", b"hel", ("base64-padding",)),
        (b"", b"", ()),
    ],
)
def test_damaged_base64_gives_what_is_left_of_it(text: bytes, data: bytes, defects: tuple[str, ...]) -> None:
    assert transfer.base64(text) == (data, defects)


@given(st.binary(max_size=300).map(lambda data: data.replace(b"\r", b"")))
def test_quoted_printable_comes_back(data: bytes) -> None:
    assert transfer.quoted_printable(quopri.encodestring(data))[0] == data


@pytest.mark.parametrize(
    ("text", "data"),
    [
        (b"a=3db", b"a=b"),
        (b"a=\r\nb", b"ab"),
        (b"a=\nb", b"ab"),
        (b"a=  \r\nb", b"ab"),
        (b"a=\t\nb", b"ab"),
        (b"a=\rb", b"ab"),
        (b"1 = 2", b"1 = 2"),
        (b"a=XY", b"a=XY"),
        (b"end=", b"end"),
    ],
)
def test_quoted_printable_of_any_hand_is_read(text: bytes, data: bytes) -> None:
    assert transfer.quoted_printable(text)[0] == data


def uuencoded(data: bytes) -> bytes:
    lines = [binascii.b2a_uu(data[start : start + 45]) for start in range(0, len(data), 45)]
    return b"begin 644 plate.txt\n" + b"".join(lines) + b"`\nend\n"


@given(st.binary(max_size=300))
def test_uuencode_comes_back(data: bytes) -> None:
    assert transfer.uuencode(b"Here it is:\n\n" + uuencoded(data)) == (data, ())


def test_uuencode_cut_short_gives_what_is_there() -> None:
    text = uuencoded(b"x" * 90)[:100]

    data, defects = transfer.uuencode(text)

    assert data.startswith(b"x" * 45)
    assert defects


@given(st.binary(max_size=400), st.sampled_from(["base64", "quoted-printable", "uuencode", "7bit", "binary"]))
def test_no_octets_make_decoding_fail(data: bytes, encoding: str) -> None:
    assert isinstance(transfer.decode(data, encoding)[0], bytes)


@given(st.binary(max_size=60))
def test_no_octets_behind_a_uuencode_header_make_decoding_fail(data: bytes) -> None:
    assert isinstance(transfer.uuencode(b"begin 644 a\n" + data)[0], bytes)
