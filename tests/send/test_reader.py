"""send reads records or one raw message, and knows which."""

import base64
import io
from typing import Any

import pytest

from mailpipe.send.reader import read


class Stdin(io.BufferedReader):
    """A stream that is always ready."""

    def ready(self) -> bool:
        return True


def records(text: bytes) -> list[dict[str, Any]]:
    return list(read(Stdin(io.BytesIO(text)), "send"))  # type: ignore[arg-type]


RAW = b"From: a@example.com\nTo: B <b@example.net>\n\nhello\n"


@pytest.mark.parametrize("before", [b"", b"\n\n", b"From a@example.com Fri Nov 20 09:00:00 2026\n"])
def test_a_raw_message_is_one_record_with_its_envelope(before: bytes) -> None:
    (record,) = records(before + RAW)

    assert base64.b64decode(record["raw"]) == RAW
    assert record["envelope"] == {
        "mailFrom": {"email": "a@example.com"},
        "rcptTo": [{"email": "b@example.net"}],
    }


@pytest.mark.parametrize("text", [b'{"a":1}\n{"a":2}\n', b'[{"a":1},\n{"a":2}]', b'\n {"a":1}\n{"a":2}'])
def test_json_is_records(text: bytes) -> None:
    assert records(text) == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize(
    "text", [b"5\n", b"NaN\n", b'"To: x"\n', b'ubject": "Re: x"}\n', b"\xff\xfe\n", b"To"]
)
def test_what_is_neither_is_a_bad_line(text: bytes) -> None:
    (record,) = records(text)

    assert record["error"]["type"] in ("not-json", "not-an-object")


def test_nothing_is_nothing() -> None:
    assert records(b"\n \n") == []


@pytest.mark.parametrize(
    ("fields", "sender", "recipients"),
    [
        (
            "From: a@example.com\nTo: b@example.net, c@example.net\nCc: d@example.net\nBcc: e@example.net",
            "a",
            "bcde",
        ),
        ("From: a@example.com\nSender: s@example.com\nTo: b@example.net", "s", "b"),
        (
            "From: a@example.com\nTo: b@example.net\nResent-From: r@example.com\nResent-To: c@example.net",
            "r",
            "c",
        ),
        ("From: a@example.com\nTo: b@example.net\nTo: c@example.net\nCc: b@example.net", "a", "bc"),
        ("From: a@example.com\nTo: friends: b@example.net, c@example.net;", "a", "bc"),
        ("From: a@example.com\nTo: undisclosed-recipients:;\nBcc: b@example.net", "a", "b"),
        ('From: a@example.com\nTo: "Widgets, Inc." <b@example.net>', "a", "b"),
    ],
)
def test_the_envelope_is_read_from_the_header(fields: str, sender: str, recipients: str) -> None:
    (record,) = records(fields.encode() + b"\n\nx\n")

    assert record["envelope"]["mailFrom"]["email"][0] == sender
    assert "".join(to["email"][0] for to in record["envelope"]["rcptTo"]) == recipients


@pytest.mark.parametrize(
    "fields",
    [
        "From: a@example.com\nSubject: nobody",
        "To: b@example.net",
        "From: a@example.com\nTo: Widgets, Inc. <w@example.com>",
        "From: a@example.com\nTo: a@example.net b@example.net",
        "From: a@example.com\nTo: not an address",
    ],
)
def test_a_header_that_does_not_say_whom_is_refused(fields: str) -> None:
    (record,) = records(fields.encode() + b"\n\nx\n")

    assert record["error"]["type"] == "bad-envelope"
