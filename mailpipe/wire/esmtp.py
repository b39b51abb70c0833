"""Speak ESMTP and LMTP as text: replies read within bounds, extensions, commands; no socket here."""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from mailpipe.errors import ProtocolError
from mailpipe.mail.parcel import Parcel
from mailpipe.mail.reply import Reply

# RFC 5321 section 4.5.3.1.5 asks for 512 octets at least; servers with long explanations exceed it.
MAX_LINE = 4096
MAX_LINES = 100

_REPLY = re.compile(rb"[2-5]\d\d(?:[ -]|$)")

Extensions = Mapping[str, Sequence[str]]


class Dialect(NamedTuple):
    """What SMTP and LMTP (RFC 2033) do differently."""

    name: str
    hello: str
    each: bool  # a reply for each recipient after the final dot, and that recipient has it then


SMTP = Dialect("SMTP", "EHLO", each=False)
LMTP = Dialect("LMTP", "LHLO", each=True)


class Replies:
    """Takes octets as they come and gives whole replies; raises ProtocolError for what is none."""

    def __init__(self) -> None:
        self._buffer = b""
        self._lines: list[str] = []
        self._whole: deque[Reply] = deque()

    @property
    def empty(self) -> bool:
        """Whether nothing was received that was not taken."""
        return not self._buffer and not self._lines and not self._whole

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer += data

    def next(self) -> Reply | None:
        """The next reply, or None until more is received."""
        if not self._whole:
            self._read()
        return self._whole.popleft() if self._whole else None

    def drain(self) -> list[Reply]:
        """The replies that were read already; more may be had by :meth:`next`."""
        whole = list(self._whole)
        self._whole.clear()
        return whole

    def _read(self) -> None:
        """Read all lines there are; a wrong one is told once the replies before it are taken."""
        *lines, rest = self._buffer.split(b"\n")
        for number, ended in enumerate(lines):
            line = ended.removesuffix(b"\r")
            if not self._lines and (known := _single(line)):
                self._whole.append(known)
                continue
            wrong = self._wrong(line)
            if wrong and self._whole:
                self._buffer = b"\n".join([*lines[number:], rest])
                return
            if wrong:
                raise ProtocolError(wrong)
            self._take(line)
        if len(rest) > MAX_LINE and not self._whole:
            raise ProtocolError(f"a reply has a line of more than {MAX_LINE} octets")
        self._buffer = rest

    def _wrong(self, line: bytes) -> str:
        if not _REPLY.match(line) or len(line) > MAX_LINE:
            return f"the server answers what is no reply: {line[:60].decode('ascii', 'backslashreplace')!r}"
        return f"a reply has more than {MAX_LINES} lines" if len(self._lines) >= MAX_LINES else ""

    def _take(self, line: bytes) -> None:
        self._lines.append(line[4:].decode("utf-8", "backslashreplace"))
        if line[3:4] != b"-":
            self._whole.append(Reply(int(line[:3]), tuple(self._lines)))
            self._lines = []


@lru_cache(64)
def _single(line: bytes) -> Reply | None:
    """The reply of one line, if it is that; a server says the same few all day."""
    if not _REPLY.match(line) or len(line) > MAX_LINE or line[3:4] == b"-":
        return None
    return Reply(int(line[:3]), (line[4:].decode("utf-8", "backslashreplace"),))


def extensions(reply: Reply) -> dict[str, list[str]]:
    """The extensions that a server offers, by keyword in capitals, with their parameters."""
    found: dict[str, list[str]] = {}
    for line in reply.lines[1:]:
        keyword, *parameters = line.replace("AUTH=", "AUTH ", 1).split() or [""]
        found.setdefault(keyword.upper(), []).extend(parameters)
    return found


def size_limit(offered: Extensions) -> int:
    """The largest message that the server takes, in octets; 0 where it does not say (RFC 1870)."""
    limit = offered.get("SIZE", ())
    return int(limit[0]) if limit and limit[0].isdigit() else 0


def mail_command(parcel: Parcel, offered: Extensions) -> bytes:
    """MAIL FROM with the parameters that this server knows."""
    command = f"MAIL FROM:<{parcel.sender}>"
    if "SIZE" in offered:
        command += f" SIZE={len(parcel.message)}"
    if parcel.eight_bit and "8BITMIME" in offered:
        command += " BODY=8BITMIME"
    if parcel.utf8:
        command += " SMTPUTF8"
    return _line(command + _report(parcel, "", offered))


def rcpt_command(parcel: Parcel, recipient: str, offered: Extensions) -> bytes:
    """RCPT TO for one recipient."""
    return _line(f"RCPT TO:<{recipient}>" + _report(parcel, recipient, offered))


def _report(parcel: Parcel, address: str, offered: Extensions) -> str:
    """Parameters for delivery reports (RFC 3461 section 4), if the server knows them."""
    if "DSN" not in offered:
        return ""
    wanted = parcel.parameters.get(address, {})
    return "".join(f" {name}={_xtext(name, value)}" for name, value in wanted.items() if value)


def _xtext(name: str, value: str) -> str:
    if name not in ("ENVID", "ORCPT"):
        return value
    return "".join(f"+{ord(c):02X}" if c in "+=" else c for c in value)


def _line(command: str) -> bytes:
    line = command.encode("utf-8")
    # Addresses were checked long before; what would end the line early must never get here.
    if b"\n" in line or b"\r" in line or b"\0" in line:
        raise AssertionError("a control character in a command")
    return line + b"\r\n"


def stuffed(message: bytes) -> bytes:
    """The message as it goes on the wire after DATA, without the final dot (RFC 5321 section 4.5.2)."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
