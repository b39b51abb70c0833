"""A webhook on loopback: real HTTPS that keeps what it gets and answers what a test says."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.servers.smtp import Authority

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """One POST."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Hook:
    """A running webhook; ``answers`` are given in turn, the last one again and again."""

    ca: Path
    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=lambda: [(200, b"ok", {})])
    requests: list[Request] = field(default_factory=list)
    pause: float = 0.0
    drip: bool = False
    port: int = 0

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/mail?key=7"

    def say(self, *statuses: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.answers = [(status, body, headers or {}) for status in statuses]

    def taken(self) -> tuple[int, bytes, dict[str, str]]:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


class _Handler(BaseHTTPRequestHandler):
    hook: Hook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.hook.requests.append(Request(self.path, dict(self.headers.items()), body))
        time.sleep(self.hook.pause)
        status, answer, headers = self.hook.taken()
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            for at in range(0, len(answer), 1 if self.hook.drip else 65536):
                self.wfile.write(answer[at : at + (1 if self.hook.drip else 65536)])
                time.sleep(0.05 if self.hook.drip else 0)
        except OSError:
            pass  # the client has had enough

    def log_message(self, *_args: object) -> None:
        """Nothing on stderr."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """A client that goes away in the handshake is no news."""


@pytest.fixture
def hook(authority: Authority) -> Iterator[Callable[..., Hook]]:
    """Start webhooks; ``context`` is another certificate than the authority's own."""
    running: list[_Server] = []

    def start(*, context: ssl.SSLContext | None = None) -> Hook:
        made = Hook(authority.ca)
        handler = type("Handler", (_Handler,), {"hook": made})
        server = _Server((HOST, 0), handler)
        server.socket = (context or authority.context).wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        made.port = server.server_address[1]
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return made

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
