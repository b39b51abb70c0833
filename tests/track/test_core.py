"""Records of opens: what they join with, what they claim, and the report of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mailpipe.errors import UsageError
from mailpipe.record import Record
from mailpipe.track import core
from mailpipe.track.table import Table

SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC).timestamp()
ID = "0" * 31


def row(number: int, after: float, class_: str = "human", kind: str = "open", **more: Any) -> dict[str, Any]:
    known = {
        "message_id": "m@example.com",
        "recipient": f"{number}@example.net",
        "subject": "Check",
        "ref": "a7",
    }
    return {
        "seq": number,
        "id": f"{ID}{number}",
        "kind": kind,
        "class_": class_,
        "rule": "rule",
        "first_at": SENT + after,
        "last_at": SENT + after,
        "count": 1,
        "ip": "192.0.2.0/24",
        "agent": "x",
        "sent_at": SENT,
        **known,
        **more,
    }


class Fake:
    """A database of these rows; everybody in ``sent`` was sent to."""

    def __init__(self, *rows: dict[str, Any], sent: int = 0) -> None:
        self.rows = list(rows)
        self.sent = sent

    def events(self, after: int = 0, since: float = 0.0) -> Iterator[dict[str, Any]]:
        return iter([one for one in self.rows if one["seq"] > after and one["last_at"] >= since])

    def registrations(self, since: float = 0.0) -> Iterator[dict[str, Any]]:
        return iter([row(number, 0) for number in range(1, self.sent + 1) if since <= SENT])


def test_an_event_joins_with_the_record_of_the_sent_message() -> None:
    [record] = core.events(Fake(row(1, 60)), 0.0)

    assert record == {
        "event": "open",
        "openedAt": "2026-11-20T09:01:00.000Z",
        "lastAt": "2026-11-20T09:01:00.000Z",
        "count": 1,
        "class": "human",
        "rule": "rule",
        "ip": "192.0.2.0/24",
        "userAgent": "x",
        "track": {"id": f"{ID}1"},
        "messageId": ["m@example.com"],
        "recipient": "1@example.net",
        "subject": "Check",
        "ref": {"id": "a7"},
        "acceptedAt": "2026-11-20T09:00:00.000Z",
        "deliveryStatus": {"1@example.net": {"displayed": "yes"}},
    }


@pytest.mark.parametrize(
    ("class_", "displayed"),
    [
        ("human", "yes"),
        ("proxy", "yes"),
        ("prefetch", "unknown"),
        ("scanner", "unknown"),
        ("self", "unknown"),
    ],
)
def test_only_people_and_their_proxies_display_a_mail(class_: str, displayed: str) -> None:
    [record] = core.events(Fake(row(1, 60, class_)), 0.0)

    assert record["deliveryStatus"] == {"1@example.net": {"displayed": displayed}}


def test_an_open_at_once_is_a_scanners() -> None:
    [record] = core.events(Fake(row(1, 1.5)), 0.0)

    assert (record["class"], record["rule"]) == ("scanner", "at-once")


def test_to_unsubscribe_at_once_is_not() -> None:
    [record] = core.events(Fake(row(1, 1.5, kind="unsubscribe")), 0.0)

    assert (record["event"], record["class"]) == ("unsubscribe", "human")
    assert "openedAt" not in record
    assert record["unsubscribedAt"].endswith("09:00:01.500Z")


def test_an_event_of_a_token_that_is_not_registered_is_told_without_a_name() -> None:
    unknown = row(1, 60, message_id=None, recipient=None, subject=None, ref=None, sent_at=None)

    [record] = core.events(Fake(unknown), 0.0)

    assert record["track"] == {"id": f"{ID}1"}
    assert not {"messageId", "recipient", "deliveryStatus"} & set(record)


def test_who_follows_gets_each_event_once() -> None:
    fake = Fake(row(1, 60))
    news = iter([[row(2, 70)], [], [row(3, 80)]])
    following = core.events(fake, 0.0, lambda: fake.rows.extend(next(news)))

    assert [next(following)["recipient"] for _ in range(3)] == [
        "1@example.net",
        "2@example.net",
        "3@example.net",
    ]


def test_the_report_has_everybody_who_was_sent_to() -> None:
    rows = (row(1, 600, "proxy"), row(1, 6000, seq=2, count=3), row(2, 60, "prefetch", seq=3))

    first, second, third = core.report(Fake(*rows, sent=3), 0.0)

    assert first["openedAt"] == "2026-11-20T09:10:00.000Z"
    assert first["lastOpenedAt"] == "2026-11-20T10:40:00.000Z"
    assert (first["opens"]["human"], first["opens"]["proxy"]) == (3, 1)
    assert ["openedAt" in second, second["opens"]["prefetch"]] == [False, 1]
    assert third["deliveryStatus"] == {"3@example.net": {"displayed": "unknown"}}
    assert sum(third["opens"].values()) == 0


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("36h", timedelta(hours=36)),
        ("7d", timedelta(days=7)),
        ("90s", timedelta(seconds=90)),
        ("2w", timedelta(14)),
    ],
)
def test_since_takes_a_span(text: str, before: timedelta) -> None:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)

    assert core.moment(text, now) == (now - before).timestamp()


def test_since_takes_a_day_in_the_zone_of_the_reader_and_a_time_with_a_zone() -> None:
    now = datetime(2026, 11, 20, 9, 0, tzinfo=UTC).astimezone()

    assert core.moment("2026-11-19", now) == datetime(2026, 11, 19, tzinfo=now.tzinfo).timestamp()
    assert core.moment("2026-11-20T09:00:00+01:00", now) == SENT - 3600


@pytest.mark.parametrize("text", ["", "yesterday", "7y", "2026-13-01"])
def test_since_refuses_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time"):
        core.moment(text, datetime.now(UTC))


def tracked(number: int, **members: Any) -> Record:
    status = {"a@example.net": {"delivered": "yes"}}
    return {
        "n": number,
        "track": {"id": f"{ID}{number}", "recipient": "a@example.net"},
        "deliveryStatus": status,
    } | members


def test_register_passes_everything_and_keeps_what_is_tracked() -> None:
    kept: list[Any] = []
    failed = {"error": {"stage": "send", "type": "refused"}, "track": {}}
    records = [tracked(1, track={"id": "x", "detail": "no", "registered": False}), {"n": 2}, failed]

    passed = list(core.register(records, kept.extend, lambda record: record.get("n") == 1))

    assert [record.get("n") for record in kept] == [1]
    assert passed == [{**records[0], "track": {"id": "x", "registered": True}}, *records[1:]]


def test_register_refuses_what_was_not_sent() -> None:
    [record] = core.register([{"track": {"id": "x"}}], lambda _records: None, lambda _record: False)

    assert (record["error"]["type"], record["track"]) == ("not-sent", {"id": "x"})


def test_the_table_has_one_line_for_each_and_fits_the_terminal() -> None:
    table = Table(80)
    records = list(core.report(Fake(row(1, 600), sent=2), 0.0))
    records[1]["subject"] = "Check \x1b[31m\n" * 30

    lines = b"".join(map(table.line, records)).decode().splitlines()

    assert [line.split()[0] for line in lines[:1]] == ["ACCEPTED"]
    assert len(lines) == 3
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)
