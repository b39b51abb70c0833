"""Mail of our own that comes back, and mail that only looks like it."""

from typing import Any

import pytest

from mailpipe.mail.headers import Header
from mailpipe.mail.identity import Identity
from mailpipe.parse.loops import find

OURS = Identity("mail-api", "example.com", (b"key",))
OTHERS = Identity("mail-api", "example.com", (b"other",))
AWAY = Header("Delivered-To", "garage@example.net")
BACK = Header("Delivered-To", OURS.address("42"))


def described(
    to: str = "garage@example.net", sender: str = "mail-api@example.com", **members: Any
) -> dict[str, Any]:
    return {
        "messageId": ["mail-api-7f3a@example.com"],
        "references": [OURS.anchor("42")],
        "from": [{"name": None, "email": sender}],
        "to": [{"name": None, "email": to}],
        "cc": [],
        **members,
    }


@pytest.mark.parametrize(
    "fields",
    [
        [BACK, AWAY],
        [Header("X-Forwarded-To", "mail-api@example.com"), AWAY],
        [BACK, Header("X-Forwarded-For", "garage@example.net mail-api@example.com")],
        [BACK, Header("Resent-From", "Garage <garage@example.net>")],
    ],
)
def test_a_mailbox_that_sends_our_mail_back_makes_a_loop(fields: list[Header]) -> None:
    assert next(each["header"] for each in find(fields, described(), OURS)) == "Message-ID"


@pytest.mark.parametrize(
    ("fields", "record"),
    [
        ([], described()),
        ([AWAY], described()),
        ([BACK], described()),
        ([BACK, AWAY], described(to="mail-api@example.com")),
        ([BACK, AWAY], described(messageId=["answer@example.net"])),
        ([BACK, AWAY], described(sender="x@example.org", references=[])),
        ([BACK, AWAY], described(sender="x@example.org", references=[OTHERS.anchor("42")])),
    ],
    ids=["sent", "delivered there", "delivered here", "to ourselves", "their answer", "their mail", "forged"],
)
def test_mail_that_lies_where_it_was_sent_is_no_loop(fields: list[Header], record: dict[str, Any]) -> None:
    assert find(fields, record, OURS) == []
