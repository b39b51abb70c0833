"""Act and receipt stay together, whoever ends the run and when; a transport and a ledger in memory."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pytest

from mailpipe.errors import InputOutputError, TemporaryError, WorldError
from mailpipe.mail.parcel import Deliver, Entry, Events, Intent, Parcel, Receipt, Stop
from mailpipe.mail.reply import Fate, local_reply
from mailpipe.send import core
from mailpipe.send.outcome import Statuses
from mailpipe.send.parcels import Packing
from mailpipe.send.patience import Patience
from tests.send.outgoing import Record, outgoing

TAKEN = Fate("relayed", local_reply(250, "2.0.0 Ok"))


class Log:
    """What happened, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __call__(self, what: str, parcel: Parcel) -> None:
        self.events.append(f"{what} {parcel.key.strip('<>').partition('@')[0]}")


class Wire:
    """A transport that takes messages one by one, or some at a time."""

    def __init__(self, log: Log, *, window: int = 1, dies_at: int = -1) -> None:
        self._log = log
        self._window = window
        self._dies_at = dies_at
        self.count = 0

    def __call__(self, parcels: Sequence[Parcel], /) -> Events:
        left = list(parcels)
        flying: list[Parcel] = []
        try:
            while left:
                if self.count == self._dies_at:
                    raise TemporaryError("the server is gone")
                window, left = left[: self._window], left[self._window :]
                going = (yield Intent(window)) or ()
                for parcel in going:
                    self._log("dot", parcel)
                    self.count += 1
                    flying.append(parcel)
                while flying:
                    yield Receipt(flying[0], dict.fromkeys(flying.pop(0).recipients, TAKEN))
        except Stop:
            for parcel in flying:
                yield Receipt(parcel, dict.fromkeys(parcel.recipients, TAKEN))


class Disk:
    """A ledger in memory that knows what is durable."""

    def __init__(self, log: Log, *, full_after: int = 1000) -> None:
        self._log = log
        self._left = full_after
        self.state: dict[str, str] = {}
        self._notes: list[tuple[Parcel, str]] = []
        self.marked: list[str] = []
        self.postponed: set[str] = set()
        self._withdrawn: list[Parcel] = []
        self.taken_by_others: set[str] = set()

    def known(self, parcels: Collection[Parcel]) -> dict[Parcel, dict[str, Entry]]:
        return {parcel: self._known(parcel) for parcel in parcels if parcel.key in self.state}

    def _known(self, parcel: Parcel) -> dict[str, Entry]:
        state = self.state[parcel.key]
        status = TAKEN.delivery_status() if state == "sent" else {}
        return {r: Entry(state, parcel.content, status) for r in parcel.recipients}  # type: ignore[arg-type]

    def note(self, parcel: Parcel, statuses: Statuses) -> None:
        sent = all(status["action"] == "relayed" for status in statuses.values())
        self._notes.append((parcel, "sent" if sent else "deferred"))

    def withdraw(self, parcels: Collection[Parcel]) -> None:
        self._withdrawn += parcels

    def postpone(self, name: str, _key: str, _record: object, _due: float) -> None:
        self.postponed.add(name)

    def settle(self, name: str) -> None:
        self.postponed.remove(name)

    def mark(self, parcels: Sequence[Parcel]) -> None:
        for parcel in parcels:
            self._log("mark", parcel)

    def commit(self, intents: Sequence[Parcel] = (), *, ahead: bool = False) -> Collection[Parcel]:
        if self._left == 0:
            raise InputOutputError("disk full")
        self._left -= 1
        for parcel in self._withdrawn:
            self.state.pop(parcel.key)
        for parcel, state in self._notes:
            self._log("outcome", parcel)
            self.state[parcel.key] = state
        self._notes, self._withdrawn = [], []
        if not ahead:
            self.marked += [parcel.key for parcel in intents]
        refused = [parcel for parcel in intents if parcel.key in self.taken_by_others]
        for parcel in intents:
            if parcel not in refused:
                self._log("intent", parcel)
                self.state[parcel.key] = "unknown"
        return refused


