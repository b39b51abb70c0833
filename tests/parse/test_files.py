"""Attachments kept as files."""

import os
from hashlib import sha256
from pathlib import Path

import pytest

from mailpipe.errors import CannotCreateError, InputOutputError
from mailpipe.parse.files import Folder

DIGEST = sha256(b"data").hexdigest()


def test_octets_are_kept_under_their_digest_for_their_owner_alone(tmp_path: Path) -> None:
    path = Path(Folder(str(tmp_path / "new" / "folder"))(DIGEST, b"data"))

    assert (path.name, path.read_bytes(), path.stat().st_mode & 0o777) == (DIGEST, b"data", 0o600)
    assert [*path.parent.iterdir()] == [path]


def test_octets_that_are_there_are_not_written_again(tmp_path: Path) -> None:
    folder = Folder(str(tmp_path))
    before = Path(folder(DIGEST, b"data")).stat()

    assert Path(folder(DIGEST, b"data")).stat().st_ino == before.st_ino


def test_half_a_file_of_a_crashed_run_is_replaced(tmp_path: Path) -> None:
    (tmp_path / DIGEST).write_bytes(b"da")

    assert Path(Folder(str(tmp_path))(DIGEST, b"data")).read_bytes() == b"data"


def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / DIGEST).symlink_to(victim)

    Folder(str(folder))(DIGEST, b"data")

    assert victim.read_bytes() == b"mine"
    assert not (folder / DIGEST).is_symlink()


def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(CannotCreateError, match="file: File exists"):
        Folder(str(tmp_path / "file"))(DIGEST, b"data")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)

    with pytest.raises(InputOutputError, match="Permission denied"):
        Folder(str(tmp_path))(DIGEST, b"data")
