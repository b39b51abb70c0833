"""HTTP CONNECT: what the proxy answers means something, and not an octet of the server is lost."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailpipe.errors import (
    ConfigError,
    NotPermittedError,
    ProtocolError,
    TemporaryError,
    UnavailableError,
    WorldError,
)
from mailpipe.wire import proxy
from tests.conftest import Run
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import PASSWORD
from tests.servers.scripted import HOST, Line

GOAL = ("imap.example.com", 143)


@pytest.fixture
def answering() -> Iterator[list[bytes]]:
    """A proxy that gives one answer; the list is [answer], then what it was asked."""
    script: list[bytes] = []

    def handle(link: socket.socket) -> None:
        script.append(link.recv(4096))
        link.sendall(script[0])
        link.recv(1)

    line = Line(handle)
    line.start()
    script.append(f"http://{HOST}:{line.port}".encode())
    yield script
    line.stop()


def connect(script: list[bytes], answer: bytes) -> socket.socket:
    url = script[0].decode()
    script[0] = answer
    return proxy.connect(url, *GOAL, timeout=5)


def test_a_greeting_in_the_same_segment_is_not_swallowed(answering: list[bytes]) -> None:
    with connect(answering, b"HTTP/1.1 200 OK\r\nVia: x\r\n\r\n* OK ready\r\n") as link:
        assert link.recv(100) == b"* OK ready\r\n"

    assert answering[1].startswith(b"CONNECT imap.example.com:143 HTTP/1.1\r\nHost: imap.example.com:143\r\n")


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", NotPermittedError),
        (b"HTTP/1.1 302 Found\r\nLocation: http://login.example.com\r\n\r\n", UnavailableError),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", UnavailableError),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", TemporaryError),
        (b"* OK I am an IMAP server\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 2oo OK\r\n\r\n", ProtocolError),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20000, ProtocolError),
    ],
)
def test_what_a_proxy_answers_is_told(answering: list[bytes], answer: bytes, kind: type[WorldError]) -> None:
    with pytest.raises(kind):
        connect(answering, answer)


@pytest.mark.parametrize("url", ["proxy:3128", "socks4://p:1", "http://", "http://p:x", "http://a:b@p:1"])
def test_what_is_no_proxy_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigError):
        proxy.connect(url, *GOAL, timeout=5)


def test_an_ipv6_address_gets_brackets() -> None:
    assert proxy.request("2001:db8::1", 993).startswith(b"CONNECT [2001:db8::1]:993 HTTP/1.1\r\n")


@pytest.mark.parametrize("tls", [False, True], ids=["imap", "imaps"])
def test_mail_is_fetched_through_a_real_proxy(
    dovecot: Dovecot, http_proxy: str, user: str, run: Run, tmp_path: Path, tls: bool
) -> None:
    dovecot.add(user, b"Subject: through the proxy\r\n\r\nhello\r\n")
    config = dovecot.config(tmp_path / "config.yaml", user, tls=tls, more=f", proxy: '{http_proxy}'")

    result = run(["fetch", "--config", str(config)])

    assert (len(result.records), result.stderr, result.status) == (1, "", 0)


def test_a_proxy_with_login(
    dovecot: Dovecot, http_proxy_with_login: str, user: str, run: Run, tmp_path: Path
) -> None:
    more = f", proxy: '{http_proxy_with_login}'"
    config = dovecot.config(tmp_path / "config.yaml", user, tls=True, more=more)

    refused = run(["fetch", "--config", str(config)])
    granted = run(["fetch", "--config", str(config)], env={proxy.PASSWORD: PASSWORD})

    assert (refused.status, granted.status) == (77, 0)
    assert "MAILPIPE_PROXY_PASSWORD" in refused.stderr
    assert PASSWORD not in refused.stderr


@pytest.mark.parametrize("tls", [False, True], ids=["imap", "imaps"])
def test_mail_is_fetched_through_socks(
    dovecot: Dovecot, socks_proxy: str, user: str, run: Run, tmp_path: Path, tls: bool
) -> None:
    dovecot.add(user, b"Subject: through the proxy\r\n\r\nhello\r\n")
    config = dovecot.config(tmp_path / "config.yaml", user, tls=tls, more=f", proxy: '{socks_proxy}'")

    result = run(["fetch", "--config", str(config)])

    assert (len(result.records), result.stderr, result.status) == (1, "", 0)


def test_socks_with_login(
    dovecot: Dovecot, socks_proxy_with_login: str, user: str, run: Run, tmp_path: Path
) -> None:
    more = f", proxy: '{socks_proxy_with_login}'"
    config = ["--config", str(dovecot.config(tmp_path / "config.yaml", user, more=more))]

    refused = run(["fetch", *config], env={proxy.PASSWORD: "guessed"})
    granted = run(["fetch", *config], env={proxy.PASSWORD: PASSWORD})

    assert (refused.status, granted.status) == (77, 0)
    assert "guessed" not in refused.stderr


def test_socks_that_wants_a_login_says_so(socks_proxy_with_login: str) -> None:
    with pytest.raises(NotPermittedError, match="wants a login"):
        proxy.connect(socks_proxy_with_login.replace("desk@", ""), *GOAL, timeout=5)


def test_a_server_that_socks_does_not_reach_may_be_there_later(socks_proxy: str) -> None:
    with pytest.raises(TemporaryError, match="the connection was refused"):
        proxy.connect(socks_proxy, HOST, 1, timeout=5)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\5\0\4\0\0\1"])
def test_what_does_not_speak_socks_is_told(answering: list[bytes], answer: bytes) -> None:
    answering[0] = answering[0].replace(b"http:", b"socks5:")

    with pytest.raises(ProtocolError):
        connect(answering, answer)


@pytest.mark.parametrize("tls", [False, True], ids=["imap", "imaps"])
def test_mail_is_fetched_through_an_encrypted_proxy(
    dovecot: Dovecot, https_proxy: tuple[str, Path], user: str, run: Run, tmp_path: Path, tls: bool
) -> None:
    url, ca = https_proxy
    dovecot.add(user, b"Subject: through the proxy\r\n\r\n" + b"hello\r\n" * 100_000)
    config = dovecot.config(tmp_path / "config.yaml", user, tls=tls, more=f", proxy: '{url}'")
    env = {proxy.PASSWORD: PASSWORD, "SSL_CERT_FILE": str(ca)}

    result = run(["fetch", "--config", str(config)], env=env)

    assert (len(result.records), result.stderr, result.status) == (1, "", 0)
    assert run(["fetch", "--config", str(config)], env={proxy.PASSWORD: PASSWORD}).status == 69
