"""Fetch: a mailbox on a real Dovecot, beside imaplib one by one and a bare socket that only counts."""

import os
import tempfile
from pathlib import Path

from bench.corpus import messages
from bench.pairs import MAILPIPE, PYTHON, compare
from tests.servers import dovecot

USER = "bench"

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


def main(count: int = 5000) -> None:
    """Print both ratios for a mailbox of ``count`` messages."""
    with tempfile.TemporaryDirectory() as folder:
        server = dovecot.make(Path(folder))
        try:
            fill(server, count)
            secret = [str(server.port), USER, server.password]
            ours = [MAILPIPE, "fetch", "--peek", server.url(USER)]
            env = {"MAILPIPE_IMAP_PASSWORD": server.password, "XDG_STATE_HOME": folder}
            one_by_one, bare = [PYTHON, "-c", ONE_BY_ONE, *secret], [PYTHON, "-c", BARE, *secret]
            compare(
                f"fetch, {count} messages",
                ours,
                one_by_one,
                what="imaplib, one FETCH each",
                rounds=3,
                env=env,
            )
            compare(f"fetch, {count} messages", ours, bare, what="a bare socket", rounds=3, env=env)
        finally:
            server.stop()


def fill(server: dovecot.Dovecot, count: int) -> None:
    """Put ``count`` messages into the user's INBOX, the quick way: as files of the Maildir."""
    with server.client(USER, "INBOX"):
        pass  # the server makes the Maildir
    maildir = server.base / "mail" / USER / "Maildir"
    owner = maildir.stat()
    for number, raw in enumerate(messages(count)):
        path = maildir / "cur" / f"{1_700_000_000 + number}.M{number}.bench:2,"
        path.write_bytes(raw)
        os.chown(path, owner.st_uid, owner.st_gid)


if __name__ == "__main__":
    main()
