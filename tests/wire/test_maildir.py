"""Delivery into a Maildir, and what a crash leaves of it."""

import os
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mailpipe.errors import CannotCreateError, InputOutputError
from mailpipe.mail.parcel import Event, Parcel, Receipt, Stop
from mailpipe.wire.maildir import Maildir
from tests.wire.test_esmtp import parcel


def delivered(
    folder: Path, parcels: Sequence[Parcel], *, going: Collection[Parcel] | None = None
) -> list[Receipt]:
    """Deliver, with leave for all or for those named."""
    events = Maildir(folder)(parcels)
    receipts: list[Receipt] = []
    event: Event | None = next(events, None)
    while event is not None:
        if isinstance(event, Receipt):
            receipts.append(event)
            event = next(events, None)
            continue
        try:
            event = events.send(event.parcels if going is None else going)
        except StopIteration:
            event = None
    return receipts


def files(folder: Path, part: str = "new") -> list[bytes]:
    return [path.read_bytes() for path in sorted((folder / part).iterdir())]


def test_a_message_lies_in_new_with_the_line_ends_of_a_unix_store(tmp_path: Path) -> None:
    receipts = delivered(tmp_path / "a" / "out", [parcel()])

    assert files(tmp_path / "a" / "out") == [b"Return-Path: <a@example.com>\nFrom: a@example.com\n\nx\n"]
    assert [fate.action for fate in receipts[0].fates.values()] == ["delivered"]


def test_names_sort_as_messages_came(tmp_path: Path) -> None:
    given = [parcel(b"N: %d\r\n\r\n" % number, key=str(number)) for number in range(50)]

    delivered(tmp_path, given)

    assert [text.splitlines()[1] for text in files(tmp_path)] == [b"N: %d" % number for number in range(50)]


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        delivered(tmp_path / "out", [parcel()])
    finally:
        os.umask(before)

    found = [tmp_path / "out", *(tmp_path / "out").rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in found} == {0}


def test_without_leave_nothing_is_there(tmp_path: Path) -> None:
    first, second = parcel(key="1"), parcel(key="2")

    receipts = delivered(tmp_path, [first, second], going=[second])

    assert [receipt.parcel for receipt in receipts] == [second]
    assert len(files(tmp_path)) == 1
    assert files(tmp_path, "tmp") == []


def test_a_stop_takes_back_what_was_only_intended(tmp_path: Path) -> None:
    events = Maildir(tmp_path)([parcel()])
    next(events)

    with pytest.raises(Stop):
        events.throw(Stop())

    assert files(tmp_path, "tmp") == files(tmp_path) == []


def test_after_a_crash_before_the_rename_it_is_delivered_once(tmp_path: Path) -> None:
    events = Maildir(tmp_path)([parcel()])
    next(events)
    left = next((tmp_path / "tmp").iterdir()).read_bytes()
    name = next((tmp_path / "tmp").iterdir()).name
    events.close()
    (tmp_path / "tmp" / name).write_bytes(left)  # what a killed process leaves

    receipts = delivered(tmp_path, [replace(parcel(), doubtful=True)])

    assert len(files(tmp_path)) == 1
    assert files(tmp_path, "tmp") == []
    assert receipts[0].fates["b@example.net"].action == "delivered"


@pytest.mark.parametrize("part", ["new", "cur"])
def test_after_a_crash_behind_the_rename_it_is_recognised(tmp_path: Path, part: str) -> None:
    delivered(tmp_path, [parcel()])
    path = next((tmp_path / "new").iterdir())
    path.rename(tmp_path / part / (path.name + (":2,S" if part == "cur" else "")))

    receipts = delivered(tmp_path, [replace(parcel(), doubtful=True)])

    assert len(files(tmp_path, "new")) + len(files(tmp_path, "cur")) == 1
    assert receipts[0].fates["b@example.net"].action == "delivered"


def test_what_a_reader_took_after_a_crash_is_unknown(tmp_path: Path) -> None:
    delivered(tmp_path, [parcel()])
    next((tmp_path / "new").iterdir()).unlink()

    receipts = delivered(tmp_path, [replace(parcel(), doubtful=True)])

    assert receipts[0].fates["b@example.net"].action is None
    assert files(tmp_path) == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(CannotCreateError):
        delivered(tmp_path / "file" / "out", [parcel()])


def test_a_disk_that_fails_leaves_no_half_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    maildir = Maildir(tmp_path)
    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(InputOutputError, match="No space left"):
        next(maildir([parcel()]))

    assert files(tmp_path, "tmp") == files(tmp_path) == []
