"""Settle: a whole mailbox on a real Dovecot, beside one COPY and one STORE for each message."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.delay import delayed
from bench.fetch import PLAIN, ROUND_TRIP, fill
from bench.pairs import MAILPIPE, PYTHON, Timed, once
from tests.servers import dovecot

ONE_BY_ONE = """
import imaplib, sys
client = imaplib.IMAP4("127.0.0.1", int(sys.argv[1]))
client.login(sys.argv[2], sys.argv[3])
client.create("processed")
client.select("INBOX")
for uid in client.uid("SEARCH", "ALL")[1][0].split()[:int(sys.argv[4])]:
    assert client.uid("COPY", uid.decode(), "processed")[0] == "OK"
    assert client.uid("STORE", uid.decode(), "+FLAGS", "(\\\\Deleted)")[0] == "OK"
client.expunge()
client.logout()
"""


SAMPLE = 300  # messages that the slow way moves; its time for all of them would be minutes


def main(count: int = 10_000, far: int = 1_000) -> None:
    """Print the ratios for ``count`` messages, and for ``far`` with a long way to the server."""
    with dovecot.running(extra=PLAIN) as server:
        report(server, server.port, f"settle, {count:,} messages", count)
        with delayed(server.port, ROUND_TRIP) as port:
            report(server, port, f"settle, {far:,} at {ROUND_TRIP} ms", far)


def report(server: dovecot.Dovecot, port: int, title: str, count: int) -> None:
    """Run both once, on mailboxes alike, and print the ratio."""
    env = {"MAILPIPE_IMAP_PASSWORD": server.password, "XDG_STATE_HOME": str(server.base)}
    ours, peer = f"ours{port}", f"peer{port}"
    for user in (ours, peer):
        fill(server, user, small(count))
    mine = settled(server, ours, port, env)
    sample = min(count, SAMPLE)
    secret = [str(port), peer, server.password, str(sample)]
    theirs = once([PYTHON, "-c", ONE_BY_ONE, *secret], None, env).seconds * count / sample
    print(
        f"{title:34} {mine.seconds / theirs:6.3f}  of one COPY and STORE each, by a sample of {sample}"
        f"  ({mine.seconds:.3f} s / {theirs:.0f} s, peak {mine.peak / 1024:.0f} MiB)",
        flush=True,
    )


def settled(server: dovecot.Dovecot, user: str, port: int, env: dict[str, str]) -> Timed:
    """Settle everything in the user's inbox; what came of it is checked."""
    url = server.url(user).replace(str(server.port), str(port))
    with server.client(user, "INBOX") as client:
        _, [uids] = client.uid("SEARCH", "ALL")
        _, [validity] = client.response("UIDVALIDITY")
    lines = Path(server.base / "routed.jsonl")
    source = {"protocol": "imap", "url": url, "mailbox": "INBOX", "uidValidity": int(validity or b"0")}
    with lines.open("w") as out:
        for uid in uids.split():
            json.dump({"source": {**source, "uid": int(uid)}, "route": {"outcome": "processed"}}, out)
            out.write("\n")
    timed = once([MAILPIPE, "settle"], lines, env)
    with server.client(user, "processed") as client:
        if len(client.uid("SEARCH", "ALL")[1][0].split()) != len(uids.split()):
            raise SystemExit("settle has not moved all of them")
    return timed


def small(count: int) -> Iterator[bytes]:
    """Short answers of garages."""
    for number in range(count):
        yield (
            f"From: garage@example.net\r\nSubject: Re: [a74e22bb] Check {number}\r\n"
            f"Message-ID: <{number}@example.net>\r\n\r\n" + "status: done\r\n" * 40
        ).encode()


if __name__ == "__main__":
    main(*(int(number) for number in sys.argv[1:]))
