"""A real Dovecot: plain and TLS ports on loopback, any user name, one password."""

import grp
import imaplib
import os
import pwd
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from tests.servers import need

PASSWORD = "correct-horse"
HOST = "127.0.0.1"
_CONFIG = """
protocols = imap
listen = 127.0.0.1
base_dir = {base}/run
state_dir = {base}/state
log_path = {base}/log
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
first_valid_uid = 1
mail_uid = {mail_uid}
mail_gid = {mail_gid}
mail_home = {base}/mail/%u
mail_location = maildir:~/Maildir
ssl = yes
ssl_cert = <{base}/server.pem
ssl_key = <{base}/server.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
mail_max_userip_connections = 100
mail_plugins = quota
protocol imap {{
  mail_plugins = quota imap_quota
}}
plugin {{
  quota = count:User quota
  quota_vsizes = yes
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={mail_uid} gid={mail_gid} home={base}/mail/%u
}}
namespace inbox {{
  inbox = yes
  {namespace}
  mailbox Sent {{
    special_use = \\Sent
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
{extra}
"""


@dataclass(frozen=True)
class Message:
    """What lies in a mailbox, as an independent client sees it."""

    uid: int
    flags: frozenset[str]
    raw: bytes


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Dovecot:
    """A running server; every user name exists, with an empty mailbox."""

    base: Path
    port: int
    tls_port: int
    ca: Path
    program: str
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    password: str = PASSWORD

    def start(self) -> bool:
        """Whether it runs; another process may have taken a port before Dovecot had it."""
        with (self.base / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [self.program, "-F", "-c", str(self.base / "dovecot.conf")],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection((HOST, self.port), timeout=5) as probe:
                    if probe.recv(4) == b"* OK":
                        return self.process.poll() is None
            except OSError:
                time.sleep(0.05)
        self.stop()
        return False

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    @contextmanager
    def client(self, user: str, mailbox: str | None = None) -> Iterator[imaplib.IMAP4]:
        """A client of its own, with nothing of ours in it."""
        with imaplib.IMAP4(HOST, self.port, timeout=30) as client:
            client.login(user, self.password)
            if mailbox is not None:
                expect(client.select(f'"{mailbox}"'))
            yield client

    def add(self, user: str, *raws: bytes, mailbox: str = "INBOX", flags: str = "") -> None:
        with self.client(user) as client:
            for raw in raws:
                expect(client.append(f'"{mailbox}"', flags, "", raw))

    def list(self, user: str, mailbox: str = "INBOX") -> list[Message]:
        """The messages of a mailbox; an absent mailbox has none."""
        with self.client(user) as client:
            if client.select(f'"{mailbox}"', readonly=True)[0] != "OK":
                return []
            _, [uids] = client.uid("SEARCH", "ALL")
            return [self._message(client, int(uid)) for uid in uids.split()]

    @staticmethod
    def _message(client: imaplib.IMAP4, uid: int) -> Message:
        _, data = client.uid("FETCH", str(uid), "(FLAGS BODY.PEEK[])")
        [(head, raw), *_] = [part for part in data if isinstance(part, tuple)]
        tails = b" ".join(part for part in data if isinstance(part, bytes))
        flags = imaplib.ParseFlags(head) or imaplib.ParseFlags(tails)
        return Message(uid, frozenset(flag.decode() for flag in flags), raw)

    def flag(self, user: str, uid: int, flags: str, mailbox: str = "INBOX") -> None:
        with self.client(user, mailbox) as client:
            expect(client.uid("STORE", str(uid), "+FLAGS", f"({flags})"))

    def expunge(self, user: str, uid: int, mailbox: str = "INBOX") -> None:
        with self.client(user, mailbox) as client:
            expect(client.uid("STORE", str(uid), "+FLAGS", "(\\Deleted)"))
            expect(client.uid("EXPUNGE", str(uid)))

    def folders(self, user: str) -> set[str]:
        with self.client(user) as client:
            _, lines = client.list()
            return {line.decode().rsplit(" ", 1)[1].strip('"') for line in lines if isinstance(line, bytes)}

    def doveadm(self, *args: str) -> str:
        done = subprocess.run(
            [need("doveadm"), "-c", str(self.base / "dovecot.conf"), *args],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def url(self, user: str, *, tls: bool = False) -> str:
        return f"imaps://{user}@localhost:{self.tls_port}" if tls else f"imap://{user}@{HOST}:{self.port}"

    def config(self, path: Path, user: str, *, tls: bool = False, more: str = "", account: str = "") -> Path:
        """Write a configuration with one account, ``partners``; ``more`` goes into its imap server."""
        secret = path.with_suffix(".password")
        secret.write_text(self.password)
        secret.chmod(0o600)
        url = self.url(user, tls=tls)
        path.write_text(
            "app: mail-api\n"
            "accounts:\n"
            "  partners:\n"
            f"    imap: {{url: '{url}', password: {{file: {secret}}}, ca: {self.ca}{more}}}\n"
            f"{account}"
        )
        return path


def expect(answer: tuple[str, object]) -> None:
    assert answer[0] == "OK", answer


def _identities() -> dict[str, object]:
    """Who runs what: Dovecot's own users for root, else ourselves for everything."""
    if os.getuid() == 0:
        mail = pwd.getpwnam("mail")
        return {
            "login_user": "dovenull",
            "internal_user": "dovecot",
            "internal_group": "dovecot",
            "mail_uid": mail.pw_uid,
            "mail_gid": mail.pw_gid,
        }
    me = pwd.getpwuid(os.getuid())
    return {
        "login_user": me.pw_name,
        "internal_user": me.pw_name,
        "internal_group": grp.getgrgid(me.pw_gid).gr_name,
        "mail_uid": me.pw_uid,
        "mail_gid": me.pw_gid,
    }


def make(base: Path, *, namespace: str = "", extra: str = "") -> Dovecot:
    """Write the configuration of a server and start it."""
    program = need("dovecot")
    base.chmod(0o755)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(base / "ca.pem")
    authority.issue_cert("localhost", HOST).private_key_and_cert_chain_pem.write_to_path(base / "server.pem")
    ids = _identities()
    (base / "mail").mkdir()
    os.chown(base / "mail", int(str(ids["mail_uid"])), int(str(ids["mail_gid"])))
    for _attempt in range(5):
        server = Dovecot(base, free_port(), free_port(), base / "ca.pem", program)
        (base / "dovecot.conf").write_text(
            _CONFIG.format(
                base=base,
                port=server.port,
                tls_port=server.tls_port,
                password=PASSWORD,
                namespace=namespace,
                extra=extra,
                **ids,
            )
        )
        if server.start():
            return server
    log = base / "log"
    told = (base / "stderr").read_text() + (log.read_text() if log.exists() else "")
    pytest.fail(f"Dovecot did not start: {told}")


@contextmanager
def running(*, namespace: str = "", extra: str = "") -> Iterator[Dovecot]:
    """A server for a while; not below pytest's own folders, which Dovecot's users may not pass."""
    with tempfile.TemporaryDirectory(prefix="mailpipe-dovecot-", ignore_cleanup_errors=True) as folder:
        server = make(Path(folder), namespace=namespace, extra=extra)
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """One server for all tests; each test takes a user name of its own."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def prefixed_dovecot() -> Iterator[Dovecot]:
    """A server whose folders all lie below ``INBOX.``, as with Courier and many providers."""
    with running(namespace="prefix = INBOX.\n  separator = .") as server:
        yield server


@pytest.fixture
def user(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A user name that no other test has."""
    return f"u{abs(hash((request.node.nodeid, str(tmp_path))))}"
