"""Tests of appending to JSON Lines files."""

import errno
import json
import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from mailpipe.errors import CannotCreateError, ConfigError, InputOutputError
from mailpipe.route.append import append, locate


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "inbox.jsonl"

    append(path, b'{"n":1}\n')
    append(path, b'{"n":2}\n')

    assert path.read_bytes() == b'{"n":1}\n{"n":2}\n'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_line_torn_by_a_crash_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "inbox.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":')

    append(path, b'{"n":2}\n')

    assert path.read_bytes() == b'{"n":1}\n{"n":\n{"n":2}\n'


def _write_many(path: Path, writer: int) -> None:
    for number in range(50):
        append(path, json.dumps({"w": writer, "n": number, "x": "x" * 20_000}).encode() + b"\n")


def test_writers_at_the_same_time_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "inbox.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(path, writer)) for writer in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    found = [json.loads(line) for line in path.read_bytes().splitlines()]

    assert sorted((one["w"], one["n"]) for one in found) == [(w, n) for w in range(3) for n in range(50)]


def test_a_line_is_on_disk_before_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync

    def noted(file: int) -> None:
        synced.append(os.fstat(file).st_size)
        real(file)

    monkeypatch.setattr(os, "fsync", noted)

    append(tmp_path / "inbox.jsonl", b"{}\n")

    assert synced[0] == 3
    assert len(synced) == 2  # the file, and the folder that now names it


def test_a_line_that_finds_no_room_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "inbox.jsonl"
    append(path, b'{"n":1}\n')
    real = os.write
    monkeypatch.setattr(os, "write", lambda file, data: real(file, data[:3]))

    with pytest.raises(InputOutputError, match="no room"):
        append(path, b'{"n":2}\n')
    assert path.read_bytes() == b'{"n":1}\n'


def test_a_full_disk_is_an_error_of_the_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(file: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)

    with pytest.raises(InputOutputError, match="No space left"):
        append(tmp_path / "inbox.jsonl", b"{}\n")


@pytest.mark.parametrize("kind", ["fifo", "link", "folder"])
def test_only_a_regular_file_is_written(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "inbox.jsonl"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/x")
    else:
        path.mkdir()

    with pytest.raises((ConfigError, CannotCreateError), match=r"inbox\.jsonl"):
        append(path, b"{}\n")


def test_a_missing_folder_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(CannotCreateError, match="No such file"):
        append(tmp_path / "absent" / "inbox.jsonl", b"{}\n")


def test_a_relative_file_lies_beside_the_rules_and_an_absolute_one_where_it_says(tmp_path: Path) -> None:
    assert locate("inbox.jsonl", tmp_path) == tmp_path.resolve() / "inbox.jsonl"
    assert locate("/var/tmp/inbox.jsonl", tmp_path) == Path("/var/tmp/inbox.jsonl")
