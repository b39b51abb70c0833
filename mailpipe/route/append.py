"""Appends records to a JSON Lines file: each line whole and on disk before anyone is told."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailpipe.errors import CannotCreateError, ConfigError, InputOutputError

_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def locate(name: str, folder: Path) -> Path:
    """The file that a rule names: a relative one stays in the folder of the rules.

    Raises ConfigError if it would lead out of it, by ``..`` or by a symbolic link.
    """
    given = Path(name).expanduser()
    if given.is_absolute():
        return given
    base = folder.resolve()
    path = base / given
    if not path.resolve().is_relative_to(base):
        raise ConfigError(
            f"append: {name} leads out of {folder}", hint="name it by its absolute path if that is meant"
        )
    return path


def append(path: Path, line: bytes) -> None:
    """Add one line and wait until it is on disk.

    A line that could not be written whole is taken back.  Raises CannotCreateError, ConfigError if
    it is no regular file, or InputOutputError.
    """
    with _opened(path) as (file, is_new), _locked(file, path):
        size = os.fstat(file).st_size
        # The line before may have been torn by a crash: begin a line of our own.
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        _write(file, b"\n" + line if torn else line, size, path)
    if is_new:
        _sync_folder(path.parent)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[int, bool]]:
    is_new = not path.exists()
    try:
        file = os.open(path, _FLAGS, 0o600)
    except OSError as exc:
        why = "is a symbolic link" if exc.errno == errno.ELOOP else exc.strerror
        raise CannotCreateError(f"{path}: {why}") from exc
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ConfigError(f"append: {path} is not a regular file")
        yield file, is_new
    finally:
        os.close(file)


@contextmanager
def _locked(file: int, path: Path) -> Iterator[None]:
    try:
        fcntl.flock(file, fcntl.LOCK_EX)  # given back when the file is closed
    except OSError as exc:
        raise InputOutputError(f"{path}: {exc.strerror}") from exc
    yield


def _write(file: int, line: bytes, size: int, path: Path) -> None:
    try:
        written = os.write(file, line)
        if written != len(line):
            os.ftruncate(file, size)
            raise InputOutputError(
                f"{path}: no room for a line of {len(line)} octets", hint="is the disk full?"
            )
        os.fsync(file)
    except OSError as exc:
        raise InputOutputError(f"{path}: {exc.strerror}") from exc


def _sync_folder(folder: Path) -> None:
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as exc:
        raise InputOutputError(f"{folder}: {exc.strerror}") from exc
