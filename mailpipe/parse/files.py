"""Keeps attachments in a directory under their digest: a name that no sender can choose."""

import os
from pathlib import Path

from mailpipe.errors import CannotCreateError, InputOutputError


class Folder:
    """A directory of content-addressed files, made when the first one is kept."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._made = False

    def __call__(self, digest: str, data: bytes) -> str:
        """Keep ``data`` and return its path; octets that are there already are not written again.

        Raises CannotCreateError or InputOutputError.
        """
        self._make()
        target = self._path / digest
        try:
            if not target.is_file() or target.is_symlink() or target.stat().st_size != len(data):
                self._write(target, data)
        except OSError as exc:
            raise InputOutputError(f"{target}: {exc.strerror}") from exc
        return str(target)

    def _make(self) -> None:
        if self._made:
            return
        try:
            self._path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as exc:
            raise CannotCreateError(
                f"{self._path}: {exc.strerror}", hint="--attachments names a directory"
            ) from exc
        self._made = True

    def _write(self, target: Path, data: bytes) -> None:
        """Write a file of its own and move it into place, so that nobody ever sees half of one."""
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        descriptor = os.open(
            draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600
        )
        try:
            with open(descriptor, "wb") as file:
                file.write(data)
            draft.replace(target)
        except OSError:
            draft.unlink(missing_ok=True)
            raise
