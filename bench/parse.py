"""Parse: raw mail to records, beside mail-parser, and beside the standard library doing less of the work."""

import importlib.util
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.corpus import messages, write_records
from bench.pairs import MAILPIPE, PYTHON, compare
from mailpipe.parse import core

# What a script would do: parse, decode every header and body, print JSON.
STDLIB = """
import base64, email, email.header, json, sys
def decoded(value):
    return str(email.header.make_header(email.header.decode_header(str(value))))
for line in sys.stdin.buffer:
    message = email.message_from_bytes(base64.b64decode(json.loads(line)["raw"]))
    record = {"headers": [[name, decoded(value)] for name, value in message.items()], "bodies": []}
    for part in message.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        if part.get_content_maintype() == "text":
            record["bodies"].append(content.decode(part.get_content_charset() or "utf-8", "replace"))
        else:
            record["bodies"].append(base64.b64encode(content).decode())
    print(json.dumps(record))
"""


def _seconds(parse: Callable[[bytes], object], raws: list[bytes]) -> float:
    began = time.process_time()
    for raw in raws:
        parse(raw)
    return time.process_time() - began


def library(count: int, rounds: int = 3) -> None:
    """Print the ratio to PyPI's mail-parser, both used as a library in this process."""
    if importlib.util.find_spec("mailparser") is None:
        print("parse, as a library: no mail-parser here; pip install 'mailpipe[bench]'")
        return
    import mailparser

    raws = list(messages(count))
    pairs = [
        (_seconds(core.read, raws), _seconds(lambda raw: mailparser.parse_from_bytes(raw).mail, raws))
        for _ in range(rounds)
    ]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    ours, theirs = min(pair[0] for pair in pairs), min(pair[1] for pair in pairs)
    title = f"parse, {count} messages, library"
    print(f"{title:34} {ratio:6.3f}  of mail-parser  ({ours:.3f} s / {theirs:.3f} s)", flush=True)


def main(count: int = 2700) -> None:
    """Print the ratio for text and HTML mail, and for attachments of 1 MiB."""
    library(count)
    with tempfile.TemporaryDirectory() as folder:
        text, attached = Path(folder, "text.jsonl"), Path(folder, "attached.jsonl")
        write_records(text, count)
        write_records(attached, max(1, count // 27), attachment=1024 * 1024)
        peer = [PYTHON, "-c", STDLIB]
        what = "the email package"
        compare(f"parse, {count} messages", [MAILPIPE, "parse"], peer, what=what, stdin=text, rounds=3)
        without = [MAILPIPE, "parse", "--no-content"]
        compare("parse --no-content, 1 MiB each", without, peer, what=what, stdin=attached, rounds=3)
        compare("parse, 1 MiB each", [MAILPIPE, "parse"], peer, what=what, stdin=attached, rounds=3)


if __name__ == "__main__":
    main()
