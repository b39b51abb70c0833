"""Speak ESMTP and LMTP as text: replies read within bounds, extensions, commands; no socket here."""

import re
from collections.abc import Mapping, Sequence
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

    @property
    def empty(self) -> bool:
        """Whether nothing was received that was not taken."""
        return not self._buffer and not self._lines

    def feed(self, data: bytes) -> None:
        """Add what was received."""
        self._buffer += data

    def next(self) -> Reply | None:
        """The next reply, or None until more is received."""
        while (end := self._buffer.find(b"\n")) >= 0:
            line, self._buffer = self._buffer[:end].removesuffix(b"\r"), self._buffer[end + 1 :]
            reply = self._take(line)
            if reply is not None:
                return reply
        if len(self._buffer) > MAX_LINE:
            raise ProtocolError(f"a reply has a line of more than {MAX_LINE} octets")
        return None

    def _take(self, line: bytes) -> Reply | None:
        if not _REPLY.match(line) or len(line) > MAX_LINE:
            shown = line[:60].decode("ascii", "backslashreplace")
            raise ProtocolError(f"the server answers what is no reply: {shown!r}")
        self._lines.append(line[4:].decode("utf-8", "backslashreplace"))
        if len(self._lines) > MAX_LINES:
            raise ProtocolError(f"a reply has more than {MAX_LINES} lines")
        if line[3:4] == b"-":
            return None
        lines, self._lines = tuple(self._lines), []
        return Reply(int(line[:3]), lines)


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
    assert not set(line) & {0x00, 0x0A, 0x0D}, "a control character in a command"
    return line + b"\r\n"


def stuffed(message: bytes) -> bytes:
    """The message as it goes on the wire after DATA, without the final dot (RFC 5321 section 4.5.2)."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed
