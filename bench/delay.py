"""Stand between a client and a server and hold everything back for half a round trip.

``python -m bench.delay PORT MILLISECONDS`` prints the port to connect to and runs until it is ended.
"""

import asyncio
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

HOST = "127.0.0.1"
_CHUNK = 256 * 1024
_HELD = 64  # chunks of one direction that are under way at most


async def _held_back(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Pass octets on, each ``delay`` seconds after it came."""
    loop = asyncio.get_running_loop()
    waiting: deque[tuple[float, bytes]] = deque()
    news, room = asyncio.Event(), asyncio.Semaphore(_HELD)

    async def collect() -> None:
        while True:
            await room.acquire()
            data = await reader.read(_CHUNK)
            waiting.append((loop.time() + delay, data))
            news.set()
            if not data:
                return

    collecting = asyncio.create_task(collect())
    try:
        while True:
            while not waiting:
                news.clear()
                await news.wait()
            due, data = waiting.popleft()
            room.release()
            await asyncio.sleep(due - loop.time())
            if not data:
                break
            writer.write(data)
            await writer.drain()
    except OSError:
        pass  # the other end has gone
    finally:
        collecting.cancel()
        writer.close()


async def _serve(port: int, delay: float) -> None:
    async def joined(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(HOST, port)
        await asyncio.gather(_held_back(reader, up_writer, delay), _held_back(up_reader, writer, delay))

    server = await asyncio.start_server(joined, HOST, 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def delayed(port: int, milliseconds: float) -> Iterator[int]:
    """A port that leads to ``port`` with a round trip of that length."""
    command = [sys.executable, "-m", "bench.delay", str(port), str(milliseconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]) / 2000))
