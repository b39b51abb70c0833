"""The pixel server itself, as a process on a loopback port, and a client that is none of ours."""

import http.client
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.conftest import MAILPIPE

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Pixels:
    """A running server."""

    process: "subprocess.Popen[bytes]"
    host: str
    port: int
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request on a connection of its own."""
        path = urlsplit(path).path if "://" in path else path
        with closing(http.client.HTTPConnection(self.host, self.port, timeout=20)) as client:
            client.request(method, path, body, {"User-Agent": AGENT, **(headers or {})})
            got = client.getresponse()
            return Answer(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """End it, and wait; its status."""
        if self.process.poll() is None:
            self.process.send_signal(signum)
        status = self.process.wait(30)
        if self.process.stderr and not self.process.stderr.closed:
            self.said += self.process.stderr.read().decode().splitlines()
            self.process.stderr.close()
        return status


Start = Callable[..., Pixels]


@pytest.fixture
def pixels(home_env: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a server: ``pixels("--own", "10.0.0.0/8", env={...})``."""
    started: list[Pixels] = []

    def start(*args: str, env: Mapping[str, str] | None = None) -> Pixels:
        process = subprocess.Popen(
            [MAILPIPE, "track", "serve", "--listen", "127.0.0.1:0", *args],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**home_env, **(env or {})},
            cwd=tmp_path,
        )
        assert process.stderr
        line = process.stderr.readline().decode()
        where = urlsplit(line.rpartition(" ")[2].strip())
        assert where.hostname, line
        assert where.port, line
        server = Pixels(process, where.hostname, where.port)
        started.append(server)
        _answering(server)
        return server

    yield start
    for server in started:
        server.stop(signal.SIGKILL)


def _answering(server: Pixels) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if server.ask("/health").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail("the pixel server does not answer")
