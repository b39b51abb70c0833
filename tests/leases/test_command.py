"""Tests of leases as a process, on what a real fetch has left."""

from pathlib import Path

import pytest

from tests.conftest import Run
from tests.terminal import Terminal


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """Two Maildirs, and leases of a run that has ended without settling."""
    for store in ("in", "other"):
        for part in ("cur", "new", "tmp"):
            (tmp_path / store / part).mkdir(parents=True)
        (tmp_path / store / "new" / "1700000000.M1.host").write_text(f"Subject: {store}\n\nx\n")
        assert len(run(["fetch", f"maildir:{store}"]).records) == 1
    return tmp_path


def test_leases_are_listed_and_released(folder: Path, run: Run) -> None:
    [one] = run(["leases", "maildir:in"]).records
    everything = run(["leases"]).records
    assert run(["fetch", "maildir:in"]).records == []

    released = run(["leases", "--release", one["id"][:8]])

    assert (one["state"], one["uid"], one["running"]) == ("leased", "1700000000.M1.host", False)
    assert (len(everything), released.status) == (2, 0)
    assert released.stderr == ""
    assert [record["state"] for record in released.records] == ["free"]
    assert [record["source"]["attempt"] for record in run(["fetch", "maildir:in"]).records] == [2]


def test_all_leases_of_a_store_are_released_and_no_others(folder: Path, run: Run) -> None:
    result = run(["leases", "--release-all", "maildir:other"])

    assert len(result.records) == 1
    assert run(["fetch", "maildir:in"]).records == []
    assert len(run(["fetch", "maildir:other"]).records) == 1


def test_what_is_remembered_is_listed_on_request(folder: Path, run: Run) -> None:
    run(["leases", "--release-all"])

    assert run(["leases"]).records == []
    assert [one["state"] for one in run(["leases", "--remembered"]).records] == ["free", "free"]


def test_an_unknown_id_is_a_mistake(folder: Path, run: Run) -> None:
    result = run(["leases", "--release", "ffffffffffff"])

    assert (result.status, result.records[0]["error"]["type"]) == (64, "usage")
    assert "there is no lease 'ffffffffffff'" in result.stderr


def test_no_state_is_no_lease(run: Run) -> None:
    assert (run(["leases"]).stdout, run(["leases"]).status) == (b"", 0)


def test_a_person_gets_a_table(folder: Path, home_env: dict[str, str]) -> None:
    with Terminal(["/bin/sh", "-c", "mailpipe leases; echo end"], env=home_env, cwd=folder) as terminal:
        title, *rows = terminal.until("end").splitlines()

    assert title.split() == ["ID", "STATE", "LEFT", "TRIES", "RUN", "MESSAGE"]
    assert [row.split()[1] for row in rows[:-1]] == ["leased", "leased"]
