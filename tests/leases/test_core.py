"""Tests of describing leases."""

import pytest

from mailpipe.errors import UsageError
from mailpipe.leases import core
from mailpipe.wire.leases import Entry

NOW = 1_700_000_000.0
BOX = "imaps://desk@mail.example.com:993/INBOX;UIDVALIDITY=7"


def entry(message: str, **more: object) -> Entry:
    values = {"holder": None, "until": None, "attempts": 1, "settled": None, **more}
    return Entry(box=BOX, message=message, **values)  # type: ignore[arg-type]


ENTRIES = [
    entry("12", holder="4711-abcdef", until=NOW + 60.4, attempts=2),
    entry("13", holder="4712", until=NOW - 5),
    entry("14", attempts=9),
    entry("15", settled="failed"),
    entry("16", holder="elsewhere", until=NOW + 1),
]


def leases() -> list[core.Lease]:
    return core.described(ENTRIES, NOW, lambda pid: pid == 4711)


def test_a_lease_tells_who_has_which_message_for_how_long() -> None:
    assert leases()[0].said == {
        "id": leases()[0].id,
        "state": "leased",
        "mailbox": "imaps://desk@mail.example.com:993/INBOX",
        "uidValidity": 7,
        "uid": "12",
        "attempts": 2,
        "pid": 4711,
        "running": True,
        "until": "2023-11-14T22:14:20Z",
        "seconds": 60,
    }


def test_the_state_says_whether_a_message_can_be_taken() -> None:
    assert [lease.state for lease in leases()] == ["leased", "ended", "free", "settled", "leased"]
    assert [lease.running for lease in leases()] == [True, False, None, None, None]


def test_an_id_is_the_same_every_time_and_may_be_shortened() -> None:
    first, second = leases(), leases()

    assert [one.id for one in first] == [one.id for one in second]
    assert len({one.id for one in first}) == len(ENTRIES)
    assert core.chosen(first, [first[2].id[:6].upper()]) == [first[2]]


@pytest.mark.parametrize(("name", "why"), [("", "several"), ("abc", "several"), ("zzzzzz", "no lease")])
def test_an_id_that_means_nothing_or_too_much_is_refused(name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        core.chosen(leases(), [name])


def test_a_row_fits_below_its_title_and_moves_no_cursor() -> None:
    said = {**leases()[1].said, "mailbox": "maildir:/x\x1b[2J\n"}

    row = core.row(said)

    assert row.index("ended") == core.head().index("STATE")
    assert "4712 (dead)" in row
    assert row.endswith("maildir:/x?[2J? 13\n")
    assert row.count("\n") == 1
