"""What becomes of a message: the verdict, the errors of earlier stages, and too many attempts."""

from typing import Any

import pytest

from mailpipe.errors import RecordError
from mailpipe.settle.decide import concerns, decide

SOURCE = {
    "account": "partners",
    "protocol": "imap",
    "url": "imaps://joe@mail.example.com:993",
    "mailbox": "INBOX",
    "uid": 4827,
    "uidValidity": 1,
    "attempt": 1,
}
ERROR = {"stage": "parse", "type": "bad-raw", "detail": "no base64"}


def record(**members: Any) -> dict[str, Any]:
    return {"id": "sha256:ab", "size": 10, "source": SOURCE, **members}


@pytest.mark.parametrize("outcome", ["processed", "failed", "deferred"])
def test_the_outcome_of_route_is_the_intent(outcome: str) -> None:
    intent = decide(record(route={"outcome": outcome}), 10)

    assert (intent.outcome, intent.key, intent.digest, intent.size) == (outcome, "4827", "sha256:ab", 10)
    assert intent.store == ("partners", "imaps://joe@mail.example.com:993", "INBOX", 1)


def test_a_message_that_no_stage_can_handle_is_failed() -> None:
    intent = decide(record(error={**ERROR, "retryable": False}), 10)

    assert (intent.outcome, intent.reason) == ("failed", "no base64")


def test_a_message_that_may_be_handled_later_is_deferred() -> None:
    assert decide(record(error={**ERROR, "retryable": True}), 10).outcome == "deferred"


def test_an_error_weighs_more_than_a_verdict() -> None:
    assert decide(record(error=ERROR, route={"outcome": "processed"}), 10).outcome == "failed"


@pytest.mark.parametrize(("attempt", "outcome"), [(9, "deferred"), (10, "failed"), (11, "failed")])
def test_what_is_deferred_too_often_is_failed(attempt: int, outcome: str) -> None:
    source = {**SOURCE, "attempt": attempt}

    intent = decide(record(source=source, route={"outcome": "deferred"}), 10)

    assert intent.outcome == outcome
    assert intent.reason == ("" if outcome == "deferred" else f"deferred {attempt} times")


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"route": None},
        {"route": {"outcome": "done"}},
        {"route": {"outcome": "processed"}, "source": None},
        {"route": {"outcome": "processed"}, "source": {**SOURCE, "uid": True}},
        {"route": {"outcome": "processed"}, "source": {**SOURCE, "url": 5}},
        {"route": {"outcome": "processed"}, "source": {**SOURCE, "uidValidity": "1"}},
        {"route": {"outcome": "processed"}, "source": {**SOURCE, "account": 1}},
        {"route": {"outcome": "processed"}, "source": {**SOURCE, "mailbox": 'x"\r\nX1 EXPUNGE'}},
    ],
)
def test_a_record_that_does_not_say_enough_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(RecordError):
        decide(record(**members), 10)


def test_an_error_without_a_message_does_not_concern_settle() -> None:
    assert not concerns({"error": ERROR})
    assert concerns({"error": ERROR, "source": SOURCE})
    assert concerns({})


def test_a_message_that_had_no_part_in_it_stays_however_often() -> None:
    source = {**record()["source"], "attempt": 500}
    intent = decide(record(source=source, route={"outcome": "deferred", "blameless": True}), 10)

    assert (intent.outcome, intent.blameless) == ("deferred", True)
