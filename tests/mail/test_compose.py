"""Parts and messages as octets: they arrive as they were, whatever they hold."""

import re
from datetime import datetime, timedelta, timezone
from email import message_from_bytes
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import compose
from mailpipe.mail.encode import BadHeaderError

texts = st.text(st.characters(exclude_categories=["Cs"]))


def read(part: bytes) -> bytes:
    """The decoded content of one part."""
    content = message_from_bytes(part, policy=default).get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


@given(texts)
def test_text_arrives_with_its_line_ends_as_crlf(text: str) -> None:
    part = compose.text_part("text/plain", text)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    assert read(part) == lines.encode()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", part)
    assert max(map(len, part.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("short ASCII\n", b"7bit"),
        ("x" * 999, b"quoted-printable"),
        ("Contrôle technique terminé\n", b"quoted-printable"),
        ("Осмотр завершён\n", b"base64"),
        ("a\0b", b"quoted-printable"),
    ],
)
def test_the_encoding_is_the_one_that_stays_readable(text: str, encoding: bytes) -> None:
    part = compose.text_part("text/plain", text)

    assert b"Content-Transfer-Encoding: %b\r\n" % encoding in part
    assert read(part) == text.replace("\n", "\r\n").encode()


@given(st.binary(max_size=300), st.sampled_from(["application/json", "application/pdf", "text/csv"]))
def test_octets_arrive_as_they_were(raw: bytes, kind: str) -> None:
    part = compose.data_part(kind, raw, "Širbág.bin")
    arrived = read(part)

    assert arrived == raw or arrived.replace(b"\r\n", b"\n") == raw
    assert message_from_bytes(part, policy=default).get_filename() == "Širbág.bin"


def test_a_single_part_needs_no_multipart() -> None:
    assert compose.multipart("mixed", [b"Content-Type: text/plain\r\n\r\nx"], "1") == (
        b"Content-Type: text/plain\r\n\r\nx"
    )


@given(st.lists(texts, min_size=2, max_size=4), st.sampled_from(["1", "2"]))
def test_parts_are_found_again_even_if_they_hold_the_boundary(bodies: list[str], unique: str) -> None:
    bodies = [f"--=_mix_{unique}\n{body}\n--=_mix_{unique}--" for body in bodies]
    parts = [compose.text_part("text/plain", body) for body in bodies]
    message = message_from_bytes(compose.multipart("mixed", parts, unique), policy=default)

    found = [each.get_payload(decode=True) for each in message.walk() if not each.is_multipart()]
    assert found == [read(part) for part in parts]


def test_a_header_that_a_reader_could_take_for_another_is_never_written() -> None:
    with pytest.raises(BadHeaderError):
        compose.message([b"Subject: x\nBcc: y\r\n"], compose.text_part("text/plain", "x"))


def test_the_date_is_that_of_rfc_5322() -> None:
    moment = datetime(2026, 3, 5, 9, 2, 4, tzinfo=timezone(timedelta(hours=-3, minutes=-30)))

    assert compose.date(moment) == "Thu, 05 Mar 2026 09:02:04 -0330"


@pytest.mark.parametrize("text", ["é" + "x" * 300, "é" + "x" * 3000 + "\n" + "y" * 200, "é \n.\n \nFrom x\t"])
def test_soft_line_breaks_end_with_crlf_too(text: str) -> None:
    part = compose.text_part("text/plain", text)

    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", part)
    assert max(map(len, part.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    assert read(part) == text.replace("\n", "\r\n").encode()
