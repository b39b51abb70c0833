"""Splitting an mbox."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import mbox

FROM = b"From a@example.com Fri Nov 20 09:12:44 2026\n"
MOZILLA = b"From - Fri Nov 20 09:12:44 2026\r\n"


def messages(data: bytes) -> list[bytes]:
    return [entry.message for entry in mbox.split([data])]


def test_messages_are_split_and_the_empty_line_between_them_is_not_theirs() -> None:
    data = FROM + b"Subject: 1\n\none\n\n" + FROM + b"Subject: 2\n\ntwo\n\n"

    assert messages(data) == [b"Subject: 1\n\none\n", b"Subject: 2\n\ntwo\n"]


def test_crlf_line_ends_are_kept() -> None:
    data = MOZILLA + b"Subject: 1\r\n\r\none\r\n\r\n" + MOZILLA + b"Subject: 2\r\n\r\ntwo\r\n"

    assert messages(data) == [b"Subject: 1\r\n\r\none\r\n", b"Subject: 2\r\n\r\ntwo\r\n"]


def test_a_line_of_text_that_starts_with_from_splits_nothing() -> None:
    body = b"Subject: 1\n\nHello\n\nFrom here on:\nplate: AB\nFrom 9:00 to 10:00 in 2026 we are closed\n"

    assert messages(FROM + body) == [body]


def test_a_quoted_from_line_loses_one_mark() -> None:
    assert messages(FROM + b"\n>From me\n>>From you\n> From none\n") == [
        b"\nFrom me\n>From you\n> From none\n"
    ]


def test_entries_tell_where_they_start() -> None:
    data = FROM + b"\none\n\n" + FROM + b"\ntwo\n"

    found = list(mbox.split([data]))

    assert [data[entry.offset :].startswith(FROM) for entry in found] == [True, True]
    assert found[1].separator + b"\n" == FROM


def test_what_precedes_the_first_separator_is_no_message() -> None:
    assert messages(b"\nnothing\n\n" + FROM + b"\none\n") == [b"\none\n"]
    assert messages(b"") == []


bodies = st.lists(st.sampled_from([b"text", b"From me to you", b">From x", b"", b"plate: AB"]), max_size=6)


@given(st.lists(bodies, max_size=5), st.lists(st.integers(0, 400), max_size=6))
def test_messages_come_back_from_mboxrd_in_pieces_of_any_size(
    texts: list[list[bytes]], cuts: list[int]
) -> None:
    written = [b"Subject: x\n\n" + b"".join(line + b"\n" for line in text) for text in texts]
    data = b""
    for message in written:
        lines = message.splitlines(keepends=True)
        data += FROM + b"".join(
            b">" + line if line.lstrip(b">").startswith(b"From ") else line for line in lines
        )
        data += b"\n"
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    chunks = [data[start:end] for start, end in pairwise(places)]

    assert [entry.message for entry in mbox.split(chunks)] == written
