"""Real mail servers: aiosmtpd, smtp-sink, a private Postfix, and one that misbehaves by script."""

import contextlib
import os
import pwd
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller, UnixSocketController
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers import need

HOST = "127.0.0.1"
USER, PASSWORD = "desk", "correct-horse"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Mail:
    """What a server was given."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    options: tuple[str, ...] = ()
    tls: bool = False
    user: str | None = None


@dataclass
class Recorder:
    """A handler that keeps what it gets; faults by the recipient's local part.

    ``nobody`` is refused with 550, ``full`` with 552, ``later`` with 451; ``answer`` is said after
    the dot.
    """

    answer: str = "250 2.0.0 queued as A1B2C3"
    mails: list[Mail] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802 -- aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        local = address.partition("@")[0]
        if local in REFUSALS:
            return REFUSALS[local]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        content = envelope.original_content or b""
        user = session.auth_data.login.decode() if session.auth_data else None
        if self.answer.startswith("2"):
            options = tuple(envelope.mail_options)
            self.mails.append(
                Mail(
                    envelope.mail_from or "",
                    tuple(envelope.rcpt_tos),
                    content,
                    options,
                    session.ssl is not None,
                    user,
                )
            )
        return self.answer


REFUSALS = {
    "nobody": "550 5.1.1 no such mailbox",
    "full": "552 5.2.2 mailbox full",
    "later": "451 4.3.0 try again later",
}


@dataclass
class Server:
    """A running server."""

    port: int
    recorder: Recorder
    ca: Path

    @property
    def mails(self) -> list[Mail]:
        return self.recorder.mails

    def url(self, scheme: str = "smtp", user: str | None = None, host: str = HOST) -> str:
        return f"{scheme}://{user + '@' if user else ''}{host}:{self.port}"


@dataclass
class Authority:
    """A certificate authority of our own and a certificate of localhost's."""

    ca: Path
    context: ssl.SSLContext
    fingerprint: str


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates that only those trust who are told to."""
    folder = tmp_path_factory.mktemp("authority")
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost", HOST)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    der = ssl.PEM_cert_to_DER_cert(certificate.cert_chain_pems[0].bytes().decode())
    import hashlib

    return Authority(folder / "ca.pem", context, hashlib.sha256(der).hexdigest())


def authenticated(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False)
    good = data.login == USER.encode() and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False, auth_data=data if good else None)


class Controlled(Controller):
    """aiosmtpd with what it is given for its own SMTP class."""

    def __init__(self, recorder: Recorder, kind: type[SMTP] = SMTP, **kwargs: Any) -> None:
        self._kind = kind
        self._tls = kwargs.pop("tls", None)
        super().__init__(recorder, hostname=HOST, port=free_port(), ssl_context=self._tls)
        self._arguments = {"hostname": "mx.example.net", "enable_SMTPUTF8": True, **kwargs}

    def factory(self) -> SMTP:
        if self._tls is None:
            return self._kind(self.handler, loop=self.loop, **self._arguments)
        with warnings.catch_warnings():
            # aiosmtpd does not see that it is spoken to in TLS from the start.
            warnings.simplefilter("ignore", UserWarning)
            return self._kind(self.handler, loop=self.loop, auth_require_tls=False, **self._arguments)


class UnixSocketLmtp(UnixSocketController):
    """aiosmtpd's LMTP on a Unix socket."""

    def factory(self) -> SMTP:
        return LMTP(self.handler, loop=self.loop, hostname="mx.example.net")


Start = Callable[..., Server]


@pytest.fixture
def smtpd(authority: Authority) -> Iterator[Start]:
    """Start an aiosmtpd: ``smtpd()``, ``smtpd(starttls=True)``, ``smtpd(tls=True)``, ``smtpd(lmtp=True)``.

    ``auth=True`` takes USER and PASSWORD, over TLS alone; other arguments go to aiosmtpd's SMTP.
    """
    running: list[Controlled] = []

    def start(
        *,
        starttls: bool = False,
        tls: bool = False,
        auth: bool = False,
        lmtp: bool = False,
        recorder: Recorder | None = None,
        **kwargs: Any,
    ) -> Server:
        recorder = recorder or Recorder()
        if starttls:
            kwargs |= {"tls_context": authority.context, "require_starttls": True}
        if auth:
            kwargs |= {"authenticator": authenticated, "auth_required": True}
        controller = Controlled(
            recorder, LMTP if lmtp else SMTP, tls=authority.context if tls else None, **kwargs
        )
        controller.start()
        running.append(controller)
        return Server(controller.port, recorder, authority.ca)

    yield start
    for controller in running:
        controller.stop()


@dataclass
class Sink:
    """A running smtp-sink; ``dumps`` has a file for each message that it took."""

    port: int
    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    @property
    def dumps(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.iterdir())]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def sink() -> Iterator[Callable[..., Sink]]:
    """Start smtp-sink with more arguments, such as its faults: ``sink("-q", ".")``."""
    program = need("smtp-sink")
    folder = Path(tempfile.mkdtemp(prefix="mailpipe-sink-"))
    folder.chmod(0o777)
    running: list[Sink] = []

    def start(*arguments: str, port: int | None = None) -> Sink:
        dumps = folder / f"{len(running)}"
        dumps.mkdir(mode=0o777)
        dumps.chmod(0o777)
        port = port or free_port()
        user = ["-u", "nobody"] if os.getuid() == 0 else []
        command = [program, *user, "-d", f"{dumps}/%s.", *arguments, f"{HOST}:{port}", "100"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        running.append(Sink(port, dumps, process))
        until_open(port)
        return running[-1]

    yield start
    for one in running:
        one.stop()
    shutil.rmtree(folder)


def until_open(port: int) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1):
            return
        time.sleep(0.02)
    pytest.fail(f"nobody listens on port {port}")


