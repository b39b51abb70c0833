"""Records as render writes them, for the tests of send."""

import base64
from collections.abc import Sequence
from typing import Any

Record = dict[str, Any]


def message(number: int = 1, *, body: str = "Please check.\r\n", to: str = "garage@example.net") -> bytes:
    """A small message; the number makes its Message-ID."""
    return (
        f"From: Desk <desk@example.com>\r\nTo: {to}\r\nSubject: Check {number}\r\n"
        f"Message-ID: <{number}@example.com>\r\nDate: Fri, 20 Nov 2026 09:00:00 +0000\r\n"
        f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}"
    ).encode()


def outgoing(
    number: int = 1,
    *,
    raw: bytes | None = None,
    to: Sequence[str] = ("garage@example.net",),
    sender: str = "desk@example.com",
    **more: Any,
) -> Record:
    """A record with raw and envelope."""
    return {
        "raw": base64.b64encode(message(number) if raw is None else raw).decode(),
        "envelope": {"mailFrom": {"email": sender}, "rcptTo": [{"email": one} for one in to]},
        **more,
    }
