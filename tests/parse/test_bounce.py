"""Bounces of all kinds of servers."""

import time
from typing import Any

import pytest

from mailpipe.mail import mime
from mailpipe.parse.bounce import read, read_complaint

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
            "finalRecipient": "box@example.net",
        },
    }


def test_of_two_names_of_a_recipient_the_one_that_we_sent_to_counts() -> None:
    def named(original: str, final: str) -> list[tuple[str, str | None]]:
        group = f"Original-Recipient: rfc822;{original}\nFinal-Recipient: rfc822;{final}\nAction: failed"
        return [(key, each.get("finalRecipient")) for key, each in (bounced(report(group)) or {}).items()]

    assert named("Jane@example.org", "box@example.net") == [("Jane@example.org", "box@example.net")]
    assert named("list@example.net", "jane@example.org") == [("jane@example.org", None)]
    assert named("JANE@example.org", "jane@example.org") == [("JANE@example.org", None)]


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


@pytest.mark.parametrize(
    "message",
    [
        report("Final-Recipient: rfc822; jane@example.org\nAction: failed").replace(
            "To: jane@example.org\n", "To: jane@example.org\nMessage-ID: <mail-api-1@example.com>\n"
        ),
        text(
            "<jane@example.org>: user unknown\n\n--- Below this line is a copy of the message.\n\n"
            "Return-Path: <mail-api@example.com>\nMessage-ID: <mail-api-1@example.com>\n"
            "To: jane@example.org\n\nHello"
        ),
        text(
            "<jane@example.org>: user unknown\n\nOriginal mail as follows:\n\n   From: mail-api@example.com\n"
            "   To: jane@example.org\n   Message-ID: <mail-api-1@example.com>\n\n   Hello"
        ),
    ],
    ids=["part", "text", "indented"],
)
def test_the_header_of_the_message_that_came_back_is_found(message: str) -> None:
    parsed = mime.read(message.encode())
    body = next(part.content()[0].decode() for part in parsed.walk() if part.type == "text/plain")

    found = read(parsed.walk(), body, "mailer-daemon@mx.example.net")
    assert found is not None
    assert found.returned["messageId"] == ["mail-api-1@example.com"]
    assert found.returned["to"] == [{"name": None, "email": "jane@example.org"}]


def complained(fields: str, header: str = "From: mail-api@example.com\nTo: max@example.org\n") -> Any:
    message = (
        "From: feedback@example.net\n"
        "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n"
        f"\n--b\n\nA complaint.\n--b\nContent-Type: message/feedback-report\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{header}\nHello\n--b--\n"
    )
    return read_complaint(mime.read(message.encode()).walk())


def test_a_complaint_names_the_original_recipient() -> None:
    named = complained("Feedback-Type: fraud\nVersion: 1\nOriginal-Rcpt-To: <jane@example.org>")
    hidden = complained("Feedback-Type: abuse\nVersion: 1")

    assert {key: (each["delivered"], each["feedbackType"]) for key, each in named.status.items()} == {
        "jane@example.org": ("yes", "fraud")
    }
    assert list(hidden.status) == ["max@example.org"]
    assert named.returned["from"] == [{"name": None, "email": "mail-api@example.com"}]


def test_other_mail_is_no_complaint() -> None:
    assert read_complaint(mime.read(b"From: jane@example.org\n\nI complain.").walk()) is None


def test_in_a_transcript_each_recipient_has_its_own_answer() -> None:
    found = bounced(
        text(
            "   ----- Transcript of session follows -----\n"
            "550 example.org (smtp)... 550 Host unknown\n554 <jane@example.org>... 550 Host unknown\n"
            ">>> RCPT To:<max@example.net>\n<<< 550 No such user here\n"
            "550 <max@example.net>... User unknown\n"
        )
    )

    assert {key: each["reason"] for key, each in (found or {}).items()} == {
        "jane@example.org": "bad_domain",
        "max@example.net": "bad_mailbox",
    }


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
