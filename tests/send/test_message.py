"""What goes on the wire of what a record carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import RecordError
from mailpipe.send import message

HEAD = b"From: a@example.com\r\nMessage-ID: <1@example.com>\r\n"


@given(st.text(alphabet="a.\r\n\t ", max_size=40))
def test_the_wire_has_whole_line_ends_only_or_the_message_is_refused(body: str) -> None:
    try:
        head, wired = message.wire(HEAD + b"\r\n" + body.encode())
    except RecordError:
        assert "\r" in body.replace("\r\n", "")
        return
    rest = (head + b"\r\n" + wired).replace(b"\r\n", b"")
    assert b"\r" not in rest
    assert b"\n" not in rest


@given(st.lists(st.text(alphabet="ab. ", max_size=20)))
def test_a_unix_text_and_its_network_form_are_the_same_message(lines: list[str]) -> None:
    unix = HEAD.replace(b"\r\n", b"\n") + b"\n" + "".join(line + "\n" for line in lines).encode()

    assert message.wire(unix) == message.wire(unix.replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("name", ["Bcc", "bcc", "BCC", "Resent-Bcc", "Bcc ", "RESENT-BCC", "Return-Path"])
def test_hidden_fields_are_left_out_with_their_folded_lines(name: str) -> None:
    raw = (
        HEAD
        + name.encode()
        + b": s@example.net,\r\n\tt@example.net\r\n u@example.net\r\nSubject: x\r\n\r\nBcc: stays\r\n"
    )

    head, body = message.wire(raw)

    assert head == HEAD + b"Subject: x\r\n"
    assert body == b"Bcc: stays\r\n"


@pytest.mark.parametrize("name", ["X-Bcc", "Bccs", "To"])
def test_other_fields_stay(name: str) -> None:
    raw = HEAD + name.encode() + b": x@example.net\r\n\r\n"

    assert message.wire(raw)[0] + b"\r\n" == raw


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (HEAD + b"\r\na\rb", "carriage return"),
        (HEAD + b"\r\na\0b", "NUL"),
        (HEAD + b"\r\n" + b"x" * 999, "line 4 of the message is longer than 998"),
        (b"X: " + b"x" * 996 + b"\r\n\r\n", "line 1 of the message is longer than 998"),
        (
            b"From: a@example.com\r\nno field here\r\nBcc: s@example.net\r\n\r\n",
            "line 2 of the message is no header",
        ),
        (b" folded: first\r\n\r\n", "line 1"),
        (b"\r\nbody only\r\n", "no header"),
        (b"", "no header field|no header"),
    ],
)
def test_what_no_server_should_be_given_is_refused(raw: bytes, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        message.wire(raw)


@pytest.mark.parametrize("octets", [997, 998])
def test_lines_up_to_the_limit_pass(octets: int) -> None:
    body = b"x" * octets + b"\r\n" + b"y" * octets

    assert message.wire(HEAD + b"\r\n" + body)[1] == body + b"\r\n"


def test_a_message_without_a_body() -> None:
    assert message.wire(HEAD) == (HEAD, b"")


@pytest.mark.parametrize(
    ("field", "found"),
    [
        (b"Message-ID: <x@example.com>\r\n", "x@example.com"),
        (b"MESSAGE-id:\r\n <x@example.com>\r\n", "x@example.com"),
        (b"Message-ID:\r\n", ""),
        (b"", ""),
        (b"X-Message-ID: <y@example.com>\r\n", ""),
    ],
)
def test_the_message_id_is_found(field: bytes, found: str) -> None:
    assert message.message_id(b"From: a@example.com\r\n" + field) == found


def test_what_is_missing_is_added_and_nothing_twice() -> None:
    bare, named = message.completed(
        b"From: a@example.com\r\nMessage-ID:\r\n", lambda: "new@example.com", lambda: "today"
    )

    assert bare == b"From: a@example.com\r\nMessage-ID: <new@example.com>\r\nDate: today\r\n"
    again = message.completed(bare, lambda: "other@example.com", lambda: "tomorrow")
    assert again == (bare, named) == (bare, "new@example.com")
