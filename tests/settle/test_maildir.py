"""settle on a Maildir, as a process: messages end up where their outcome says, and none is lost."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Run


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    root = tmp_path / "in"
    for part in ("tmp", "new", "cur"):
        (root / part).mkdir(parents=True)
    for number in range(3):
        (root / "new" / f"170000000{number}.M{number}.host").write_text(f"Subject: {number}\n\nhello\n")
    return root


def fetched(run: Run, *outcomes: str) -> list[dict[str, Any]]:
    records = run(["fetch", "maildir:in"]).records
    return [{**one, "route": {"outcome": what}} for one, what in zip(records, outcomes, strict=True)]


def files(root: Path, folder: str) -> list[str]:
    return sorted(path.name for part in ("new", "cur") for path in (root / folder / part).glob("*"))


def test_each_outcome_has_its_folder(maildir: Path, run: Run) -> None:
    result = run(["settle"], stdin=fetched(run, "processed", "failed", "deferred"))

    assert [record["settled"] for record in result.records] == [
        {"outcome": "processed", "action": "moved", "mailbox": "processed", "uid": "1700000000.M0.host"},
        {"outcome": "failed", "action": "moved", "mailbox": "failed", "uid": "1700000001.M1.host"},
        {"outcome": "deferred", "action": "left", "mailbox": "INBOX"},
    ]
    assert files(maildir, ".processed") == ["1700000000.M0.host:2,"]
    assert files(maildir, ".failed") == ["1700000001.M1.host:2,"]
    assert files(maildir, "") == ["1700000002.M2.host"]
    assert (result.stderr, result.status) == ("", 0)


def test_what_is_deferred_comes_again_with_its_attempts(maildir: Path, run: Run) -> None:
    run(["settle"], stdin=fetched(run, "processed", "processed", "deferred"))

    [again] = run(["fetch", "maildir:in"]).records

    assert (again["source"]["uid"], again["source"]["attempt"]) == ("1700000002.M2.host", 2)


def test_what_is_deferred_at_its_last_attempt_is_failed(maildir: Path, run: Run) -> None:
    result = run(["settle", "--max-attempts", "1"], stdin=fetched(run, *["deferred"] * 3))

    assert {record["settled"]["reason"] for record in result.records} == {"deferred 1 times"}
    assert len(files(maildir, ".failed")) == 3


def test_flags_are_kept(maildir: Path, run: Run) -> None:
    (maildir / "new" / "1700000000.M0.host").rename(maildir / "cur" / "1700000000.M0.host:2,FS")

    run(["settle"], stdin=fetched(run, "processed", "deferred", "deferred"))

    assert files(maildir, ".processed") == ["1700000000.M0.host:2,FS"]


def test_a_message_whose_flags_changed_meanwhile_is_found(maildir: Path, run: Run) -> None:
    records = fetched(run, "processed", "deferred", "deferred")
    (maildir / "new" / "1700000000.M0.host").rename(maildir / "cur" / "1700000000.M0.host:2,RS")

    run(["settle"], stdin=records)

    assert files(maildir, ".processed") == ["1700000000.M0.host:2,RS"]


def test_settling_twice_changes_nothing(maildir: Path, run: Run) -> None:
    records = fetched(run, "processed", "processed", "processed")
    run(["settle"], stdin=records)

    result = run(["settle"], stdin=records)

    assert {record["settled"]["action"] for record in result.records} == {"already"}
    assert len(files(maildir, ".processed")) == 3


def test_what_a_person_took_away_is_gone_and_no_error(maildir: Path, run: Run) -> None:
    records = fetched(run, "processed", "processed", "processed")
    (maildir / "new" / "1700000001.M1.host").unlink()

    result = run(["settle"], stdin=records)

    assert [record["settled"]["action"] for record in result.records] == ["moved", "gone", "moved"]
    assert result.status == 0


def test_a_file_of_that_name_is_never_overwritten(maildir: Path, run: Run) -> None:
    records = fetched(run, "processed", "deferred", "deferred")
    for part in ("tmp", "new", "cur"):
        (maildir / ".processed" / part).mkdir(parents=True)
    (maildir / ".processed" / "cur" / "1700000000.M0.host:2,").write_text("another message\n")

    result = run(["settle"], stdin=records)

    assert (result.records[0]["error"]["type"], result.status) == ("bad-record", 1)
    assert (maildir / ".processed" / "cur" / "1700000000.M0.host:2,").read_text() == "another message\n"
    assert "1700000000.M0.host" in files(maildir, "")


def test_an_error_of_an_earlier_stage_is_put_into_failed_and_kept(maildir: Path, run: Run) -> None:
    error = {"stage": "parse", "type": "bad-raw", "detail": "no base64", "retryable": False}
    [first, *_] = run(["fetch", "maildir:in"]).records

    result = run(["settle"], stdin=[{**first, "error": error}])

    [record] = result.records
    assert record["error"] == error
    assert record["settled"] == {
        "outcome": "failed",
        "action": "moved",
        "mailbox": "failed",
        "uid": "1700000000.M0.host",
        "reason": "no base64",
    }
    assert result.status == 1


def test_folders_can_be_named(maildir: Path, run: Run) -> None:
    run(["settle", "--processed", "done/ok"], stdin=fetched(run, *["processed"] * 3))

    assert len(files(maildir, ".done.ok")) == 3


def test_a_folder_that_cannot_be_made_ends_settle_and_loses_nothing(maildir: Path, run: Run) -> None:
    records = fetched(run, "processed", "processed", "processed")
    (maildir / ".processed").write_text("a file is in the way")

    result = run(["settle"], stdin=records)

    assert result.status == 73
    assert len(files(maildir, "")) == 3
    assert [record["error"]["type"] for record in result.records][-1] == "cannot-create"


def test_a_fetched_record_that_was_not_routed_says_what_to_do(maildir: Path, run: Run) -> None:
    result = run(["settle"], stdin=run(["fetch", "maildir:in"]).records)

    assert result.records[0]["error"]["type"] == "no-outcome"
    assert "run `mailpipe route RULES` before settle" in result.stderr
    assert len(files(maildir, "")) == 3


@pytest.mark.parametrize("url", ["ftp://x", "maildir:", "imap://", "imap://joe:secret@host"])
def test_an_unusable_source_spoils_nothing_but_itself(maildir: Path, run: Run, url: str) -> None:
    first, second, third = fetched(run, "processed", "processed", "processed")
    strange = {**second, "source": {**second["source"], "url": url}}

    result = run(["settle"], stdin=[first, strange, third])

    assert [record.get("error", {}).get("type") for record in result.records] == [None, "no-source", None]
    assert files(maildir, "") == ["1700000001.M1.host"]
