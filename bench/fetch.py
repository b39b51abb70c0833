"""Fetch: a mailbox on a real Dovecot, beside imaplib one by one and a bare socket that only counts."""

import os
import sys
from collections.abc import Iterable

from bench.corpus import messages
from bench.delay import delayed
from bench.pairs import MAILPIPE, PYTHON, compare
from tests.servers import dovecot

USER, FAR = "near", "far"

ONE_BY_ONE = """
import base64, imaplib, json, sys
client = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
client.login(sys.argv[2], sys.argv[3])
client.select("INBOX", readonly=True)
for uid in client.uid("SEARCH", "ALL")[1][0].split():
    _, data = client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")
    print(json.dumps({"raw": base64.b64encode(data[0][1]).decode()}))
client.logout()
"""

BARE = """
import socket, sys
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
link.sendall(b"a LOGIN %b %b\\r\\nb EXAMINE INBOX\\r\\nc UID FETCH 1:* (BODY.PEEK[])\\r\\n" % tuple(
    word.encode() for word in sys.argv[2:4]))
tail = b""
while b"\\r\\nc OK" not in tail:
    tail = tail[-16:] + link.recv(1 << 20)
"""


ROUND_TRIP = 10  # milliseconds
PLAIN = "mail_plugins =\nprotocol imap {\n  mail_plugins =\n}"  # no quota, which costs the server time


def main(count: int = 10_000, far: int = 2_000) -> None:
    """Print the ratios for a mailbox of ``count`` messages, and of ``far`` with a long way to the server."""
    with dovecot.running(extra=PLAIN) as server:
        fill(server, USER, messages(count))
        fill(server, FAR, messages(far))
        ours, one_by_one, bare = commands(server, USER, server.port)
        env = {"MAILPIPE_IMAP_PASSWORD": server.password, "XDG_STATE_HOME": str(server.base)}
        title = f"fetch, {count:,} messages"
        compare(title, ours, one_by_one, what="imaplib, one UID FETCH each", rounds=3, env=env)
        compare(title, ours, bare, what="a bare socket that only counts", rounds=3, env=env)
        with delayed(server.port, ROUND_TRIP) as port:
            ours, one_by_one, _bare = commands(server, FAR, port)
            title = f"fetch, {far:,} at {ROUND_TRIP} ms"
            compare(title, ours, one_by_one, what="imaplib, one UID FETCH each", rounds=1, env=env)


def commands(server: dovecot.Dovecot, user: str, port: int) -> tuple[list[str], list[str], list[str]]:
    """What is compared: ours, imaplib one by one, a bare socket."""
    secret = [str(port), user, server.password]
    ours = [MAILPIPE, "fetch", "--take-over", server.url(user).replace(str(server.port), str(port))]
    return ours, [PYTHON, "-c", ONE_BY_ONE, *secret], [PYTHON, "-c", BARE, *secret]


def fill(server: dovecot.Dovecot, user: str, raws: Iterable[bytes]) -> None:
    """Put messages into the user's INBOX as Dovecot itself stores them, but quicker."""
    with server.client(user, "INBOX"):
        pass  # the server makes the Maildir
    maildir = server.base / "mail" / user / "Maildir"
    owner = maildir.stat()
    for number, raw in enumerate(raws):
        stored = raw.replace(b"\r\n", b"\n")
        name = f"{1_700_000_000 + number}.M{number}.bench,S={len(stored)},W={len(raw)}:2,"
        path = maildir / "cur" / name
        path.write_bytes(stored)
        os.chown(path, owner.st_uid, owner.st_gid)


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
