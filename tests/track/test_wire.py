"""Two recipients of one message, on the wire and in two real mailboxes: the same header, another pixel."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailpipe.mail import pixel
from mailpipe.sent.canonical import tokens
from tests.conftest import Run
from tests.servers.dovecot import Dovecot, free_port, running

TEMPLATE = """\
---
from: desk@example.com
to: [anna@example.net, bert@example.net]
cc: carl@example.net
bcc: dora@example.net
subject: "Check {{ id }}"
track: https://t.example.com
---
Please check **{{ id }}**.
"""
NAMES = ("anna", "bert", "carl", "dora")


@pytest.fixture(scope="module")
def mail_host() -> Iterator[tuple[Dovecot, int]]:
    """A Dovecot that takes mail by LMTP for whoever is before the @."""
    if not Path("/usr/lib/dovecot/lmtp").exists():
        pytest.skip("dovecot-lmtpd is not installed")
    port = free_port()
    extra = (
        "protocols = imap lmtp\nauth_username_format = %n\n"
        "service lmtp {\n  chroot =\n  inet_listener lmtp {\n    address = 127.0.0.1\n"
        f"    port = {port}\n  }}\n}}\n"
    )
    with running(extra=extra) as dovecot:
        yield dovecot, port


def test_two_mailboxes_have_the_same_header_and_other_bodies(
    mail_host: tuple[Dovecot, int], run: Run, tmp_path: Path
) -> None:
    dovecot, port = mail_host
    (tmp_path / "check.md").write_text(TEMPLATE)
    rendered = run(["render", "check.md"], stdin=[{"id": "a7"}, {"id": "b8"}])

    sent = run(["send", "--via", f"lmtp://127.0.0.1:{port}"], stdin=rendered.stdout)

    assert sent.status == 0, sent.stderr
    boxes = {name: [message.raw for message in dovecot.list(name)] for name in NAMES}
    assert [len(boxes[name]) for name in NAMES] == [2] * 4
    for number in range(2):
        copies = [boxes[name][number] for name in NAMES]
        heads = {
            head[head.index(b"From: ") :] for head, _, _ in (raw.partition(b"\r\n\r\n") for raw in copies)
        }
        assert len(heads) == 1  # below the trace fields that the receiving server adds
        bodies = {raw.partition(b"\r\n\r\n")[2] for raw in copies}
        assert len(bodies) == 4
        assert not any(b"dora" in body for body in bodies)
        for name, raw in zip(NAMES, copies, strict=True):
            [own] = tokens(raw)
            track = sent.records[4 * number + NAMES.index(name)]["track"]
            assert track["recipient"] == f"{name}@example.net"
            assert track["pixel"] == pixel.pixel_url("https://t.example.com", own)
            assert not any(own.encode() in other for other in copies if other is not raw)
            parsed = run(["parse"], stdin=[{"raw": base64.b64encode(raw).decode()}]).records[0]
            assert parsed["data"] == {"id": ["a7", "b8"][number]}


def test_a_second_run_sends_nobody_anything_again(
    mail_host: tuple[Dovecot, int], run: Run, tmp_path: Path
) -> None:
    dovecot, port = mail_host
    (tmp_path / "check.md").write_text(TEMPLATE.replace("anna", "emil").replace("bert", "fritz"))
    rendered = run(["render", "check.md"], stdin=[{"id": "c9"}])
    first = run(["send", "--via", f"lmtp://127.0.0.1:{port}"], stdin=rendered.stdout)

    second = run(["send", "--via", f"lmtp://127.0.0.1:{port}"], stdin=rendered.stdout)

    assert (first.status, second.status) == (0, 0)
    assert [record.get("replayed", False) for record in second.records] == [True] * 4
    assert len(dovecot.list("emil")) == len(dovecot.list("fritz")) == 1
    assert len(run(["track", "report"]).records) == 4
