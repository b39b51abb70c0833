"""Mail of machines and mail of people."""

import pytest

from mailpipe.mail.headers import Header
from mailpipe.parse.auto import Facts, classify


def verdict(*fields: tuple[str, str], **facts: object) -> tuple[str, bool]:
    found = classify(Facts([Header(*field) for field in fields], **facts))  # type: ignore[arg-type]
    return found["class"], found["suppressReply"]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("Auto-Submitted", "auto-replied", "reply"),
        ("Auto-Submitted", "auto-replied; owner-email=x@example.org", "reply"),
        ("auto-submitted", "AUTO-GENERATED", "generated"),
        ("Auto-Submitted", "auto-notified", "generated"),
        ("Precedence", "auto_reply", "reply"),
        ("X-Autoreply", "yes", "reply"),
        ("X-Auto-Reply-From", "a@example.org", "reply"),
        ("X-FC-MachineGenerated", "true", "generated"),
        ("X-Cron-Env", "<SHELL=/bin/sh>", "generated"),
        ("Return-Path", "<>", "generated"),
        ("Precedence", "bulk", "list"),
        ("List-Id", "<vehicles.example.org>", "list"),
        ("List-Unsubscribe", "<https://example.org/u>", "list"),
    ],
)
def test_a_machine_is_known_by_its_header_and_gets_no_answer(name: str, value: str, wanted: str) -> None:
    found = classify(Facts([Header(name, value)]))

    assert found == {"class": wanted, "suppressReply": True, "evidence": [{"header": name, "value": value}]}


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("Auto-Submitted", "no"),),
        (("X-Autoreply", "no"),),
        (("Return-Path", "<jane@example.org>"),),
        (("Subject", "Out of office"),),
        (("Received", "by mx.example.org"),) * 30,
    ],
)
def test_mail_of_people_is_none(fields: tuple[tuple[str, str], ...]) -> None:
    assert verdict(*fields) == ("none", False)


def test_a_wish_for_no_automatic_answer_is_no_evidence_of_a_machine() -> None:
    assert verdict(("X-Auto-Response-Suppress", "All")) == ("none", True)


def test_a_subject_counts_only_beside_another_sign() -> None:
    assert verdict(subject="Réponse automatique : absence") == ("none", False)
    assert verdict(("Return-Path", "<>"), subject="Réponse automatique : absence") == ("reply", True)


@pytest.mark.parametrize(
    ("report", "wanted"),
    [
        ("delivery-status", "bounce"),
        ("feedback-report", "complaint"),
        ("disposition-notification", "generated"),
    ],
)
def test_a_report_is_known_by_its_type(report: str, wanted: str) -> None:
    fields = (("Auto-Submitted", "auto-replied"),) if wanted != "generated" else ()
    assert verdict(*fields, type="multipart/report", report=report) == (wanted, True)


def test_the_daemon_with_the_null_sender_bounces() -> None:
    assert verdict(("Return-Path", "<>"), sender="MAILER-DAEMON@mx.example.org") == ("bounce", True)


def test_a_hundred_hops_are_a_loop() -> None:
    assert verdict(*[("Received", "by mx.example.org")] * 100) == ("loop", True)


def test_our_own_message_that_comes_back_is_a_loop() -> None:
    evidence = {"header": "Message-ID", "value": "<mail-api-1@example.com>"}

    assert verdict(("Auto-Submitted", "auto-replied"), loop=[evidence]) == ("loop", True)


def test_a_complaint_is_known_by_its_report_whatever_the_message_is_labelled() -> None:
    assert verdict(complained=True) == ("complaint", True)


def test_a_robot_address_gets_no_answer() -> None:
    assert verdict(sender="no-reply@example.org") == ("none", True)
