"""Dovecot behind a proxy that makes it behave as Gmail does with labels, sent mail and the trash.

There every message is in All Mail once, and folders are labels on it: expunging takes a label away and
deletes nothing, moving to the trash takes all labels away, and only expunging there deletes.  What goes
through the provider's SMTP server is filed by itself.
"""

import base64
import imaplib
import re
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.dovecot import HOST, Dovecot, Message, running

SENT, ALL, TRASH = "[Gmail]/Sent Mail", "[Gmail]/All Mail", "[Gmail]/Trash"
NAMESPACE = """separator = /
  mailbox "[Gmail]/Sent Mail" {
    special_use = \\Sent
    auto = create
  }
  mailbox "[Gmail]/All Mail" {
    special_use = \\All
    auto = create
  }
  mailbox "[Gmail]/Trash" {
    special_use = \\Trash
    auto = create
  }"""
_LITERAL = re.compile(rb"\{(\d+)\+?\}\r\n\Z")
_LOGIN = re.compile(rb"\S+ LOGIN \"?([^\" ]+)", re.I)
_PLAIN = re.compile(rb"\S+ AUTHENTICATE PLAIN (\S+)", re.I)
_TO_TRASH = re.compile(rb'(\S+) UID (MOVE|COPY) \S+ "?\[Gmail\]/Trash"?\r\n', re.I)
_APPEND = re.compile(rb'(\S+) APPEND "?\[Gmail\]/Sent Mail"? ', re.I)


def behind(path: Path, server: int, proxy: int) -> Path:
    """Lead a configuration to the port of a proxy, without the TLS that the proxy could not look into."""
    text = path.read_text().replace(f":{server}'", f":{proxy}'")
    path.write_text(re.sub(r", ca: [^,}]*", "", text))
    return path


@dataclass
class Gmail:
    """The provider: mailboxes are looked at behind the proxy, where nothing is emulated."""

    dovecot: Dovecot
    port: int = 0
    listener: socket.socket | None = field(default=None, repr=False)
    commands: list[str] = field(default_factory=list)

    def file(self, user: str, *raws: bytes) -> None:
        """What its SMTP server does with what it has sent."""
        self.dovecot.add(user, *raws, mailbox=SENT, flags="\\Seen")
        self.dovecot.add(user, *raws, mailbox=ALL, flags="\\Seen")

    def list(self, user: str, mailbox: str) -> list[Message]:
        return self.dovecot.list(user, mailbox)

    def config(self, path: Path, user: str, more: str = "") -> Path:
        self.dovecot.config(path, user, account=more)
        return behind(path, self.dovecot.port, self.port)

    def untwin(self, user: str) -> None:
        """Take the labels off what is in the trash: it is in no other folder any more."""
        trashed = {message.raw for message in self.list(user, TRASH)}
        for folder in (ALL, SENT):
            for message in self.list(user, folder):
                if message.raw in trashed:
                    self.dovecot.expunge(user, message.uid, folder)

    def twin(self, user: str) -> None:
        """Show in All Mail what is in Sent Mail."""
        known = {message.raw for message in self.list(user, ALL)}
        self.dovecot.add(
            user, *(m.raw for m in self.list(user, SENT) if m.raw not in known), mailbox=ALL, flags="\\Seen"
        )


class _Talk:
    """One client: its commands go on as they are, and have their consequences before they are answered."""

    def __init__(self, gmail: Gmail, client: socket.socket) -> None:
        self._gmail = gmail
        self._client = client
        self._server = socket.create_connection((HOST, gmail.dovecot.port))
        self._user = ""
        self._after: dict[bytes, Callable[[str], None]] = {}

    def run(self) -> None:
        back = threading.Thread(target=self._answers, daemon=True)
        back.start()
        try:
            with self._client.makefile("rb") as lines:
                while line := lines.readline():
                    self._command(line)
                    while found := _LITERAL.search(line):
                        self._server.sendall(line)  # the client may wait for the server's go-ahead
                        self._server.sendall(lines.read(int(found[1])))
                        line = lines.readline()
                    self._server.sendall(line)
        except OSError:
            pass  # one of the two has gone
        finally:
            self._server.shutdown(socket.SHUT_RDWR)
            back.join(10)
            self._server.close()

    def _command(self, line: bytes) -> None:
        self._gmail.commands.append(line.decode("ascii", "replace").strip())
        if found := _LOGIN.match(line):
            self._user = found[1].decode()
        elif found := _PLAIN.match(line):
            self._user = base64.b64decode(found[1]).split(b"\0")[1].decode()
        elif found := _TO_TRASH.match(line):
            self._after[found[1]] = self._gmail.untwin
        elif found := _APPEND.match(line):
            self._after[found[1]] = self._gmail.twin

    def _answers(self) -> None:
        try:
            with self._server.makefile("rb") as lines:
                while line := lines.readline():
                    # No TLS to this very host: it could not be looked into.
                    whole = line.replace(b" STARTTLS", b"").replace(
                        b"CAPABILITY IMAP4rev1", b"CAPABILITY IMAP4rev1 X-GM-EXT-1"
                    )
                    after = self._after.pop(line.partition(b" ")[0], None)
                    if after is not None:
                        after(self._user)
                    if found := _LITERAL.search(line):
                        whole += lines.read(int(found[1]))
                    self._client.sendall(whole)
        except (OSError, ValueError, imaplib.IMAP4.error):
            pass  # one of the two has gone


def _serve(gmail: Gmail) -> None:
    assert gmail.listener
    while True:
        try:
            client, _ = gmail.listener.accept()
        except OSError:
            return
        threading.Thread(target=_handled, args=(gmail, client), daemon=True).start()


def _handled(gmail: Gmail, client: socket.socket) -> None:
    with client:
        _Talk(gmail, client).run()


@pytest.fixture(scope="session")
def gmail_server() -> Iterator[Gmail]:
    """One provider for all tests; each test takes a user name of its own."""
    with running(namespace=NAMESPACE) as dovecot, socket.create_server((HOST, 0)) as listener:
        gmail = Gmail(dovecot, listener.getsockname()[1], listener)
        threading.Thread(target=_serve, args=(gmail,), daemon=True).start()
        yield gmail
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def gmail(gmail_server: Gmail) -> Gmail:
    """The provider, with nothing said yet."""
    gmail_server.commands.clear()
    return gmail_server
