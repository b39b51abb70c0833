"""Read an mbox file (RFC 4155) as a source for fetch; the file is never changed.

A message is named by the digest of its octets, so that it keeps its name when others are removed.
"""

import fcntl
import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mailpipe.errors import (
    DataError,
    InputOutputError,
    NoInputError,
    NotPermittedError,
    TemporaryError,
    UsageError,
)
from mailpipe.mail.chosen import chosen
from mailpipe.mail.mbox import Entry, split
from mailpipe.mail.stored import Stored, Wanted, too_large
from mailpipe.wire.location import Location, box

Take = Callable[[str, Sequence[str]], Sequence[str]]

INBOX = "INBOX"
LOCK_SECONDS = 10.0
_CHUNK = 256 * 1024
_GROUP = 50  # messages that are leased together
_GROUP_OCTETS = 1024 * 1024
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_DATE = re.compile(rb"([A-Za-z]{3}) +(\d{1,2}) (\d\d):(\d\d)(?::(\d\d))?\D.*?(\d{4})\s*$")


class MboxSource:
    """One mbox file."""

    def __init__(self, location: Location, mailbox: str, wanted: Wanted) -> None:
        if mailbox.upper() != INBOX:
            raise UsageError(f"{location.url} has no folder {mailbox!r}", hint="an mbox file is one folder")
        if wanted.unseen:
            raise UsageError("an mbox file does not tell what was read", hint="leave out --unseen")
        if wanted.search is not None:
            raise UsageError("only an IMAP server understands --search", hint="use --header or --from")
        self._location = location
        self._wanted = wanted
        self._seen: Counter[bytes] = Counter()

    def messages(self, take: Take) -> Generator[Stored]:
        """Each message that ``take`` grants, in the file's order."""
        where = box(self._location.url, INBOX)
        group: dict[str, Entry] = {}
        octets = 0
        with _opened(self._location.path) as file:
            for entry in split(_chunks(file, self._location.path)):
                key = self._key(entry.message)
                if not self._wants(entry):
                    continue
                group[key] = entry
                octets += len(entry.message)
                if len(group) >= _GROUP or octets >= _GROUP_OCTETS:
                    yield from self._granted(where, group, take)
                    group, octets = {}, 0
            yield from self._granted(where, group, take)

    def _granted(self, where: str, group: dict[str, Entry], take: Take) -> Iterator[Stored]:
        for key in take(where, list(group)):
            entry = group[key]
            yield self._stored(where, key, entry, moment(entry.separator))

    def _wants(self, entry: Entry) -> bool:
        arrived = moment(entry.separator) if self._wanted.since else None
        if self._wanted.since and arrived and arrived.date() < self._wanted.since:
            return False
        return chosen(entry.message, self._wanted)

    def _stored(self, where: str, key: str, entry: Entry, arrived: datetime | None) -> Stored:
        size = len(entry.message)
        large = size > self._wanted.max_size
        return Stored(
            box=where,
            key=key,
            place={
                "account": self._location.account,
                "protocol": "mbox",
                "url": self._location.url,
                "mailbox": INBOX,
                "uid": key,
            },
            size=size,
            received_at=arrived,
            raw=None if large else entry.message,
            problem=too_large(size, self._wanted.max_size) if large else None,
        )

    def _key(self, message: bytes) -> str:
        digest = hashlib.sha256(message)
        self._seen[digest.digest()[:12]] += 1
        copy = self._seen[digest.digest()[:12]]
        return f"sha256:{digest.hexdigest()}" + (f"#{copy}" if copy > 1 else "")


def _opened(path: Path) -> BinaryIO:
    try:
        file = path.open("rb")
        if path.stat().st_size and file.peek(5)[:5] != b"From ":
            file.close()
            raise DataError(f"{path} is no mbox: it does not begin with 'From '")
        return file
    except (FileNotFoundError, IsADirectoryError) as exc:
        raise NoInputError(f"{path}: {exc.strerror}") from exc
    except PermissionError as exc:
        raise NotPermittedError(f"{path}: {exc.strerror}") from exc
    except OSError as exc:
        raise InputOutputError(f"{path}: {exc.strerror}") from exc


def _chunks(file: BinaryIO, path: Path) -> Iterator[bytes]:
    """What the file holds now: a message that is being added while we read is left for the next run."""
    left = _whole(file, path)
    while left > 0:
        try:
            chunk = file.read(min(_CHUNK, left))
        except OSError as exc:
            raise InputOutputError(f"{path}: {exc.strerror}") from exc
        if not chunk:
            raise InputOutputError(f"{path} was shortened while it was read")
        left -= len(chunk)
        yield chunk


def _whole(file: BinaryIO, path: Path) -> int:
    """The file's size at a moment when nobody writes to it, by the locks that mail programs take."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            fcntl.lockf(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            size = os.fstat(file.fileno()).st_size
            fcntl.lockf(file, fcntl.LOCK_UN)
        except BlockingIOError as exc:
            if time.monotonic() > deadline:
                raise TemporaryError(f"{path} is locked by another program") from exc
            time.sleep(0.1)
        except OSError:
            return os.fstat(file.fileno()).st_size  # a file system without locks
        else:
            return size


def moment(separator: bytes) -> datetime | None:
    """When a message arrived, which its separator tells in UTC (RFC 4155 appendix A)."""
    found = _DATE.search(separator)
    if found is None:
        return None
    month, day, hour, minute, second, year = (part.decode() if part else "0" for part in found.groups())
    try:
        at = _MONTHS.index(month.lower()) // 4 + 1
        return datetime(int(year), at, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
