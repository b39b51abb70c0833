"""A real shell on a terminal of its own, to press TAB in."""

import os
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

SECONDS = 20.0


class Terminal:
    """A process whose three streams are one terminal; use as a context."""

    def __init__(self, argv: Sequence[str], *, env: Mapping[str, str], cwd: Path) -> None:
        self._master, slave = os.openpty()
        self._process = subprocess.Popen(
            argv, stdin=slave, stdout=slave, stderr=slave, env=dict(env), cwd=cwd, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def __enter__(self) -> "Terminal":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _exc: BaseException | None, _tb: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def type(self, text: str) -> None:
        """Type, as a person would."""
        os.write(self._master, text.encode())

    def run(self, command: str) -> None:
        """Type a command and wait until it has ended."""
        self.type(f"{command}; echo rea''dy\n")
        self.until("ready\n")

    def until(self, mark: str) -> str:
        """What is shown up to and with ``mark``; a shell that does not show it in time is a failure."""
        deadline = time.monotonic() + SECONDS
        while mark not in self.seen:
            ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.monotonic()))
            assert ready, f"{mark!r} was not shown within {SECONDS} s but {self.seen!r}"
            self.seen += os.read(self._master, 65_536).decode("utf-8", "replace").replace("\r", "")
        shown, _, self.seen = self.seen.partition(mark)
        return shown + mark
