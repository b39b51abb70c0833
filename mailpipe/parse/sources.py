"""Reads messages from files: single messages, mbox files, JSON Lines, Maildir folders."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mailpipe.errors import InputOutputError, NoInputError, NotPermittedError
from mailpipe.parse import input as reader
from mailpipe.record import Record


def records(paths: Sequence[str], stdin: Iterable[Record]) -> Iterator[Record]:
    """The records of each path in turn; ``-`` is standard input, the others are at hand at any time.

    A directory is a Maildir: the messages in its ``cur`` and ``new``, in order of their names, which start
    with the time of delivery.  Raises NoInputError, NotPermittedError or InputOutputError.
    """
    return _records(paths, stdin) if "-" in paths else reader.AtHand(_records(paths, stdin))


def _records(paths: Sequence[str], stdin: Iterable[Record]) -> Iterator[Record]:
    for name in paths:
        if name == "-":
            yield from stdin
            continue
        path = Path(name)
        try:
            yield from _maildir(path) if path.is_dir() else _file(path)
        except FileNotFoundError as exc:
            raise NoInputError(f"{exc.filename}: no such file or directory") from exc
        except PermissionError as exc:
            raise NotPermittedError(f"{exc.filename}: permission denied") from exc
        except OSError as exc:
            raise InputOutputError(f"{exc.filename or name}: {exc.strerror}") from exc


def _file(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        yield from reader.read(file, "parse")


def _maildir(path: Path) -> Iterator[Record]:
    folders = [path / part for part in ("cur", "new") if (path / part).is_dir()]
    if not folders and path.name in ("cur", "new"):
        folders = [path]
    if not folders:
        raise NoInputError(
            f"{path} is a directory but no Maildir", hint=f"name the files in it, for example {path}/*.eml"
        )
    found = [entry for folder in folders for entry in folder.iterdir() if not entry.name.startswith(".")]
    for entry in sorted(found, key=lambda entry: entry.name):
        message = _read(entry)
        if message is not None:
            yield reader.record_of(message)


def _read(entry: Path) -> bytes | None:
    """One message of a Maildir; its name changes with its flags while we look."""
    try:
        return entry.read_bytes()
    except FileNotFoundError:
        unique = entry.name.partition(":")[0]
    for folder in (entry.parent, entry.parent.parent / "cur"):
        for renamed in folder.glob(f"{_escaped(unique)}*") if folder.is_dir() else ():
            try:
                return renamed.read_bytes()
            except FileNotFoundError:
                continue
    return None  # gone: somebody has moved or removed it


def _escaped(name: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in name)