class Time:
    """A clock that goes on when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def patience(self, *, wait: float = 0.0, max_age: float = 432_000.0) -> Patience:
        return Patience(
            clock=lambda: self.now, random=lambda: 0.5, sleep=self.sleep, wait=wait, max_age=max_age
        )

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Batch:
    """Records that are all at hand."""

    def __init__(self, records: Sequence[Any]) -> None:
        self._records = iter(records)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._records)

    def pending(self) -> bool:
        return True


def sending(wire: Deliver, disk: Disk, count: int, patience: Patience | None = None, **options: Any) -> Any:
    packing = Packing(new_id=lambda _: "new@example.com", date=lambda: "today")
    records = Batch([outgoing(number, n=number) for number in range(count)])
    return core.send(
        records,
        deliver=wire,
        ledger=disk,
        pack=packing.pack,
        options=core.Options(**options),
        patience=patience or Time().patience(),
    )


def test_the_order_is_intent_dot_outcome_line() -> None:
    log = Log()

    for record in sending(Wire(log), Disk(log), 3):
        log.events.append(f"line {record['n']}")

    # fmt: off
    assert log.events == [
        "intent 0", "dot 0",
        "outcome 0", "intent 1", "line 0", "dot 1",
        "outcome 1", "intent 2", "line 1", "dot 2",
        "outcome 2", "line 2",
    ]
    # fmt: on


@pytest.mark.parametrize("window", [1, 2, 3])
@pytest.mark.parametrize("lines", range(6))
def test_a_reader_that_leaves_finds_a_ledger_that_is_right(window: int, lines: int) -> None:
    log = Log()
    wire, disk = Wire(log, window=window), Disk(log)
    stream = sending(wire, disk, 6)
    for _ in range(lines):
        next(stream)

    stream.close()

    assert len(disk.state) == wire.count
    assert set(disk.state.values()) <= {"sent"}


@pytest.mark.parametrize("alive", range(4))
def test_a_server_that_dies_leaves_receipts_and_puts_off_the_rest(alive: int) -> None:
    log = Log()
    disk = Disk(log)
    seen: list[Record] = []
    stream = sending(Wire(log, dies_at=alive), disk, 4)

    with pytest.raises(TemporaryError):
        seen.extend(iter(stream.__next__, None))

    assert [record["n"] for record in seen] == list(range(4))
    assert ["error" in record for record in seen] == [False] * alive + [True] * (4 - alive)
    assert list(disk.state.values()) == ["sent"] * alive + ["deferred"] * (4 - alive)
    assert len(disk.postponed) == 4 - alive


@pytest.mark.parametrize("commits", range(1, 5))
def test_a_full_disk_stops_before_the_next_dot(commits: int) -> None:
    log = Log()
    wire, disk = Wire(log), Disk(log, full_after=commits)
    seen: list[int] = []

    with pytest.raises(WorldError, match="disk full"):
        seen.extend(record["n"] for record in iter(sending(wire, disk, 6).__next__, None))

    assert wire.count == commits
    assert seen == list(range(commits - 1))


def test_what_another_run_has_is_not_sent() -> None:
    log = Log()
    wire, disk = Wire(log, window=3), Disk(log)
    disk.taken_by_others = {"<1@example.com>"}

    records = list(sending(wire, disk, 3))

    assert [record.get("error", {}).get("type") for record in records] == [None, "in-flight", None]
    assert records[1]["error"]["retryable"] is True
    assert wire.count == 2


def test_records_with_an_error_pass_untouched_and_in_order() -> None:
    log = Log()
    bad = {"n": 9, "error": {"stage": "render", "type": "x", "detail": "x", "retryable": False}}
    packing = Packing(new_id=lambda _: "new@example.com", date=lambda: "today")
    given = Batch([outgoing(1, n=1), bad, {"n": 2}, outgoing(3, n=3)])

    records = list(
        core.send(
            given,
            deliver=Wire(log),
            ledger=Disk(log),
            pack=packing.pack,
            options=core.Options(),
            patience=Time().patience(),
        )
    )

    assert [record["n"] for record in records] == [1, 9, 2, 3]
    assert records[1] == bad
    assert records[2]["error"]["type"] == "missing-field"
