"""Deliver into a Maildir: written and synced in ``tmp``, then renamed into ``new``."""

import hashlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from mailpipe.errors import CannotCreateError, InputOutputError
from mailpipe.mail.parcel import Events, Intent, Parcel, Receipt
from mailpipe.mail.reply import Fate, local_reply

PARTS = ("tmp", "new", "cur")


class Maildir:
    """A transport into one Maildir, which is made when it is missing.

    Lines end as Unix mail stores have them, and Return-Path is added, as whoever delivers for good
    does (RFC 5321 section 4.4).  A file's name holds a digest of the parcel's key and recipients:
    after a crash the file itself tells whether it was delivered.  Raises CannotCreateError and
    InputOutputError.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._path = path
        self._clock = clock
        self._last = 0
        self._host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
        self._ready = False

    def __call__(self, parcels: Sequence[Parcel], /) -> Events:
        self._prepare()
        waiting: dict[Parcel, str] = {}
        files: list[int] = []
        try:
            for parcel in parcels:
                found = self._found(parcel) if parcel.doubtful else None
                if found is None:
                    waiting[parcel] = self._written(parcel, files)
                else:
                    yield Receipt(parcel, dict.fromkeys(parcel.recipients, found))
            self._settle(files)
            going = (yield Intent(list(waiting))) or ()
            yield from self._published([(parcel, waiting[parcel]) for parcel in going])
        finally:
            for file in files:
                os.close(file)
            for name in waiting.values():
                with suppress(OSError):  # most have gone to ``new``
                    (self._path / "tmp" / name).unlink()

    def close(self) -> None:
        """Nothing is kept open."""

    def _prepare(self) -> None:
        if self._ready:
            return
        for path in (self._path, *(self._path / part for part in PARTS)):
            try:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as exc:
                raise CannotCreateError(f"{path}: {exc.strerror}") from exc
        self._ready = True

    def _written(self, parcel: Parcel, files: list[int]) -> str:
        """Write one file into ``tmp``, which stays open among ``files``; gives back its name."""
        # Unique within this process, and names sort as deliveries were made.
        self._last = max(self._last + 1, self._clock() // 1000)
        seconds, micro = divmod(self._last, 1_000_000)
        name = f"{seconds}.M{micro:06d}P{os.getpid()}K{_digest(parcel)}.{self._host}"
        path = self._path / "tmp" / name
        with _translated(path):
            files.append(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
            try:
                view = memoryview(_stored(parcel))
                while view:
                    view = view[os.write(files[-1], view) :]
            except OSError:
                path.unlink(missing_ok=True)
                raise
        return name

    def _settle(self, files: list[int]) -> None:
        """Make what was written outlive a power cut; all together, which file systems do faster."""
        with _translated(self._path / "tmp"):
            for file in files:
                os.fsync(file)
            while files:
                os.close(files.pop())
        self._sync("tmp")

    def _published(self, files: Sequence[tuple[Parcel, str]]) -> Iterator[Receipt]:
        done: list[Receipt] = []
        failure: InputOutputError | None = None
        for parcel, name in files:
            try:
                with _translated(self._path / "new" / name):
                    (self._path / "tmp" / name).rename(self._path / "new" / name)
            except InputOutputError as exc:
                failure = exc
                break
            fate = Fate("delivered", local_reply(250, f"2.0.0 delivered to maildir as {name}"))
            done.append(Receipt(parcel, dict.fromkeys(parcel.recipients, fate)))
        self._sync("new")
        yield from done
        if failure is not None:
            raise failure

    def _sync(self, part: str) -> None:
        path = self._path / part
        with _translated(path):
            directory = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)

    def _found(self, parcel: Parcel) -> Fate | None:
        """What an earlier run left of a parcel; None when it certainly has not delivered it."""
        mark = f"*K{_digest(parcel)}.*"
        with _translated(self._path):
            for part in ("new", "cur"):  # readers move files in this direction only
                for path in (self._path / part).glob(mark):
                    return Fate("delivered", local_reply(250, f"2.0.0 delivered to maildir as {path.name}"))
            # Only a rename takes a file out of ``tmp``: while it is there, it was not delivered.
            left = list((self._path / "tmp").glob(mark))
            for path in left:
                path.unlink()
        if left:
            return None
        return Fate(
            None, local_reply(451, "4.3.0 an earlier run may have delivered it, and a reader moved it")
        )


def _stored(parcel: Parcel) -> bytes:
    head = b"Return-Path: <%b>\n" % parcel.sender.encode()
    return head + parcel.message.replace(b"\r\n", b"\n")


def _digest(parcel: Parcel) -> str:
    named = "\0".join([parcel.key, *sorted(parcel.recipients)])
    return hashlib.blake2b(named.encode("utf-8", "surrogateescape"), digest_size=12).hexdigest()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise InputOutputError(f"{path}: {exc.strerror}") from exc
