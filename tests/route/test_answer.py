"""Tests of whether a message may be answered by a machine, and how often."""

from pathlib import Path
from typing import Any

import pytest

from mailpipe.config import Settings
from mailpipe.route.answer import refusal
from mailpipe.route.own import OwnAddresses
from mailpipe.wire.replies import Limits, Replies

PERSON: dict[str, Any] = {
    "from": [{"name": "Dupont", "email": "Atelier@example.net"}],
    "auto": {"class": "none", "suppressReply": False},
    "auth": {"verified": None},
    "ref": {"id": "a7", "verified": True},
}


def own(address: str) -> bool:
    return address.endswith("@example.com")


def test_a_person_may_be_answered() -> None:
    assert refusal(PERSON, own) == ""


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"auto": None}, "not known whether a machine"),
        ({"auto": {"class": "reply", "suppressReply": True}}, "a machine wrote it (reply)"),
        ({"auto": {"class": "bounce", "suppressReply": True}}, "a machine wrote it (bounce)"),
        ({"auto": {"class": "list", "suppressReply": True}}, "a machine wrote it (list)"),
        ({"auto": {"class": "loop", "suppressReply": True}}, "a machine wrote it (loop)"),
        ({"auto": {"class": "generated", "suppressReply": False}}, "a machine wrote it (generated)"),
        ({"auto": {"class": "none", "suppressReply": True}}, "wants no automatic answer"),
        ({"auto": {"class": "none"}}, "wants no automatic answer"),
        ({"from": []}, "not exactly one sender"),
        ({"from": None}, "not exactly one sender"),
        ({"from": [{"email": "a@example.net"}, {"email": "b@example.net"}]}, "not exactly one sender"),
        ({"from": [{"email": "undisclosed"}]}, "not exactly one sender"),
        ({"from": [{"email": "Mail-API+a7@Example.COM"}]}, "from ourselves"),
        ({"auth": {"verified": False}}, "forged"),
    ],
    ids=str,
)
def test_a_machine_is_never_answered(change: dict[str, Any], why: str) -> None:
    assert why in refusal({**PERSON, **change}, own)


def test_only_who_is_verified_hears_of_a_failure() -> None:
    forged = {**PERSON, "ref": {"id": "a7", "verified": None}}

    assert refusal(PERSON, own, failure=True) == ""
    assert refusal({**forged, "auth": {"verified": True}}, own, failure=True) == ""
    assert "not verified" in refusal(forged, own, failure=True)
    assert "not verified" in refusal({**forged, "ref": None}, own, failure=True)


def test_our_own_addresses_are_those_of_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("app: Desk\ndomain: example.com\naccounts: {a: {from: 'Ann <ann@example.org>'}}\n")
    ours = OwnAddresses(Settings(str(path)))

    mine = ("ann@EXAMPLE.org", "desk@example.com", "DESK+a7.xyz@example.com")
    others = ("bob@example.org", "desk2@example.com", "desk@example.net")
    assert ([ours(one) for one in mine], [ours(one) for one in others]) == ([True] * 3, [False] * 3)


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_sender_gets_one_reply_about_a_resource_a_day(tmp_path: Path, clock: Clock) -> None:
    replies = Replies(tmp_path, Limits(), clock)

    first, again, other = [replies.grant("a@example.net", ref) for ref in ("a7", "a7", "b8")]
    clock.now += 24 * 3600 + 1
    tomorrow = replies.grant("a@example.net", "a7")

    assert [one.ticket is not None for one in (first, again, other, tomorrow)] == [True, False, True, True]
    assert again.why == "a@example.net got a reply within 24 hours"


def test_a_storm_ends_after_five_replies(tmp_path: Path, clock: Clock) -> None:
    replies = Replies(tmp_path, Limits(), clock)

    granted = []
    for number in range(600):  # ten minutes of a machine that answers at once, each time about something else
        granted.append(replies.grant("robot@example.net", f"r{number}").ticket is not None)
        clock.now += 0.9

    assert sum(granted) == 5


def test_everybody_together_gets_a_hundred_an_hour(tmp_path: Path, clock: Clock) -> None:
    replies = Replies(tmp_path, Limits(hourly=100), clock)

    grants = [replies.grant(f"a{number}@example.net", "") for number in range(101)]
    clock.now += 3601

    assert [one.exhausted for one in grants] == [False] * 100 + [True]
    assert replies.grant("z@example.net", "").ticket is not None


def test_a_reply_that_did_not_go_out_is_not_counted(tmp_path: Path, clock: Clock) -> None:
    replies = Replies(tmp_path, Limits(), clock)
    ticket = replies.grant("a@example.net", "a7").ticket
    assert ticket is not None

    replies.take_back(ticket)

    assert replies.grant("a@example.net", "a7").ticket is not None
    assert Replies(tmp_path, Limits(), clock).grant("a@example.net", "a7").ticket is None
