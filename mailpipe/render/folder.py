"""Writes rendered messages as numbered files into a folder, never over what is there."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import pybase64

from mailpipe.errors import CannotCreateError, InputOutputError
from mailpipe.record import Record, has_failed


def written(records: Iterable[Record], folder: Path) -> Iterator[Record]:
    """Yield each message with the ``path`` of its file: ``000001.eml`` is the first record.

    The folder is made if it is missing.  Raises CannotCreateError rather than write over a file.
    """
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as exc:
        raise CannotCreateError(
            f"{folder}: {exc.strerror}", hint="give a folder whose parent exists"
        ) from exc
    for number, record in enumerate(records, 1):
        if has_failed(record):
            yield record
            continue
        path = folder / f"{number:06}.eml"
        _write(path, pybase64.b64decode(record["raw"]))
        yield {**record, "path": str(path)}


def _write(path: Path, raw: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as exc:
        raise CannotCreateError(f"{path} is there already", hint="give an empty folder") from exc
    except OSError as exc:
        raise CannotCreateError(f"{path}: {exc.strerror}") from exc
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
    except OSError as exc:
        path.unlink(missing_ok=True)  # half a message is none
        raise InputOutputError(f"{path}: {exc.strerror}") from exc
