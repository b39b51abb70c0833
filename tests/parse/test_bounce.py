"""Bounces of all kinds of servers."""

import time
from typing import Any

import pytest

from mailpipe.mail import mime
from mailpipe.parse.bounce import read

HEAD = "From: MAILER-DAEMON@mx.example.net\nTo: mail-api@example.com\nSubject: Undelivered Mail Returned\n"


def bounced(message: str) -> dict[str, dict[str, Any]] | None:
    parsed = mime.read(message.encode())
    parts = parsed.walk()
    text = next((part.content()[0].decode() for part in parts if part.type == "text/plain"), "")
    sender = next((value for name, value in parsed.root.fields if name == "From"), "")
    found = read(parts, text, sender)
    return found.status if found else None


def report(*groups: str) -> str:
    status = "\n\n".join(("Reporting-MTA: dns; mx.example.net", *groups))
    return (
        f"{HEAD}Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\n\nYour mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n{status}\n"
        "--b\nContent-Type: text/rfc822-headers\n\nTo: jane@example.org\n--b--\n"
    )


def text(body: str, head: str = HEAD) -> str:
    return f"{head}\n{body}"


def test_a_delivery_status_notification_is_read_by_recipient() -> None:
    message = report(
        "Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: 5.0.0\n"
        "Diagnostic-Code: smtp; 550 5.1.1 <jane@example.org>:\n    Recipient address rejected",
        "Final-Recipient: RFC822;max@example.net \nAction: delayed (will retry)\nStatus: 4.4.1",
        "Original-Recipient: rfc822;alias@example.org\nFinal-Recipient: rfc822;box@example.net\n"
        "Action: delivered\nStatus: 2.0.0",
    )

    assert bounced(message) == {
        "jane@example.org": {
            "delivered": "no",
            "smtpReply": "550 5.1.1 <jane@example.org>: Recipient address rejected",
            "action": "failed",
            "status": "5.1.1",
            "reason": "bad_mailbox",
            "hard": True,
        },
        "max@example.net": {
            "delivered": "queued",
            "smtpReply": "",
            "action": "delayed",
            "status": "4.4.1",
            "reason": "system",
            "hard": False,
        },
        "alias@example.org": {
            "delivered": "yes",
            "smtpReply": "",
            "action": "delivered",
            "status": "2.0.0",
            "reason": None,
            "hard": False,
        },
    }


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (
            "I wasn't able to deliver your message to the following addresses.\n\n<jane@example.org>:\n"
            "192.0.2.1 does not like recipient.\nRemote host said: 550 5.1.1 user unknown\n\n"
            "--- Below this line is a copy of the message.\n\nTo: other@example.org\n",
            "5.1.1",
            "bad_mailbox",
        ),
        (
            "The following address(es) failed:\n\n  jane@example.org\n    SMTP error after RCPT TO:"
            "<jane@example.org>:\n    552 5.2.2 mailbox is full\n\n-- This is a copy of the message --\n",
            "5.2.2",
            "mailbox_full",
        ),
        (
            "   ----- Transcript of session follows -----\n>>> RCPT To:<jane@example.org>\n"
            "<<< 554 Service refused, your address is on a block list\n554 <jane@example.org>... refused\n",
            "5.0.0",
            "policy",
        ),
        (
            "Could not be delivered to: <jane@example.org>\nUnrouteable address",
            "5.0.0",
            "bad_domain",
        ),
        (
            "Delivery to the following recipient failed:\n\n * jane@example.org\n\nConnection timed out",
            "5.0.0",
            "system",
        ),
    ],
)
def test_a_bounce_in_plain_text_is_read(body: str, status: str, reason: str) -> None:
    found = bounced(text(body))

    assert found is not None
    assert list(found) == ["jane@example.org"]
    described = found["jane@example.org"]
    assert (described["action"], described["status"], described["reason"]) == ("failed", status, reason)


def test_a_warning_that_mail_is_delayed_is_no_failure() -> None:
    found = bounced(text("To\n\n  jane@example.org\n\nit has not yet been delivered. 451 try again"))

    assert found is not None
    assert found["jane@example.org"]["delivered"] == "queued"
    assert found["jane@example.org"]["action"] == "delayed"


def test_recipients_that_only_the_header_names_are_found() -> None:
    head = f"{HEAD}X-Failed-Recipients: jane@example.org\n"

    assert list(bounced(text("It went wrong: quota exceeded.", head)) or ()) == ["jane@example.org"]


@pytest.mark.parametrize(
    "message",
    [
        "From: jane@example.org\nSubject: Undeliverable\n\nThe parcel for max@example.org is undeliverable?",
        "From: jane@example.org\nSubject: Check\n\nI was unable to deliver the car to max@example.org.",
        "From: postmaster@example.org\nSubject: Opening hours\n\nWrite to max@example.org.",
        "From: jane@example.org\nSubject: Delivery status\n\nAll arrived.",
    ],
)
def test_mail_of_people_is_no_bounce(message: str) -> None:
    assert bounced(message) is None


def test_a_forwarded_report_inside_an_attached_message_is_none_of_ours() -> None:
    inner = report("Final-Recipient: rfc822; jane@example.org\nAction: failed\nStatus: 5.1.1")
    message = (
        "From: max@example.org\nSubject: see\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nSee this.\n"
        f"--o\nContent-Type: message/rfc822\n\n{inner}\n--o--\n"
    )

    assert bounced(message) is None


def test_a_long_text_made_to_be_slow_is_not() -> None:
    for line in ("a" * 999 + "@\n", "to: a" * 200 + "@\n", "550 <a@" * 140 + "\n"):
        began = time.process_time()
        bounced(text("unable to deliver\n" + line * 1000))
        assert time.process_time() - began < 3
