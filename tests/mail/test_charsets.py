"""Charset labels to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import charsets


@pytest.mark.parametrize(
    ("label", "text"),
    [
        ("utf-8", "Zürich – 東京"),
        ("ISO-8859-1", "déjà vu"),
        ("iso-8859-15", "10 €"),
        ("Windows-1251", "Привет"),
        ("koi8-r", "Привет"),
        ("shift_jis", "日本語"),
        ("iso-2022-jp", "日本語"),
        ("EUC-KR", "한국어"),
        ("gb2312", "中文"),
        ("big5", "中文"),
        ("windows-1256", "مرحبا"),
        ("iso-8859-8-i", "שלום"),
        ("utf-16le", "abc"),
        ('"utf-8"', "é"),
        ("utf-8*en", "é"),
        ("utf-8;", "é"),
    ],
)
def test_a_real_charset_is_decoded_without_defect(label: str, text: str) -> None:
    codec = charsets.lookup(label)
    assert codec is not None

    decoded = charsets.decode(text.encode(codec), label)

    assert (decoded.text, decoded.defects) == (text, ())


@pytest.mark.parametrize(
    "label",
    [
        "unicode_escape",
        "raw_unicode_escape",
        "idna",
        "punycode",
        "zlib_codec",
        "rot13",
        "base64",
        "utf-7",
        "hex",
    ],
)
def test_a_codec_that_is_no_charset_is_never_used(label: str) -> None:
    decoded = charsets.decode(rb"\x41 +AGE- =41 caf" + "é".encode(), label)

    assert decoded == (rb"\x41 +AGE- =41 caf".decode() + "é", "utf-8", ("charset-unknown",))


@pytest.mark.parametrize(
    ("data", "label", "text", "charset", "defect"),
    [
        ("café".encode("latin-1"), None, "café", "windows-1252", "charset-missing"),
        ("café".encode(), None, "café", "utf-8", "charset-missing"),
        ("café".encode(), "us-ascii", "café", "utf-8", "charset-wrong"),
        ("10 € d’accord".encode("cp1252"), "utf-8", "10 € d’accord", "windows-1252", "charset-wrong"),
        ("café".encode(), "iso-2022-kr", "café", "utf-8", "charset-wrong"),
        (b"caf\xe9", "x-bogus", "café", "windows-1252", "charset-unknown"),
        (
            "日本".encode() + b"\xff" + "語です".encode(),
            "utf-8",
            "日本\ufffd語です",
            "utf-8",
            "charset-wrong",
        ),
    ],
)
def test_a_label_that_cannot_be_right_is_a_defect_and_the_text_is_found_all_the_same(
    data: bytes, label: str | None, text: str, charset: str, defect: str
) -> None:
    assert charsets.decode(data, label) == (text, charset, (defect,))


def test_latin_1_is_read_as_windows_1252_because_senders_mean_that() -> None:
    decoded = charsets.decode(b"10 \x80 d\x92accord", "iso-8859-1")

    assert (decoded.text, decoded.defects) == ("10 € d’accord", ())


def test_an_octet_that_windows_1252_leaves_open_is_no_control_character() -> None:
    assert charsets.decode(b"\xe9\x81\xe9", None).text == "é\ufffdé"


def test_ascii_text_called_utf_16_is_ascii() -> None:
    assert charsets.decode(b"plain text, only the label is wrong", "utf-16").text.startswith("plain text")


@pytest.mark.parametrize("text", ["中", "ā", "丁丁丁丁"])
def test_utf_16_whose_octets_look_like_ascii_is_utf_16(text: str) -> None:
    assert charsets.decode(text.encode("utf-16-be"), "utf-16be").text == text


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-be", "utf-16-le"])
def test_utf_16_is_read_with_and_without_a_mark(codec: str) -> None:
    assert charsets.decode("Grüße".encode(codec), "utf-16").text == "Grüße"


def test_a_byte_order_mark_is_no_text() -> None:
    assert charsets.decode(b"\xef\xbb\xbfabc \xc3\xa9", "utf-8").text == "abc é"


@given(
    st.binary(max_size=200),
    st.none() | st.text(max_size=20) | st.sampled_from(["hz", "iso-2022-jp", "utf-16"]),
)
def test_no_octets_and_no_label_make_decoding_fail(data: bytes, label: str | None) -> None:
    assert isinstance(charsets.decode(data, label).text, str)
