"""Servers that do what a test says: an IMAP server out of a table, and a tap on a connection."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest

HOST = "127.0.0.1"
Reply = Callable[[str, str], bytes]
BASIC = "IMAP4rev1 SASL-IR AUTH=PLAIN LITERAL+ UIDPLUS"


class Line(threading.Thread):
    """Accepts connections on a port of its own and handles each in a thread."""

    def __init__(self, handle: Callable[[socket.socket], None]) -> None:
        super().__init__(daemon=True)
        self._handle = handle
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]

    def run(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._served, args=(link,), daemon=True).start()

    def _served(self, link: socket.socket) -> None:
        with link:
            try:
                self._handle(link)
            except OSError:
                pass  # the client has gone

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.join(10)


@dataclass
class FakeImap:
    """A mailbox of ``messages`` by UID; ``replies`` override what is answered to commands by prefix."""

    messages: dict[int, bytes] = field(default_factory=dict)
    replies: dict[str, Reply] = field(default_factory=dict)
    greeting: bytes = b"* OK ready\r\n"
    capabilities: str = BASIC
    log: list[str] = field(default_factory=list)
    port: int = 0

    def url(self) -> str:
        return f"imap://joe@{HOST}:{self.port}"

    def handle(self, link: socket.socket) -> None:
        link.sendall(self.greeting)
        with link.makefile("rb") as lines:
            while raw := lines.readline():
                line = raw.decode("latin-1").rstrip("\r\n")
                while literal := re.search(r"\{(\d+)(\+?)\}$", line):
                    if not literal[2]:
                        link.sendall(b"+ go ahead\r\n")
                    line += lines.read(int(literal[1])).decode("latin-1")
                    line += lines.readline().decode("latin-1").rstrip("\r\n")
                self.log.append(line)
                tag, _, rest = line.partition(" ")
                answer = self.answer(tag, rest)
                if answer == b"":
                    return
                link.sendall(answer)

    def answer(self, tag: str, rest: str) -> bytes:
        """What is sent back; nothing at all closes the connection."""
        for prefix, reply in self.replies.items():
            if rest.startswith(prefix):
                return reply(tag, rest)
        return self.usual(tag, rest)

    def usual(self, tag: str, rest: str) -> bytes:
        done = f"{tag} OK done\r\n".encode()
        if rest.startswith("CAPABILITY"):
            return f"* CAPABILITY {self.capabilities}\r\n".encode() + done
        if rest.startswith("EXAMINE"):
            return f"* {len(self.messages)} EXISTS\r\n* OK [UIDVALIDITY 7] ok\r\n".encode() + done
        if rest.startswith("LIST"):
            return b'* LIST () "/" ""\r\n' + done
        if rest.startswith("UID SEARCH"):
            return f"* SEARCH {' '.join(map(str, self.messages))}\r\n".encode() + done
        if rest.startswith("UID FETCH"):
            asked = uids(rest.split()[2])
            return b"".join(self.item(uid, rest) for uid in asked if uid in self.messages) + done
        if rest.startswith("LOGOUT"):
            return b""
        return done

    def item(self, uid: int, rest: str) -> bytes:
        raw = self.messages[uid]
        if "RFC822.SIZE" in rest:
            date = '"20-Nov-2026 09:00:00 +0100"'
            return (
                f"* {uid} FETCH (UID {uid} FLAGS () INTERNALDATE {date} RFC822.SIZE {len(raw)})\r\n".encode()
            )
        return f"* {uid} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"


def uids(text: str) -> list[int]:
    found: list[int] = []
    for low, high in re.findall(r"(\d+)(?::(\d+))?", text):
        found.extend(range(int(low), int(high or low) + 1))
    return found


class Start(Protocol):
    def __call__(self, server: FakeImap) -> FakeImap: ...


@pytest.fixture
def fake_imap() -> Iterator[Start]:
    """Start a scripted server."""
    running: list[Line] = []

    def start(server: FakeImap) -> FakeImap:
        line = Line(server.handle)
        server.port = line.port
        line.start()
        running.append(line)
        return server

    yield start
    for line in running:
        line.stop()


class Tap:
    """Stands between a client and a server; ``see(from_client, octets)`` says what goes through.

    When it returns None the connection ends there.
    """

    def __init__(self, upstream: int, see: Callable[[bool, bytes], bytes | None]) -> None:
        self._upstream = upstream
        self._see = see
        self._line = Line(self._handle)
        self.port = self._line.port

    def __enter__(self) -> "Tap":
        self._line.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._line.stop()

    def _handle(self, client: socket.socket) -> None:
        with socket.create_connection((HOST, self._upstream)) as server:
            back = threading.Thread(target=self._pump, args=(server, client, False), daemon=True)
            back.start()
            self._pump(client, server, True)
            back.join(10)

    def _pump(self, source: socket.socket, goal: socket.socket, from_client: bool) -> None:
        try:
            while data := source.recv(65536):
                passed = self._see(from_client, data)
                if passed is None:
                    break
                goal.sendall(passed)
        except OSError:
            pass
        for end in (source, goal):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
