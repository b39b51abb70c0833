"""Send: messages to a real SMTP sink, beside smtplib on one connection."""

import base64
import json
import subprocess
import tempfile
import time
from pathlib import Path

from bench.corpus import messages
from bench.pairs import MAILPIPE, PYTHON, compare
from tests.servers import need
from tests.servers.dovecot import free_port

SCRIPT = """
import base64, json, smtplib, sys
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as client:
    for line in sys.stdin.buffer:
        record = json.loads(line)
        raw = base64.b64decode(record["raw"])
        envelope = record["envelope"]
        client.sendmail(envelope["mailFrom"]["email"], [to["email"] for to in envelope["rcptTo"]], raw)
        print(json.dumps({"delivered": True}))
"""


def write_records(path: Path, count: int) -> None:
    """Write rendered records of the corpus."""
    envelope = {"mailFrom": {"email": "desk@example.com"}, "rcptTo": [{"email": "garage@example.net"}]}
    with path.open("w") as out:
        for number, raw in enumerate(messages(count)):
            record = {
                "messageId": [f"{number}@example.com"],
                "envelope": envelope,
                "raw": base64.b64encode(raw).decode(),
            }
            out.write(json.dumps(record) + "\n")


def main(count: int = 2000) -> None:
    """Print the ratio; each run of ours has a ledger of its own, and writes it durably."""
    port = free_port()
    sink = subprocess.Popen([need("smtp-sink"), "-u", "nobody", f"127.0.0.1:{port}", "1000"])
    try:
        time.sleep(0.5)
        with tempfile.TemporaryDirectory() as folder:
            records = Path(folder, "records.jsonl")
            write_records(records, count)
            url = f"smtp://127.0.0.1:{port}"
            ours = ["sh", "-c", f"XDG_STATE_HOME=$(mktemp -d -p {folder}) exec {MAILPIPE} send --via {url}"]
            peer = [PYTHON, "-c", SCRIPT, str(port)]
            compare(
                f"send, {count} messages", ours, peer, what="smtplib, one connection", stdin=records, rounds=3
            )
    finally:
        sink.terminate()
        sink.wait()


if __name__ == "__main__":
    main()
