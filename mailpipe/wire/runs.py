"""Tell which runs of send are still there, and what one that was killed had begun and heard.

Each run holds a lock on a file of its own while it lives.  A lock goes with its process, however
that ends; a process number may be used again.  In the file the run writes what it begins and what
it hears, line by line, without waiting for the disk: that outlives the process, not the machine,
and so it is believed only until the next boot.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from mailpipe.errors import InputOutputError

BOOT = Path("/proc/sys/kernel/random/boot_id")
ROOM = 1024 * 1024  # octets after which a file is begun anew


class Runs:
    """The runs that share a state directory; every method may raise InputOutputError."""

    def __init__(self, state_dir: Path) -> None:
        self._dir = state_dir
        self._own = ""
        self._file = -1
        self._size = 0

    def own(self) -> str:
        """The name of this run; it counts as alive from the first call on."""
        if not self._own:
            name = f"{os.getpid()}-{os.urandom(6).hex()}"
            self._renew(name, b"")
            self._own = name
        return self._own

    def write(self, lines: bytes) -> None:
        """Add lines to this run's file."""
        self.own()
        self._size += len(lines)
        try:
            if os.write(self._file, lines) != len(lines):
                raise InputOutputError(f"{self._path(self._own)}: it was not written whole")
        except OSError as exc:
            raise InputOutputError(f"{self._path(self._own)}: {exc.strerror}") from exc

    @property
    def full(self) -> bool:
        """Whether it is time for :meth:`renew`."""
        return self._size > ROOM

    def renew(self, lines: bytes) -> None:
        """Begin this run's file anew, with what of it is still of use."""
        before = self._file
        self._renew(self._own, lines)
        os.close(before)  # and with it the lock on the old one, which nobody can open any more

    def _renew(self, name: str, lines: bytes) -> None:
        hidden = self._dir / f".send-{name}"
        try:
            flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_APPEND
            file = os.open(hidden, flags, 0o600)
            fcntl.flock(file, fcntl.LOCK_EX)
            os.write(file, _boot() + lines)
            hidden.rename(self._path(name))  # nobody sees it before it is locked and whole
        except OSError as exc:
            raise InputOutputError(f"{self._path(name)}: {exc.strerror}") from exc
        self._file, self._size = file, len(lines)

    def alive(self, run: str) -> bool:
        """Whether another run is still there."""
        if not run or run == self._own:
            return False
        try:
            file = os.open(self._path(run), os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            return not _locked(file)
        finally:
            os.close(file)

    def dead(self) -> Iterator[tuple[str, list[bytes] | None]]:
        """Runs that were killed, with the lines they wrote, or None where those prove nothing.

        A run is forgotten when the next one is asked for; until then others take it for alive.
        """
        for path in sorted(self._dir.glob("send-*.lock")):
            run = path.name.removeprefix("send-").removesuffix(".lock")
            if run == self._own:
                continue
            try:
                file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            except OSError:
                continue
            try:
                if _locked(file):
                    yield run, _read(file)
                    path.unlink(missing_ok=True)
            finally:
                os.close(file)

    def close(self, *, keep: bool = False) -> None:
        """Take away this run's file; or ``keep`` it for the next run, as if this one was killed."""
        if self._own:
            if not keep:
                self._path(self._own).unlink(missing_ok=True)
            os.close(self._file)
            self._own = ""

    def _path(self, run: str) -> Path:
        return self._dir / f"send-{run}.lock"


def _locked(file: int) -> bool:
    """Try to lock a file; False when a run that lives has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _boot() -> bytes:
    """What names the time since the machine was started; empty where nothing does."""
    with suppress(OSError):
        return BOOT.read_bytes().strip() + b"\n"
    return b"\n"


def _read(file: int) -> list[bytes] | None:
    try:
        octets = os.pread(file, os.fstat(file).st_size, 0)
    except OSError as exc:
        raise InputOutputError(f"what a run wrote: {exc.strerror}") from exc
    boot, *lines = octets.split(b"\n")
    if not boot or not lines or boot + b"\n" != _boot():
        return None
    return lines[:-1]  # what follows the last line end was not written whole
