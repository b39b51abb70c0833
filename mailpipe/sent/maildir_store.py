"""Keep sent copies in a Maildir: a folder of its own, one file for each Message-ID."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from mailpipe.errors import InputOutputError
from mailpipe.sent.decide import Copy, Kept
from mailpipe.wire.maildir_folder import make, sync
from mailpipe.wire.maildir_source import directory, entries, key


class MaildirStore:
    """The folder ``name`` of the Maildir ``root``; ``clock`` gives nanoseconds since the epoch.

    A file's name holds a digest of the Message-ID, by which a later run recognises it.
    """

    def __init__(self, root: Path, name: str, clock: Callable[[], int]) -> None:
        self._folder = directory(root, name)
        self._root = root
        self._name = name
        self._clock = clock
        self._known: dict[str, str] | None = None

    def keep(self, copy: Copy) -> Kept:
        """See :class:`mailpipe.sent.core.Store`."""
        if self._known is None:
            make(self._root)
            make(self._folder)
            self._known = {_digest_in(key(name)): key(name) for _, name in entries(self._folder)}
        digest = hashlib.sha256(copy.message_id.encode()).hexdigest()[:32]
        if digest in self._known:
            return Kept(appended=False, reason="already-there", mailbox=self._name, uid=self._known[digest])
        seconds, rest = divmod(self._clock(), 1_000_000_000)
        unique = f"{seconds}.M{rest // 1000:06d}P{os.getpid()}D{digest}.mailpipe"
        self._write(unique, copy)
        self._known[digest] = unique
        return Kept(appended=True, mailbox=self._name, uid=unique)

    def close(self) -> None:
        """Nothing is held."""

    def _write(self, unique: str, copy: Copy) -> None:
        path = self._folder / "tmp" / unique
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(copy.raw.replace(b"\r\n", b"\n"))
                file.flush()
                os.fsync(file.fileno())
            moment = copy.date.timestamp()
            os.utime(path, (moment, moment))
            path.rename(self._folder / "cur" / f"{unique}:2,S")
        except OSError as exc:
            raise InputOutputError(f"{path}: {exc.strerror}") from exc
        sync(self._folder / "cur")


def _digest_in(name: str) -> str:
    middle = name.partition(".")[2].partition(".")[0]
    return middle.rpartition("D")[2]
