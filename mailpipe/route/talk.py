"""Talks with a child process: writes its stdin and reads its output at the same time, within limits."""

import os
import selectors
import subprocess
from typing import IO

CHUNK = 65_536  # octets per read or write
KEPT = 4_096  # octets of each output that are kept
DRAINED = 1_048_576  # octets that are read after the end of a process, in case its children go on writing


class Talk:
    """The three pipes of one child process."""

    def __init__(self, process: "subprocess.Popen[bytes]", stdin: bytes) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._stdin: IO[bytes] = process.stdin
        self._left = memoryview(stdin)
        self._outputs = (process.stdout, process.stderr)
        self._kept: dict[IO[bytes], bytearray] = {output: bytearray() for output in self._outputs}
        self._lost: dict[IO[bytes], int] = dict.fromkeys(self._outputs, 0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._stdin, selectors.EVENT_WRITE)
        for output in self._outputs:
            self._selector.register(output, selectors.EVENT_READ)
        for pipe in (self._stdin, *self._outputs):
            os.set_blocking(pipe.fileno(), False)

    def step(self, seconds: float) -> bool:
        """Move what can be moved, waiting at most so long; False if nothing is left to move."""
        if not self._selector.get_map():
            return False
        for key, _events in self._selector.select(seconds):
            if key.fileobj is self._stdin:
                self._write()
            else:
                self._read(key.fileobj)  # type: ignore[arg-type]
        return True

    def drain(self) -> None:
        """Read what is in the pipes; a child of the child that still writes is not waited for."""
        self._end(self._stdin)
        for output in self._outputs:
            for _ in range(DRAINED // CHUNK):
                if output not in self._open() or not self._read(output):
                    break

    def close(self) -> None:
        """Close everything."""
        for pipe in self._open():
            self._end(pipe)
        self._selector.close()

    def excerpts(self) -> tuple[str, str]:
        """The beginning of stdout and stderr as text; says how much is left out."""
        return self._excerpt(self._outputs[0]), self._excerpt(self._outputs[1])

    def _excerpt(self, output: IO[bytes]) -> str:
        text = self._kept[output].decode("utf-8", "replace")
        return f"{text}\n[{self._lost[output]} more octets]" if self._lost[output] else text

    def _open(self) -> list[IO[bytes]]:
        return [key.fileobj for key in self._selector.get_map().values()]  # type: ignore[misc]

    def _write(self) -> None:
        try:
            written = os.write(self._stdin.fileno(), self._left[:CHUNK])
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._end(self._stdin)  # a handler need not read; its status says what it thinks
            return
        self._left = self._left[written:]
        if not self._left:
            self._end(self._stdin)

    def _read(self, output: IO[bytes]) -> bool:
        try:
            data = os.read(output.fileno(), CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._end(output)
            return False
        kept = self._kept[output]
        room = max(0, KEPT - len(kept))
        kept += data[:room]
        self._lost[output] += len(data) - len(data[:room])
        return True

    def _end(self, pipe: IO[bytes]) -> None:
        if pipe in self._open():
            self._selector.unregister(pipe)
        pipe.close()
