"""What every test may use: mailpipe as a real process, alone or in a real shell, in a private home."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest

BIN = Path(sys.executable).parent
MAILPIPE = str(BIN / "mailpipe")
SERVERS = Path(__file__).parent / "servers"

pytest_plugins = [
    f"tests.servers.{path.stem}" for path in sorted(SERVERS.glob("*.py")) if path.stem != "__init__"
]


@dataclass(frozen=True)
class Result:
    """What a process left."""

    stdout: bytes
    stderr: str
    status: int

    @property
    def records(self) -> list[dict[str, Any]]:
        """stdout as JSON Lines."""
        return [json.loads(line) for line in self.stdout.splitlines()]


class Run(Protocol):
    def __call__(
        self,
        args: Sequence[str],
        *,
        stdin: bytes | Sequence[object] = ...,
        env: Mapping[str, str] | None = ...,
        cwd: Path | None = ...,
        timeout: float = ...,
    ) -> Result: ...


class Shell(Protocol):
    def __call__(
        self,
        script: str,
        *,
        stdin: bytes = ...,
        env: Mapping[str, str] | None = ...,
        cwd: Path | None = ...,
        timeout: float = ...,
    ) -> Result: ...


@pytest.fixture
def home_env(tmp_path: Path) -> dict[str, str]:
    """An environment with a private home, state and configuration, and mailpipe on PATH."""
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    kept = {name: value for name, value in os.environ.items() if name in ("LANG", "CI", "TMPDIR", "LC_ALL")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PATH": f"{BIN}:{os.environ.get('PATH', os.defpath)}",
    }


def as_stdin(stdin: bytes | Sequence[object]) -> bytes:
    """Octets as they are; anything else as JSON Lines."""
    if isinstance(stdin, bytes):
        return stdin
    return b"".join(json.dumps(record).encode() + b"\n" for record in stdin)


def finished(make: Callable[[], "subprocess.CompletedProcess[bytes]"]) -> Result:
    done = make()
    return Result(done.stdout, done.stderr.decode("utf-8", "replace"), done.returncode)


@pytest.fixture
def run(home_env: dict[str, str], tmp_path: Path) -> Run:
    """Run ``mailpipe ARGS`` as a process."""

    def call(
        args: Sequence[str],
        *,
        stdin: bytes | Sequence[object] = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> Result:
        return finished(
            lambda: subprocess.run(
                [MAILPIPE, *args],
                input=as_stdin(stdin),
                capture_output=True,
                env={**home_env, **(env or {})},
                cwd=cwd or tmp_path,
                timeout=timeout,
                check=False,
            )
        )

    return call


@pytest.fixture
def sh(home_env: dict[str, str], tmp_path: Path) -> Shell:
    """Run a script in a real /bin/sh."""

    def call(
        script: str,
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        timeout: float = 60,
    ) -> Result:
        return finished(
            lambda: subprocess.run(
                ["/bin/sh", "-c", script],
                input=stdin,
                capture_output=True,
                env={**home_env, **(env or {})},
                cwd=cwd or tmp_path,
                timeout=timeout,
                check=False,
            )
        )

    return call
