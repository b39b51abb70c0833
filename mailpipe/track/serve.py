"""Run the pixel server until a signal ends it; what it has answered is then in the database."""

import asyncio
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn
import uvloop

from mailpipe.errors import UnavailableError, WorldError
from mailpipe.track.app import Policy, Server
from mailpipe.track.buffer import Buffer
from mailpipe.track.protocol import Bounded
from mailpipe.wire.trackdb import TrackDatabase

CONNECTIONS = 2000  # at once; more are told to come back
STOP_SECONDS = 10  # for requests under way when the server ends
BACKLOG = 2048
DAY = 24 * 3600.0
FORGET_EVERY = 3600.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen:
    """Where to listen, whose X-Forwarded-For to believe, and after how many days to forget."""

    host: str
    port: int
    proxies: Sequence[str]
    keep_days: float | None


def serve(listen: Listen, policy: Policy, database: TrackDatabase, report: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.  Raises WorldError."""
    with (
        listening(listen.host, listen.port) as found,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop,
    ):
        host, port = found.getsockname()[:2]
        report(f"listening on http://{f'[{host}]' if ':' in host else host}:{port}")
        loop.run(_serve(found, listen, policy, database, report))


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that listens; raises UnavailableError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, OverflowError) as exc:
        said = getattr(exc, "strerror", None) or exc
        raise UnavailableError(f"cannot listen on {host} port {port}: {said}") from exc
    with found:
        yield found


class _Uvicorn(uvicorn.Server):
    """uvicorn without its way with signals: it would raise them again when it has ended."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to :func:`_serve`."""
        yield


async def _serve(
    found: socket.socket,
    listen: Listen,
    policy: Policy,
    database: TrackDatabase,
    report: Callable[[str], None],
) -> None:
    buffer = Buffer(database, report)
    server = _Uvicorn(
        uvicorn.Config(
            Server(policy, buffer).app(),
            http=Bounded,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            proxy_headers=bool(listen.proxies),
            forwarded_allow_ips=list(listen.proxies),
            limit_concurrency=CONNECTIONS,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
    )

    def stop() -> None:
        server.should_exit = True

    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop)
    buffer.start()
    forgetting = asyncio.create_task(_forget(database, listen.keep_days, policy.clock, report))
    try:
        await server.serve([found])
    finally:
        forgetting.cancel()
        await buffer.close()


async def _forget(
    database: TrackDatabase, days: float | None, clock: Callable[[], float], report: Callable[[str], None]
) -> None:
    while days is not None:
        try:
            await asyncio.to_thread(database.forget, clock() - days * DAY)
        except WorldError as exc:
            report(f"nothing could be forgotten: {exc}")
        await asyncio.sleep(FORGET_EVERY)


def wall_clock() -> float:
    """Seconds since the epoch."""
    return time.time()
