"""Header fields as octets: text is encoded, identifiers never are, and nothing ends a line of its own."""

import re
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailpipe.errors import RecordError
from mailpipe.mail import encode


def unfolded(field: bytes) -> str:
    """The body of a field, as RFC 5322 section 2.2.3 unfolds it."""
    return field.decode().replace("\r\n", "").partition(": ")[2]


def is_harmless(value: str) -> bool:
    try:
        encode.checked("Subject", value)
    except RecordError:
        return False
    return True


@given(st.text(max_size=200).filter(is_harmless))
def test_text_arrives_as_it_was(value: str) -> None:
    field = encode.text("Subject", value)

    encode.check_block(field)
    assert max(map(len, field.split(b"\r\n"))) <= max(78, *(len(word) + 10 for word in value.split(" ")))
    assert str(make_header(decode_header(unfolded(field)))) == value.strip(" \t")


def test_only_the_words_that_need_it_are_encoded() -> None:
    assert encode.text("Subject", "[a74e22bb] Contrôle AB-123") == (
        b"Subject: [a74e22bb] =?utf-8?q?Contr=C3=B4le?= AB-123\r\n"
    )


def test_text_that_looks_like_an_encoded_word_arrives_as_these_characters() -> None:
    field = encode.text("Subject", "=?utf-8?q?hello?=")

    assert str(make_header(decode_header(unfolded(field)))) == "=?utf-8?q?hello?="


@pytest.mark.parametrize(
    "value",
    [
        "a\r\nBcc: e@example.com",
        "a\nb",
        "a\rb",
        "a\x00b",
        "a\x0bb",
        "a\x0cb",
        "a\x85b",
        "a\u2028b",
        "a\u2029b",
        "a\u202eb",
        "a\ud83d",
        "hi\n Bcc: x",
        "=?utf-8?q?a=0D=0ABcc=3A_e=40example.com?=",
        "=?utf-8?b?YQ0KQmNjOiBlQGV4YW1wbGUuY29t?=",
    ],
)
def test_control_characters_are_refused_even_inside_an_encoded_word(value: str) -> None:
    with pytest.raises(RecordError, match="control character"):
        encode.text("Subject", value)


def test_a_long_id_stays_raw_on_one_line() -> None:
    identifier = "b" * 120 + "@example.com"

    assert encode.identifiers("In-Reply-To", [identifier]) == f"In-Reply-To: <{identifier}>\r\n".encode()


def test_many_ids_are_folded_between_themselves() -> None:
    ids = [f"{number}-{'x' * 40}@example.com" for number in range(30)]
    field = encode.identifiers("References", ids)

    encode.check_block(field)
    assert re.findall("<(.*?)>", unfolded(field)) == ids
    assert b"=?" not in field


@pytest.mark.parametrize("value", ["a b@c", "a>@c", "é@c", "", "a\r\n@c"])
def test_what_is_not_an_id_is_refused(value: str) -> None:
    with pytest.raises(RecordError):
        encode.identifiers("References", [value])


def test_a_long_list_unsubscribe_is_folded_after_its_comma() -> None:
    url = "https://example.com/" + "u" * 120

    assert encode.structured("List-Unsubscribe", f"<{url}>, <mailto:u@example.com>") == (
        f"List-Unsubscribe: <{url}>,\r\n <mailto:u@example.com>\r\n".encode()
    )


def test_a_field_for_programs_is_never_encoded() -> None:
    with pytest.raises(RecordError, match="ASCII"):
        encode.structured("List-Unsubscribe", "<https://example.com/é>")


def test_a_word_without_blanks_beyond_998_octets_still_makes_lines_that_are_allowed() -> None:
    field = encode.text("Subject", "x" * 3000)

    assert max(map(len, field.split(b"\r\n"))) <= 78
    with pytest.raises(RecordError, match="997"):
        encode.structured("X-Key", "x" * 3000)


@given(st.text(min_size=1, max_size=120).filter(lambda name: name.isprintable() and name == name.strip()))
def test_a_file_name_arrives_as_it_was_and_brings_no_parameter_along(name: str) -> None:
    assume(name[0] + name[-1] not in ('""', "<>"))  # the email package takes a second pair of quotes off
    field = b"Content-Disposition: attachment" + encode.parameter("filename", name).encode() + b"\r\n"

    encode.check_block(field)
    assert message_from_bytes(field, policy=compat32).get_filename() == name
    assert set(message_from_bytes(field, policy=default)["Content-Disposition"].params) == {"filename"}


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"Subject: a",
        b"Subject: a\n",
        b"Subject: a\rb\r\n",
        b"Subject a\r\n",
        b" a: b\r\n",
        b"Sub ject: a\r\n",
        b"Subject: a\r\n\r\nTo: b\r\n",
        b"Subject: a\r\n \r\nTo: b\r\n",
        b"Subject: a\0\r\n",
        b"Subject: " + b"x" * 1000 + b"\r\n",
        b"Subject: a\r\n " + b"x" * 998 + b"\r\n",
    ],
)
def test_a_block_that_is_not_well_formed_is_never_sent(block: bytes) -> None:
    with pytest.raises(encode.BadHeaderError):
        encode.check_block(block)
