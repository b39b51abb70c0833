"""What is put off is tried again, later and later, in this run or in another; time is a variable."""

from collections.abc import Sequence

import pytest

from mailpipe.errors import TemporaryError, UnavailableError, WorldError
from mailpipe.mail.parcel import Events, Intent, Parcel, Receipt
from mailpipe.mail.reply import Fate, local_reply, refusal
from tests.send.outgoing import Record
from tests.send.test_convey import Disk, Log, Time, sending

TAKEN = Fate("relayed", local_reply(250, "2.0.0 Ok"))
LATER = refusal(local_reply(451, "4.7.1 greylisted"))


class Moody:
    """A transport that puts some messages off so many times, or is not there so many times."""

    def __init__(self, time: Time, moods: dict[str, int], *, down: int = 0, kind: type[WorldError]) -> None:
        self._time = time
        self._moods = moods
        self.down = down
        self._kind = kind
        self.tries: list[tuple[str, float]] = []
        self._start = time.now

    def __call__(self, parcels: Sequence[Parcel], /) -> Events:
        if self.down:
            self.down -= 1
            raise self._kind("nobody answers")
        for parcel in (yield Intent(parcels)) or ():
            number = parcel.key.strip("<>").partition("@")[0]
            self.tries.append((number, self._time.now - self._start))
            put_off = self._moods.get(number, 0) > 0
            self._moods[number] = self._moods.get(number, 0) - 1
            yield Receipt(parcel, dict.fromkeys(parcel.recipients, LATER if put_off else TAKEN))


def moody(time: Time, down: int = 0, kind: type[WorldError] = TemporaryError, **moods: int) -> Moody:
    return Moody(time, {name[1:]: times for name, times in moods.items()}, down=down, kind=kind)


def slugs(records: Sequence[Record]) -> list[str | None]:
    return [record.get("error", {}).get("type") for record in records]


def test_without_waiting_a_message_is_put_off_and_kept() -> None:
    time, disk = Time(), Disk(Log())

    records = list(sending(moody(time, n1=1), disk, 3, time.patience()))

    assert slugs(records) == [None, "deferred", None]
    assert len(disk.postponed) == 1


def test_while_there_is_patience_it_is_tried_later_and_later() -> None:
    time, disk = Time(), Disk(Log())
    wire = moody(time, n1=3)

    records = list(sending(wire, disk, 3, time.patience(wait=100)))

    assert slugs(records) == [None, None, None]
    assert [record["n"] for record in records] == [0, 1, 2]
    assert not disk.postponed
    waits = [at for name, at in wire.tries if name == "1"]
    assert waits == sorted(waits)
    assert waits[1] >= 5


def test_patience_has_an_end() -> None:
    time, disk = Time(), Disk(Log())

    records = list(sending(moody(time, n1=100), disk, 3, time.patience(wait=30)))

    assert slugs(records) == [None, "deferred", None]
    assert time.now - 1_800_000_000.0 <= 31


def test_without_order_nobody_waits_for_what_is_put_off() -> None:
    time, disk = Time(), Disk(Log())

    records = list(sending(moody(time, n0=1), disk, 4, time.patience(wait=100), ordered=False))

    assert [record["n"] for record in records] == [1, 2, 3, 0]
    assert slugs(records) == [None] * 4


def test_without_order_a_server_that_goes_in_the_end_ends_the_stage() -> None:
    time, disk, seen = Time(), Disk(Log()), list[Record]()
    wire = moody(time, n0=1)

    def watch(record: Record) -> Record:
        wire.down = 99
        return record

    stream = sending(wire, disk, 3, time.patience(wait=100), ordered=False)
    with pytest.raises(TemporaryError):
        seen.extend(watch(record) for record in iter(stream.__next__, None))

    assert [record["n"] for record in seen] == [1, 2, 0]
    assert slugs(seen) == [None, None, "deferred"]


def test_who_wants_the_run_to_end_does_not_wait() -> None:
    time, disk = Time(), Disk(Log())
    patience = time.patience(wait=1000)
    patience.stopping = lambda: True

    records = list(sending(moody(time, n0=1), disk, 2, patience))

    assert slugs(records) == ["deferred", None]
    assert time.now == 1_800_000_000.0


def test_a_server_that_comes_back_gets_everything() -> None:
    time, disk = Time(), Disk(Log())

    records = list(sending(moody(time, down=2), disk, 3, time.patience(wait=100)))

    assert slugs(records) == [None] * 3


@pytest.mark.parametrize("kind", [TemporaryError, UnavailableError])
def test_a_server_that_stays_away_ends_the_stage_behind_what_is_in_hand(kind: type[WorldError]) -> None:
    time, disk, seen = Time(), Disk(Log()), list[Record]()

    with pytest.raises(kind):
        seen.extend(iter(sending(moody(time, down=99, kind=kind), disk, 3, time.patience()).__next__, None))

    assert slugs(seen) == ["deferred"] * 3
    assert "nobody answers" in seen[0]["deliveryStatus"]["garage@example.net"]["smtpReply"]


def test_what_is_put_off_for_too_long_is_given_up() -> None:
    time = Time()
    patience = time.patience(max_age=60)
    parcel = Parcel(key="k", content="c", sender="", recipients=("a@example.net",), message=b"")
    statuses = {"a@example.net": LATER.delivery_status()}
    parcel.first = time.now - 59

    before = patience.judged(parcel, statuses)
    time.now += 2
    after = patience.judged(parcel, statuses)["a@example.net"]

    assert before == statuses
    assert (after["action"], after["status"], after["smtpReply"]) == (
        "failed",
        "4.4.7",
        "451 4.7.1 greylisted",
    )


@pytest.mark.parametrize("random", [0.0, 0.5, 1.0])
def test_a_pause_grows_to_an_hour_and_a_half_at_most(random: float) -> None:
    time = Time()
    patience = time.patience()
    patience.random = lambda: random
    parcel = Parcel(key="k", content="c", sender="", recipients=(), message=b"")
    pauses = []
    for parcel.attempts in range(40):
        pauses.append(patience.due(parcel) - time.now)

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (10 * (0.5 + random), 3600 * (0.5 + random))


def test_a_rate_is_kept() -> None:
    time, disk = Time(), Disk(Log())
    wire = moody(time)

    list(sending(wire, disk, 10, time.patience(), rate=2.0))

    times = [at for _, at in wire.tries]
    assert times[-1] >= 4
    assert all(later - now >= 0.9 for now, later in zip(times, times[2:], strict=False))
