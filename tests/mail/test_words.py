"""Encoded words to text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import limits, words


def decode(value: str) -> str:
    return words.decode(value, [])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("=?utf-8?q?caf=C3=A9?=", "café"),
        ("=?UTF-8?B?Y2Fmw6k=?=", "café"),
        ("=?iso-8859-1?Q?caf=E9_noir?=", "café noir"),
        ("a =?utf-8?q?b?= c", "a b c"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?=\t =?iso-8859-1?q?=E9?=", "aé"),
        ("=?utf-8?q?a?==?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=A9?=", "é"),
        ("=?utf-8?B?w6?= =?utf-8?B?kh?=", "é!"),
        ("=?utf-8*fr?q?caf=C3=A9?=", "café"),
        ("=?utf-8?Q?with blanks in it?=", "with blanks in it"),
        ("=?utf-8?Q?What??=", "What?"),
        ("=?utf-8?B?Y2Fmw6k?=", "café"),
        ("=?utf-8?q??=", ""),
        ("=?utf-8?x?a?=", "=?utf-8?x?a?="),
        ("=?utf-8?q?unclosed", "=?utf-8?q?unclosed"),
        ("1 =? 2 ?= 3", "1 =? 2 ?= 3"),
    ],
)
def test_encoded_words_become_text(value: str, text: str) -> None:
    assert decode(value) == text


def test_a_line_break_hidden_in_a_word_is_a_blank_and_a_defect() -> None:
    defects: list[str] = []

    text = words.decode("=?utf-8?q?a=0D=0ABcc:_evil=40example.com?=", defects)

    assert text == "a Bcc: evil@example.com"
    assert defects == ["control-in-header"]


def test_an_unknown_charset_is_a_defect() -> None:
    defects: list[str] = []

    assert words.decode("=?x-bogus?q?caf=E9?=", defects) == "café"
    assert defects == ["charset-unknown"]


def test_more_words_than_the_limit_stay_as_they_are() -> None:
    defects: list[str] = []

    text = words.decode("=?utf-8?q?a?= " * (limits.ENCODED_WORDS + 5), defects)

    assert text.startswith("a" * limits.ENCODED_WORDS + " =?utf-8?q?a?=")
    assert defects == ["limit:encoded-words"]


@given(st.text(max_size=60), st.sampled_from(["utf-8", "utf-16be", "iso-8859-1"]))
def test_what_the_standard_library_encodes_comes_back(text: str, charset: str) -> None:
    from email.header import Header

    try:
        encoded = Header(text.encode(charset).decode(charset), charset, maxlinelen=60).encode()
    except UnicodeError:
        return
    if "=?" not in encoded or "=?" in text or not text.isprintable():
        return

    assert " ".join(decode(encoded.replace("\n", "")).split()) == " ".join(text.split())


@given(st.text("=?utf8-qQbB_AC39 \n", max_size=80))
def test_nothing_that_looks_like_words_fails(value: str) -> None:
    assert isinstance(decode(value), str)
