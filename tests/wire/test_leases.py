"""Leases: one holder at a time, given back or run out, counted, and never lengthened by a look."""

from pathlib import Path

import pytest

from mailpipe.wire.leases import Leases, Refusal

BOX = "imap://joe@mail.example.com:143/INBOX;UIDVALIDITY=1"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def first(tmp_path: Path, clock: Clock) -> Leases:
    return Leases(tmp_path, holder="first", clock=clock)


@pytest.fixture
def second(tmp_path: Path, clock: Clock) -> Leases:
    return Leases(tmp_path, holder="second", clock=clock)


def test_what_one_run_has_no_other_gets(first: Leases, second: Leases) -> None:
    assert first.take(BOX, ["1", "2"], 60) == ({"1": 1, "2": 1}, Refusal())
    assert second.take(BOX, ["2", "3"], 60) == ({"3": 1}, Refusal(1, 1060.0))


def test_a_lease_runs_out_although_others_have_looked(first: Leases, second: Leases, clock: Clock) -> None:
    first.take(BOX, ["1"], 60)
    clock.now += 59
    second.take(BOX, ["1"], 60)
    clock.now += 1

    assert second.take(BOX, ["1"], 60)[0] == {"1": 2}
    assert not first.renew(BOX, "1", 60)


def test_a_lease_that_is_renewed_lasts_from_then_on(first: Leases, second: Leases, clock: Clock) -> None:
    first.take(BOX, ["1"], 60)
    clock.now += 50

    assert first.renew(BOX, "1", 60)
    clock.now += 50
    assert second.take(BOX, ["1"], 60)[0] == {}


def test_what_is_given_back_was_no_attempt(first: Leases, second: Leases) -> None:
    first.take(BOX, ["1"], 60)
    first.give_back(BOX, ["1"])

    assert second.take(BOX, ["1"], 60)[0] == {"1": 1}


def test_nobody_gives_back_what_another_has(first: Leases, second: Leases) -> None:
    first.take(BOX, ["1"], 60)
    second.give_back(BOX, ["1"])

    assert second.take(BOX, ["1"], 60)[0] == {}


def test_what_is_released_counts_as_an_attempt(first: Leases, second: Leases) -> None:
    first.take(BOX, ["1"], 60)
    second.release(BOX, ["1"])

    assert first.take(BOX, ["1"], 60)[0] == {"1": 2}


def test_what_could_not_be_tried_is_no_attempt(first: Leases, second: Leases) -> None:
    for _ in range(3):
        first.take(BOX, ["1"], 60)
        second.release(BOX, ["1"], counted=False)

    assert first.take(BOX, ["1"], 60)[0] == {"1": 1}


def test_what_has_left_the_mailbox_is_forgotten(first: Leases) -> None:
    first.take(BOX, ["1"], 60)
    first.forget(BOX, ["1"])

    assert first.take(BOX, ["1"], 60)[0] == {"1": 1}


def test_what_is_settled_is_never_given(first: Leases, clock: Clock) -> None:
    first.take(BOX, ["1"], 60)
    first.note_settled(BOX, ["1", "2"], "processed")
    clock.now += 1000

    assert first.take(BOX, ["1", "2", "3"], 60, over=True) == ({"3": 1}, Refusal())
    assert first.settled(BOX, ["1", "2", "3"]) == {"1", "2"}


def test_a_dead_run_can_be_taken_over(first: Leases, second: Leases) -> None:
    first.take(BOX, ["1"], 60)

    assert second.take(BOX, ["1"], 60, over=True)[0] == {"1": 2}


def test_mailboxes_do_not_mix(first: Leases, second: Leases) -> None:
    first.take(BOX, ["1"], 60)

    assert second.take(BOX.replace("=1", "=2"), ["1"], 60)[0] == {"1": 1}


def test_many_messages_are_one_transaction(first: Leases) -> None:
    keys = [str(number) for number in range(5000)]

    assert list(first.take(BOX, keys, 60)[0]) == keys