MAIN_CF = """
compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
maillog_file = {base}/log
maillog_file_prefixes = {base}
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.example.net
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
smtputf8_enable = yes
virtual_mailbox_domains = example.net
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = static:inbox/
virtual_minimum_uid = 1
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
default_transport = error:only example.net
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{nobody@example.net=550 5.1.1 no such mailbox}} }}
"""
MASTER_CF = """
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
error unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """A running Postfix that delivers everything for example.net into one Maildir."""

    port: int
    base: Path

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    @property
    def delivered(self) -> list[bytes]:
        """The messages as they lie in the Maildir, oldest first."""
        files = (self.base / "mail" / "inbox" / "new").glob("*")
        return [path.read_bytes() for path in sorted(files, key=lambda path: path.stat().st_mtime_ns)]

    def wait(self, count: int) -> list[bytes]:
        """The messages once there are so many."""
        deadline = time.monotonic() + 30
        while len(self.delivered) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.delivered

    def clear(self) -> None:
        """Take everything away."""
        shutil.rmtree(self.base / "mail" / "inbox", ignore_errors=True)


@pytest.fixture(scope="session")
def postfix_server() -> Iterator[Postfix]:
    """One Postfix for all tests of a process; it needs root."""
    program = need("postfix")
    if os.getuid() != 0:
        pytest.skip("Postfix starts as root only")
    base = Path(tempfile.mkdtemp(prefix="mailpipe-postfix-"))
    base.chmod(0o755)  # Postfix's own user has to reach it, which pytest's folders do not allow
    owner = pwd.getpwnam("postfix")
    for name in ("etc", "queue", "data", "mail"):
        (base / name).mkdir()
    for name in ("data", "mail"):
        os.chown(base / name, owner.pw_uid, owner.pw_gid)
    port = free_port()
    (base / "etc/main.cf").write_text(MAIN_CF.format(base=base, uid=owner.pw_uid, gid=owner.pw_gid))
    (base / "etc/master.cf").write_text(MASTER_CF.format(port=port))
    try:
        postfix(program, base, "start")
        until_open(port)
        yield Postfix(port, base)
    finally:
        postfix(program, base, "stop")
        shutil.rmtree(base, ignore_errors=True)


def postfix(program: str, base: Path, verb: str) -> None:
    """Run the control program of one private instance."""
    done = subprocess.run(
        [program, "-c", str(base / "etc"), verb], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def postfix_mail(postfix_server: Postfix) -> Postfix:
    """A Postfix whose mailbox is empty."""
    postfix_server.clear()
    return postfix_server


class Scripted:
    """A server that says what a script tells it, and keeps every octet that it hears.

    ``script`` is called for each connection with the socket, from which it reads with
    ``heard``; it may do everything a bad server does.
    """

    def __init__(self, script: Callable[["Talk"], None]) -> None:
        self.octets = b""
        self.connections = 0
        self._script = script
        self._lock = threading.Lock()
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://{HOST}:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._talk, args=(link,), daemon=True).start()

    def _talk(self, link: socket.socket) -> None:
        with link, contextlib.suppress(OSError):
            link.settimeout(20)
            self._script(Talk(link, self))

    def heard(self, data: bytes) -> None:
        with self._lock:
            self.octets += data

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(30)


class Talk:
    """One connection of a scripted server."""

    def __init__(self, link: socket.socket, server: Scripted) -> None:
        self.link = link
        self._server = server
        self._buffer = b""

    def say(self, *lines: str) -> None:
        self.link.sendall("".join(line + "\r\n" for line in lines).encode())

    def hear(self, end: bytes = b"\r\n") -> bytes:
        """Everything up to and with ``end``; empty when the client has gone."""
        while end not in self._buffer:
            data = self.link.recv(65536)
            if not data:
                return b""
            self._server.heard(data)
            self._buffer += data
        found = self._buffer.index(end) + len(end)
        heard, self._buffer = self._buffer[:found], self._buffer[found:]
        return heard


@pytest.fixture
def scripted() -> Iterator[Callable[[Callable[[Talk], None]], Scripted]]:
    """Start a server that follows a script."""
    running: list[Scripted] = []

    def start(script: Callable[[Talk], None]) -> Scripted:
        running.append(Scripted(script))
        return running[-1]

    yield start
    for server in running:
        server.close()


def polite(talk: Talk, *extensions: str, answer: str = "250 2.0.0 taken") -> None:
    """An ordinary server without faults, one command at a time or pipelined."""
    talk.say("220 mx.example.net ESMTP")
    while command := talk.hear():
        verb = command[:4].upper()
        if verb in (b"EHLO", b"LHLO"):
            lines = ["mx.example.net", *extensions]
            talk.say(*(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines))
        elif verb == b"DATA":
            talk.say("354 go on")
            if not talk.hear(b"\r\n.\r\n"):
                return
            talk.say(answer)
        elif verb == b"QUIT":
            talk.say("221 bye")
            return
        else:
            talk.say("250 2.0.0 Ok")
