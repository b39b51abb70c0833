"""ESMTP as text: replies within bounds, commands that cannot be two."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import ProtocolError
from mailpipe.mail.parcel import Parcel
from mailpipe.mail.reply import Reply
from mailpipe.wire import esmtp
from mailpipe.wire.esmtp import Replies

ANSWER = b"250-mx.example.net\r\n250-SIZE 1000\r\n250 AUTH PLAIN LOGIN\r\n354 go\r\n"


def parcel(message: bytes = b"From: a@example.com\r\n\r\nx\r\n", **more: object) -> Parcel:
    values = {"key": "k", "content": "c", "sender": "a@example.com", "recipients": ("b@example.net",)}
    return Parcel(**{**values, "message": message, **more})  # type: ignore[arg-type]


@given(st.lists(st.integers(min_value=1, max_value=20)))
def test_replies_are_the_same_in_whatever_pieces_they_come(sizes: list[int]) -> None:
    replies, found, rest = Replies(), [], ANSWER
    for size in [*sizes, len(ANSWER)]:
        replies.feed(rest[:size])
        rest = rest[size:]
        while (reply := replies.next()) is not None:
            found.append(reply)

    assert found == [Reply(250, ("mx.example.net", "SIZE 1000", "AUTH PLAIN LOGIN")), Reply(354, ("go",))]
    assert replies.empty


@pytest.mark.parametrize(
    "octets",
    [
        b"hello\r\n",
        b"25\r\n",
        b"2500 x\r\n",
        b"150 x\r\n",
        b"-250 x\r\n",
        b"250_x\r\n",
        b"x" * 5000,
        b"250-x\r\n" * 101,
    ],
    ids=["words", "short", "four digits", "1xx", "minus", "no blank", "no end", "many lines"],
)
def test_what_is_no_reply_is_an_error_and_not_a_wait(octets: bytes) -> None:
    replies = Replies()
    replies.feed(octets)

    with pytest.raises(ProtocolError):
        replies.next()


def test_extensions_are_read_with_their_parameters() -> None:
    found = esmtp.extensions(
        Reply(250, ("mx", "size 1000", "AUTH=PLAIN", "AUTH LOGIN PLAIN", "8BITMIME", ""))
    )

    assert found["SIZE"] == ["1000"]
    assert found["AUTH"] == ["PLAIN", "LOGIN", "PLAIN"]
    assert "8BITMIME" in found


@pytest.mark.parametrize(("parameters", "limit"), [(["1000"], 1000), ([], 0), (["x"], 0), (["0"], 0)])
def test_the_size_limit(parameters: list[str], limit: int) -> None:
    assert esmtp.size_limit({"SIZE": parameters}) == limit


def test_commands_carry_only_what_the_server_knows() -> None:
    reports = {
        "": {"RET": "HDRS", "ENVID": "a=1+b"},
        "b@example.net": {"NOTIFY": "NEVER", "ORCPT": "rfc822;b+c"},
    }
    given = parcel(eight_bit=True, utf8=True, parameters=reports)
    everything: dict[str, list[str]] = {name: [] for name in ("SIZE", "8BITMIME", "SMTPUTF8", "DSN")}

    assert esmtp.mail_command(given, {}) == b"MAIL FROM:<a@example.com> SMTPUTF8\r\n"
    assert (
        esmtp.mail_command(given, everything)
        == b"MAIL FROM:<a@example.com> SIZE=26 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=a+3D1+2Bb\r\n"
    )
    assert (
        esmtp.rcpt_command(given, "b@example.net", everything)
        == b"RCPT TO:<b@example.net> NOTIFY=NEVER ORCPT=rfc822;b+2Bc\r\n"
    )


def test_a_command_is_never_two() -> None:
    with pytest.raises(AssertionError):
        esmtp.rcpt_command(parcel(), "b@example.net>\r\nDATA", {})


@given(st.lists(st.text(alphabet=".ab", max_size=5)))
def test_no_line_of_a_stuffed_message_is_a_single_dot_and_it_comes_back(lines: list[str]) -> None:
    message = "".join(line + "\r\n" for line in lines).encode()

    stuffed = esmtp.stuffed(message)

    assert b"." not in stuffed.split(b"\r\n")
    assert b"\r\n".join(line.removeprefix(b".") for line in stuffed.split(b"\r\n")) == message
