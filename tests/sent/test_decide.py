"""Which messages get a copy, and what the copy is."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mailpipe.errors import RecordError
from mailpipe.sent.decide import Copy, Kept, concerns, decide, with_crlf

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
RAW = b"Subject: x\r\nMessage-ID: <m1@example.com>\r\nDate: Thu, 19 Nov 2026 09:12:44 +0100\r\n\r\nhello\r\n"


def record(raw: bytes | None = RAW, *delivered: str, **members: Any) -> dict[str, Any]:
    states = delivered or ("queued",)
    status = {f"{number}@example.net": {"delivered": state} for number, state in enumerate(states)}
    kept = {} if raw is None else {"raw": base64.b64encode(raw).decode()}
    return {**kept, "deliveryStatus": status, **members}


def reason(made: Copy | Kept) -> str | None:
    assert isinstance(made, Kept)
    assert not made.appended
    return made.reason


def test_a_copy_has_the_date_and_the_identifier_of_the_message() -> None:
    assert decide(record(), NOW) == Copy(
        raw=RAW,
        message_id="m1@example.com",
        date=datetime(2026, 11, 19, 9, 12, 44, tzinfo=timezone(timedelta(hours=1))),
    )


def test_a_message_without_date_gets_the_present_one() -> None:
    made = decide(record(b"Message-ID: <m1@example.com>\r\n\r\nx"), NOW)

    assert isinstance(made, Copy)
    assert made.date == NOW


@pytest.mark.parametrize("delivered", [["no", "queued"], ["unknown"], ["yes"]])
def test_one_recipient_who_may_have_got_it_is_enough(delivered: list[str]) -> None:
    assert isinstance(decide(record(RAW, *delivered), NOW), Copy)


def test_what_nobody_got_is_not_copied() -> None:
    assert reason(decide(record(RAW, "no", "no"), NOW)) == "not-delivered"


def test_without_raw_there_is_a_hint() -> None:
    made = decide(record(None), NOW)

    assert reason(made) == "no-raw"
    assert "--keep-raw" in str(made)


@pytest.mark.parametrize(
    "raw",
    [
        b"Subject: x\r\n\r\n",
        b"Message-ID: <>\r\n\r\n",
        b"Message-ID: <a@b> <c@d>\r\n\r\n",
        "Message-ID: <é@b>\n\n".encode(),
    ],
)
def test_what_cannot_be_recognised_again_is_not_copied(raw: bytes) -> None:
    assert reason(decide(record(raw), NOW)) == "no-message-id"


def test_what_was_not_sent_is_a_record_error() -> None:
    with pytest.raises(RecordError, match="no deliveryStatus"):
        decide({"raw": ""}, NOW)


def test_an_error_does_not_matter_where_somebody_got_the_mail() -> None:
    error = {"stage": "send", "type": "refused"}

    assert concerns(record(RAW, "no", "queued", error=error))
    assert not concerns(record(RAW, "no", error=error))
    assert not concerns({"error": error})


def test_line_ends_are_those_of_the_net() -> None:
    assert with_crlf(b"a\nb\r\nc\n") == b"a\r\nb\r\nc\r\n"
    assert with_crlf(RAW) is RAW
