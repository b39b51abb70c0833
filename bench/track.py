"""The pixel server under load: a steady rate of requests, each with a token of its own, all to be kept."""

import asyncio
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import cast

import uvloop

from bench.memory import resident
from bench.pairs import MAILPIPE
from mailpipe.mail import pixel
from mailpipe.track.app import GIF

KEY = b"a key for benchmarks"
CONFIG = "track: {key: {file: track.key}, database: {url: 'sqlite:opens.db'}}\n"
CONNECTIONS = 64
AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"


class Client(asyncio.Protocol):
    """One connection, kept alive: a request when it is told to, the time of each answer."""

    def __init__(self, times: list[float]) -> None:
        self._times = times
        self._begun: float | None = None
        self._data = b""
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast(asyncio.WriteTransport, transport)  # uvloop's is none of asyncio's classes

    def ask(self, number: int) -> bool:
        """Send a request, unless the last one is still open."""
        if self._begun is not None:
            return False
        self._begun = time.perf_counter()
        token = pixel.token(number.to_bytes(16, "big"), KEY)
        head = f"GET /o/{token}.gif HTTP/1.1\r\nHost: t.example.com\r\nUser-Agent: {AGENT}\r\n\r\n"
        self._transport.write(head.encode("ascii"))
        return True

    def close(self) -> None:
        """End the connection."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """An answer ends with the picture."""
        self._data += data
        if self._data.endswith(GIF) and self._begun is not None:
            self._times.append(time.perf_counter() - self._begun)
            self._begun = None
            self.answered += self._data.startswith(b"HTTP/1.1 200 ")
            self._data = b""


async def load(port: int, rate: int, seconds: float) -> tuple[int, int, list[float]]:
    """Requests that were sent, those that were answered, and the seconds that answers took."""
    loop = asyncio.get_running_loop()
    times: list[float] = []
    clients = []
    for _ in range(CONNECTIONS):
        _, client = await loop.create_connection(lambda: Client(times), "127.0.0.1", port)
        clients.append(client)
    started, sent, at = time.perf_counter(), 0, 0
    while (now := time.perf_counter() - started) < seconds:
        while sent < rate * now and any(clients[(at + step) % CONNECTIONS].ask(sent) for step in range(3)):
            sent += 1
            at += 1
        at += 1
        await asyncio.sleep(0.001)
    await asyncio.sleep(1)
    for client in clients:
        client.close()
    await asyncio.sleep(0.1)
    return sent, sum(client.answered for client in clients), times


def main(rate: int = 2000, seconds: float = 60.0) -> int:
    """Print one line; how many opens that were answered are missing (0 is right)."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "track.key").write_bytes(KEY)
        (folder / "track.key").chmod(0o600)
        (folder / "config.yaml").write_text(CONFIG)
        server = subprocess.Popen(
            [MAILPIPE, "track", "serve", "--listen", "127.0.0.1:0"],
            stderr=subprocess.PIPE,
            env={**os.environ, "MAILPIPE_CONFIG": str(folder / "config.yaml")},
        )
        assert server.stderr
        port = int(server.stderr.readline().rpartition(b":")[2])
        try:
            sent, answered, times = uvloop.run(load(port, rate, seconds))
            peak = resident(server.pid) // 1024
        finally:
            server.terminate()
            server.wait()
            server.stderr.close()
        kept, opens = counted(folder / "opens.db")
    times.sort()
    print(
        f"track serve, {sent / seconds:,.0f} requests/s for {seconds:.0f} s: {answered:,} answered, {kept:,} "
        f"kept in {opens:,} rows, median {statistics.median(times) * 1000:.1f} ms, "
        f"99 % in {times[len(times) * 99 // 100] * 1000:.1f} ms, peak {peak} MiB",
        flush=True,
    )
    return answered - kept


def counted(path: Path) -> tuple[int, int]:
    """Opens and rows, as an independent client sees them."""
    connection = sqlite3.connect(path)
    rows = connection.execute(
        "SELECT coalesce(sum(count), 0), count(DISTINCT id) FROM mailpipe_opens"
    ).fetchone()
    connection.close()
    return int(rows[0]), int(rows[1])


if __name__ == "__main__":
    sys.exit(bool(main(*(int(argument) for argument in sys.argv[1:3]))))
