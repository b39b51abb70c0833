"""Make Maildir folders, and make what was done in them durable."""

import os
from pathlib import Path

from mailpipe.errors import CannotCreateError, InputOutputError


def make(folder: Path) -> None:
    """Make a Maildir++ folder unless it is there; raises CannotCreateError."""
    if (folder / "cur").is_dir() and (folder / "new").is_dir():
        return
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.name.startswith("."):
            (folder / "maildirfolder").touch(mode=0o600)  # Maildir++ marks sub-folders
    except OSError as exc:
        raise CannotCreateError(f"{folder}: {exc.strerror}") from exc
    sync(folder)
    sync(folder.parent)


def sync(path: Path) -> None:
    """Make the names in a directory durable."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as exc:
        raise InputOutputError(f"{path}: {exc.strerror}") from exc
