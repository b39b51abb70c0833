"""Send: messages to a real SMTP sink, beside smtplib on one connection."""

import base64
import json
import subprocess
import tempfile
import time
from pathlib import Path

from bench.delay import delayed
from bench.pairs import MAILPIPE, PYTHON, compare
from tests.servers import need
from tests.servers.dovecot import free_port

SCRIPT = """
import base64, json, queue, smtplib, sys, threading

lines = queue.Queue(1000)

def send():
    with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as client:
        while line := lines.get():
            record = json.loads(line)
            raw = base64.b64decode(record["raw"])
            envelope = record["envelope"]
            client.sendmail(envelope["mailFrom"]["email"], [to["email"] for to in envelope["rcptTo"]], raw)
            print(json.dumps({"delivered": True}))

if sys.argv[2] == "1":
    lines.get = sys.stdin.buffer.readline
    send()
else:
    threads = [threading.Thread(target=send) for _ in range(int(sys.argv[2]))]
    for thread in threads:
        thread.start()
    for line in sys.stdin.buffer:
        lines.put(line)
    for thread in threads:
        lines.put(b"")
    for thread in threads:
        thread.join()
"""


def write_records(path: Path, count: int) -> None:
    """Write records of 4 kB messages that differ."""
    envelope = {"mailFrom": {"email": "desk@example.com"}, "rcptTo": [{"email": "garage@example.net"}]}
    with path.open("w") as out:
        for number in range(count):
            head = f"From: desk@example.com\r\nMessage-ID: <{number}@example.com>\r\nSubject: Check\r\n\r\n"
            body = (
                f"{number}: brake, light and engine are to be checked, and the plate is to be read.\r\n" * 50
            )
            raw = base64.b64encode((head + body).encode()).decode()
            out.write(json.dumps({"envelope": envelope, "raw": raw}) + "\n")


def measure(title: str, port: int, count: int, *, connections: int, threads: int = 1) -> None:
    """Print one ratio; each run of ours has a ledger of its own, and writes it durably."""
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder, "records.jsonl")
        write_records(records, count)
        send = f"{MAILPIPE} send --connections {connections} --via smtp://127.0.0.1:{port}"
        ours = ["sh", "-c", f"XDG_STATE_HOME=$(mktemp -d -p {folder}) exec {send}"]
        peer = [PYTHON, "-c", SCRIPT, str(port), str(threads)]
        what = f"smtplib, {threads} connection{'s' if threads > 1 else ''}"
        compare(
            f"{title}, {count}, {connections} connections", ours, peer, what=what, stdin=records, rounds=3
        )


def main(count: int = 5000) -> None:
    """Print the ratios on this host, and with a round trip of 10 ms."""
    port = free_port()
    sink = subprocess.Popen([need("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    try:
        time.sleep(0.5)
        measure("send", port, count, connections=4)
        with delayed(port, 10) as far:
            measure("send at 10 ms", far, count // 10, connections=4, threads=4)
    finally:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    main()
