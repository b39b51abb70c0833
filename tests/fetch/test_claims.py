"""Which messages a run hands out: the limit, what others have, and what it gives back."""

from collections.abc import Sequence
from typing import Any

from mailpipe.fetch.claims import Claims
from mailpipe.wire.leases import Refusal

BOX = "maildir:/in/INBOX"


class Ledger:
    """A lender that refuses some keys and remembers what was given back."""

    def __init__(self, refused: Sequence[str] = (), *, lost: bool = False) -> None:
        self.refused = set(refused)
        self.lost = lost
        self.back: list[str] = []
        self.renewed: list[str] = []

    def take(
        self, _box: str, keys: Sequence[str], _seconds: float, *, over: bool = False
    ) -> tuple[dict[str, int], Refusal]:
        granted = {key: 1 for key in keys if over or key not in self.refused}
        count = len(keys) - len(granted)
        return granted, Refusal(count, 500.0 if count else 0.0)

    def renew(self, _box: str, key: str, _seconds: float) -> bool:
        self.renewed.append(key)
        return not self.lost

    def give_back(self, _box: str, keys: Sequence[str]) -> None:
        self.back += keys

    def settled(self, _box: str, keys: Sequence[str]) -> set[str]:
        return self.refused & set(keys)

    def close(self) -> None:
        """There is nothing to close."""


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def claims(lender: Ledger, clock: Clock | None = None, **options: Any) -> Claims:
    return Claims(lender, clock=clock or Clock(), **{"seconds": 100.0, **options})


def test_no_more_is_leased_than_the_limit() -> None:
    made = claims(Ledger(), limit=2)

    assert made.take(BOX, ["1", "2", "3"]) == ["1", "2"]
    assert made.take(BOX, ["4"]) == []
    assert not made.complete


def test_what_others_have_does_not_count_for_the_limit() -> None:
    made = claims(Ledger(refused=["1", "2"]), limit=2)

    assert made.take(BOX, ["1", "2", "3", "4", "5"]) == ["3", "4"]
    assert made.refused.startswith("2 messages are in the hands of another run")


def test_a_run_is_complete_when_its_limit_is_handed_out() -> None:
    made = claims(Ledger(), limit=1)
    made.take(BOX, ["1", "2"])

    assert (made.hand_out(BOX, "1"), made.complete) == (1, True)


def test_only_what_was_not_handed_out_is_given_back() -> None:
    lender = Ledger()
    made = claims(lender)
    made.take(BOX, ["1", "2", "3"])
    made.hand_out(BOX, "1")

    made.give_back()
    made.give_back()

    assert lender.back == ["2", "3"]


def test_a_look_leases_nothing_and_leaves_out_what_is_settled() -> None:
    lender = Ledger(refused=["2"])
    made = claims(lender, seconds=None)

    assert made.take(BOX, ["1", "2"]) == ["1"]
    assert made.hand_out(BOX, "1") == 0
    made.give_back()
    assert (lender.back, made.refused) == ([], "")


def test_a_lease_is_lengthened_when_the_reader_is_slow() -> None:
    lender, clock = Ledger(), Clock()
    made = claims(lender, clock)
    made.take(BOX, ["1", "2"])
    made.hand_out(BOX, "1")
    clock.now = 50.0

    assert made.hand_out(BOX, "2") == 1
    assert lender.renewed == ["2"]


def test_a_message_that_another_run_has_taken_meanwhile_is_not_handed_out() -> None:
    clock = Clock()
    made = claims(Ledger(lost=True), clock)
    made.take(BOX, ["1"])
    clock.now = 200.0

    assert made.hand_out(BOX, "1") is None
