"""Read a Maildir: what lies in ``new`` and ``cur``, oldest first, changing nothing.

Sub-folders are Maildir++: the folder ``processed`` of ``DIR`` is the directory ``DIR/.processed``.
"""

import os
import re
import stat
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from mailpipe.errors import InputOutputError, NoInputError, NotPermittedError, UsageError
from mailpipe.mail.chosen import chosen
from mailpipe.mail.limits import HEADER_BLOCK
from mailpipe.mail.stored import Stored, Wanted, too_large
from mailpipe.wire.location import Location, box

Take = Callable[[str, Sequence[str]], Sequence[str]]

INBOX = "INBOX"
GROUP = 200  # messages that are leased together
_FLAGS = {"S": "$seen", "R": "$answered", "F": "$flagged", "D": "$draft", "P": "$forwarded"}
_TRASHED, _SEEN = "T", "S"
_SECONDS = re.compile(r"\d{1,12}")


def directory(root: Path, mailbox: str) -> Path:
    """The directory of a folder; ``a/b`` and ``a.b`` are the same folder ``.a.b``."""
    if mailbox.upper() == INBOX:
        return root
    name = mailbox.replace("/", ".")
    if not name.strip(".") or ".." in name or name[0] == "." or any(ord(c) < 32 for c in name):
        raise UsageError(f"{mailbox!r} cannot be the name of a Maildir folder")
    return root / f".{name}"


def key(name: str) -> str:
    """The part of a file's name that never changes, as text that JSON can hold."""
    return os.fsencode(name.partition(":")[0]).decode("utf-8", "replace")


def flags(name: str) -> str:
    """The flag letters of a file's name."""
    _, _, info = name.partition(":2,")
    return info


def entries(folder: Path) -> Iterator[tuple[str, str]]:
    """``(new or cur, file name)`` of each message; what is still in ``tmp`` is none."""
    for part in ("new", "cur"):
        try:
            with os.scandir(folder / part) as listing:
                for entry in listing:
                    if not entry.name.startswith("."):
                        yield part, entry.name
        except FileNotFoundError as exc:
            raise NoInputError(
                f"{folder} is no Maildir: it has no directory {part!r}", hint="the URL is maildir:DIR"
            ) from exc
        except NotADirectoryError as exc:
            raise NoInputError(f"{folder} is no Maildir") from exc
        except PermissionError as exc:
            raise NotPermittedError(f"{folder / part}: {exc.strerror}") from exc


class MaildirSource:
    """One folder of a Maildir as a source for fetch."""

    def __init__(self, location: Location, mailbox: str, wanted: Wanted) -> None:
        if wanted.search is not None:
            raise UsageError("only an IMAP server understands --search", hint="use --header or --from")
        self._location = location
        self._mailbox = mailbox
        self._folder = directory(location.path, mailbox)
        self._wanted = wanted

    def messages(self, take: Take) -> Generator[Stored]:
        """Each message that ``take`` grants, by time of arrival."""
        where = box(self._location.url, self._mailbox)
        listed = [(part, name) for part, name in entries(self._folder) if self._wants(part, name)]
        names = sorted((name for _, name in listed), key=_age)
        for start in range(0, len(names), GROUP):
            group = {key(name): name for name in names[start : start + GROUP]}
            for granted in take(where, list(group)):
                found = self._read(where, group[granted])
                if found is not None:
                    yield found

    def _wants(self, part: str, name: str) -> bool:
        if _TRASHED in flags(name) or (self._wanted.unseen and _SEEN in flags(name)):
            return False
        return not (self._wanted.since or self._wanted.headers) or self._chosen(part, name)

    def _chosen(self, part: str, name: str) -> bool:
        """Look into a file, before it is leased; one that cannot be read is no choice but a problem."""
        try:
            with open(self._folder / part / name, "rb", opener=_patiently) as file:
                if self._too_old(os.fstat(file.fileno()).st_mtime):
                    return False
                return chosen(file.read(HEADER_BLOCK) if self._wanted.headers else b"", self._wanted)
        except OSError:
            return True

    def _read(self, where: str, name: str) -> Stored | None:
        """The message, or None if another program has moved it away meanwhile."""
        for part, present in self._places(name):
            try:
                with open(self._folder / part / present, "rb", opener=_patiently) as file:
                    status = os.fstat(file.fileno())
                    if not stat.S_ISREG(status.st_mode):
                        return None
                    large = status.st_size > self._wanted.max_size
                    raw = None if large else file.read()
            except FileNotFoundError:
                continue
            except OSError as exc:
                raise InputOutputError(f"{self._folder / part / present}: {exc.strerror}") from exc
            size = status.st_size if raw is None else len(raw)
            return Stored(
                box=where,
                key=key(name),
                place={
                    "account": self._location.account,
                    "protocol": "maildir",
                    "url": self._location.url,
                    "mailbox": self._mailbox,
                    "uid": key(name),
                },
                size=size,
                received_at=datetime.fromtimestamp(int(status.st_mtime), UTC),
                keywords={_FLAGS[flag]: True for flag in flags(present) if flag in _FLAGS},
                raw=raw,
                problem=too_large(size, self._wanted.max_size) if raw is None else None,
            )
        return None

    def _too_old(self, arrived: float) -> bool:
        return self._wanted.since is not None and date.fromtimestamp(arrived) < self._wanted.since

    def _places(self, name: str) -> Iterator[tuple[str, str]]:
        yield "cur", name
        yield "new", name
        # A mail reader has set a flag, which renames the file, between our listing and our reading.
        yield from [place for place in entries(self._folder) if key(place[1]) == key(name)]


def _patiently(path: str, how: int) -> int:
    return os.open(path, how | os.O_NONBLOCK | os.O_CLOEXEC)  # a FIFO in there must not stop us


def _age(name: str) -> tuple[int, str]:
    seconds = _SECONDS.match(name)
    return int(seconds.group()) if seconds else 0, name
