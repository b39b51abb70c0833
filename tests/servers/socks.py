"""A SOCKS5 proxy (RFC 1928), open or with a login, and an HTTPS way to an HTTP proxy."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.servers.proxy import PASSWORD, USER
from tests.servers.scripted import HOST, Line


def _exactly(link: socket.socket, count: int) -> bytes:
    return link.recv(count, socket.MSG_WAITALL)


def _pump(source: socket.socket, goal: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            goal.sendall(data)
    except OSError:
        pass
    for end in (source, goal):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _serve(link: socket.socket, *, login: bool) -> None:
    _, count = _exactly(link, 2)
    methods = _exactly(link, count)
    if login:
        if 2 not in methods:
            link.sendall(b"\5\xff")
            return
        link.sendall(b"\5\2")
        user = _exactly(link, _exactly(link, 2)[1])
        secret = _exactly(link, _exactly(link, 1)[0])
        good = (user.decode(), secret.decode()) == (USER, PASSWORD)
        link.sendall(b"\1\0" if good else b"\1\1")
        if not good:
            return
    else:
        link.sendall(b"\5\0")
    kind = _exactly(link, 4)[3]
    if kind == 3:
        host = _exactly(link, _exactly(link, 1)[0]).decode()
    else:
        host = socket.inet_ntop(socket.AF_INET if kind == 1 else socket.AF_INET6, _exactly(link, 4 * kind))
    port = int.from_bytes(_exactly(link, 2), "big")
    try:
        server = socket.create_connection((host, port), 10)
    except OSError:
        link.sendall(b"\5\5\0\1" + bytes(6))
        return
    with server:
        link.sendall(b"\5\0\0\1" + bytes(6))
        back = threading.Thread(target=_pump, args=(server, link), daemon=True)
        back.start()
        _pump(link, server)
        back.join(10)


@contextmanager
def _socks(*, login: bool) -> Iterator[int]:
    line = Line(lambda link: _serve(link, login=login))
    line.start()
    try:
        yield line.port
    finally:
        line.stop()


@pytest.fixture
def socks_proxy() -> Iterator[str]:
    """The URL of a proxy that lets everybody through."""
    with _socks(login=False) as port:
        yield f"socks5://{HOST}:{port}"


@pytest.fixture
def socks_proxy_with_login() -> Iterator[str]:
    """The URL of a proxy that wants user and password."""
    with _socks(login=True) as port:
        yield f"socks5://{USER}@{HOST}:{port}"


class _Encrypted:
    """Speaks TLS on a port of its own and passes what is inside on."""

    def __init__(self, folder: Path, upstream: int) -> None:
        authority = trustme.CA()
        self.ca = folder / "proxy-ca.pem"
        authority.cert_pem.write_to_path(self.ca)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("localhost").configure_cert(self._context)
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> int:
        self._thread.start()
        started = asyncio.start_server(self._joined, HOST, 0, ssl=self._context)
        self._server = asyncio.run_coroutine_threadsafe(started, self._loop).result(10)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(HOST, self._upstream)
        await asyncio.gather(self._pass(reader, up_writer), self._pass(up_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        writer.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._server.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()


@pytest.fixture
def https_proxy(http_proxy_with_login: str, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The URL of an HTTP proxy that is reached by TLS and wants a login, and the authority to trust."""
    encrypted = _Encrypted(tmp_path, int(http_proxy_with_login.rpartition(":")[2]))
    port = encrypted.start()
    yield f"https://{USER}@localhost:{port}", encrypted.ca
    encrypted.stop()
