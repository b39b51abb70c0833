"""A real HTTP proxy (tinyproxy) on a loopback port, open or with a login."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import need
from tests.servers.dovecot import HOST, free_port

USER, PASSWORD = "desk", "passw0rd"


@contextmanager
def tinyproxy(folder: Path, *, login: bool = False) -> Iterator[int]:
    """Run it for a while; its port."""
    for _attempt in range(5):  # another process may take the port before the server has it
        port = free_port()
        process = _started(folder / "tinyproxy.conf", port, login=login)
        if _answers(port, process):
            break
    else:
        pytest.fail("tinyproxy did not start")
    try:
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _started(config: Path, port: int, *, login: bool) -> "subprocess.Popen[bytes]":
    auth = f"BasicAuth {USER} {PASSWORD}\n" if login else ""
    config.write_text(f"Port {port}\nListen {HOST}\nTimeout 60\nMaxClients 50\nAllow {HOST}\n{auth}")
    return subprocess.Popen(
        [need("tinyproxy"), "-d", "-c", str(config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=5).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process.poll() is None
    process.kill()
    process.wait(20)
    return False


@pytest.fixture(scope="session")
def http_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a proxy that lets everybody through."""
    with tinyproxy(tmp_path_factory.mktemp("proxy")) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture(scope="session")
def http_proxy_with_login(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a proxy that wants user and password."""
    with tinyproxy(tmp_path_factory.mktemp("proxy"), login=True) as port:
        yield f"http://{USER}@{HOST}:{port}"
