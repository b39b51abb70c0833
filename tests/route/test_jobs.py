"""Tests of handling several records at a time."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailpipe.errors import UnavailableError
from mailpipe.record import Record
from mailpipe.route.core import Task
from mailpipe.route.jobs import AHEAD, Jobs


class Input:
    """Records of which ``ready`` tells whether the next is at hand."""

    def __init__(self, records: list[Record], *, ready: bool = True) -> None:
        self._records = iter(records)
        self.ready = ready
        self.read = 0

    def __iter__(self) -> Iterator[Record]:
        return self

    def __next__(self) -> Record:
        self.read += 1
        return next(self._records)

    def pending(self) -> bool:
        return self.ready


class Work:
    """Tasks that take as long as their record says, and note who works at the same time."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: list[str] = []
        self.most = 0
        self.overlapped = False
        self.started: list[int] = []

    def task(self, record: Record) -> Task:
        def run() -> Record:
            key = record["key"]
            with self.lock:
                self.overlapped |= bool(key) and key in self.now
                self.now.append(key)
                self.started.append(record["n"])
                self.most = max(self.most, len(self.now))
            time.sleep(record.get("seconds", 0.0))
            with self.lock:
                self.now.remove(key)
            if record.get("fails"):
                raise UnavailableError("gone")
            return {**record, "done": True}

        return run


def key(record: Record) -> str:
    return str(record["key"])


def record(number: int, name: str = "", **more: Any) -> Record:
    return {"n": number, "key": name, **more}


def run(records: list[Record], jobs: int = 4, *, ready: bool = True) -> tuple[list[int], Work]:
    work = Work()
    done = [one["n"] for one in Jobs(jobs)(Input(records, ready=ready), work.task, key)]
    return done, work


def test_the_output_is_in_the_order_of_the_input() -> None:
    done, work = run([record(n, seconds=0.05 if n % 3 == 0 else 0.0) for n in range(20)])

    assert done == list(range(20))
    assert 1 < work.most <= 4


def test_messages_about_one_resource_never_overlap_and_keep_their_order() -> None:
    done, work = run([record(n, "ab"[n % 2], seconds=0.005) for n in range(20)])

    assert done == list(range(20))
    assert (work.overlapped, work.most) == (False, 2)
    for parity in (0, 1):
        mine = [n for n in work.started if n % 2 == parity]
        assert mine == sorted(mine)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["", "a", "b"]), st.sampled_from([0.0, 0.001, 0.003])), max_size=25),
    st.integers(1, 5),
    st.booleans(),
)
def test_nothing_is_lost_doubled_or_mixed_up(given_: list[tuple[str, float]], jobs: int, ready: bool) -> None:
    records = [record(n, name, seconds=seconds) for n, (name, seconds) in enumerate(given_)]

    done, work = run(records, jobs, ready=ready)

    assert done == sorted(work.started) == list(range(len(records)))
    assert not work.overlapped


def test_a_record_does_not_wait_for_its_successor() -> None:
    source = Input([record(1), record(2)], ready=False)
    results = Jobs(4)(source, Work().task, key)

    assert (next(results)["n"], source.read) == (1, 1)
    assert [one["n"] for one in results] == [2]


def test_what_is_read_ahead_is_bounded() -> None:
    source = Input([record(n, seconds=0.2 if n == 0 else 0.0) for n in range(500)])
    results = Jobs(2)(source, Work().task, key)

    next(results)

    assert source.read <= AHEAD * 2 + 1


def test_the_end_of_the_world_comes_in_its_turn() -> None:
    records = [record(0, seconds=0.05), record(1, fails=True), record(2)]
    results = Jobs(3)(Input(records), Work().task, key)

    assert next(results)["n"] == 0
    with pytest.raises(UnavailableError):
        next(results)


def test_a_line_that_breaks_does_not_hang_its_followers() -> None:
    records = [record(n, "a", fails=n == 0, seconds=0.02) for n in range(5)]

    with pytest.raises(UnavailableError):
        list(Jobs(2)(Input(records), Work().task, key))


def test_a_reader_that_goes_away_stops_what_has_not_begun() -> None:
    work = Work()
    results = Jobs(2)(Input([record(n, "a", seconds=0.05) for n in range(8)]), work.task, key)
    next(results)

    results.close()  # type: ignore[attr-defined]  # a generator

    assert len(work.started) < 8
    assert work.now == []
