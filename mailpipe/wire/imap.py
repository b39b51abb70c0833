"""One IMAP session: commands out, answers in, in whatever order the server likes (RFC 3501)."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mailpipe.errors import (
    NotPermittedError,
    ProtocolError,
    TemporaryError,
    UnavailableError,
    UsageError,
    WorldError,
)
from mailpipe.wire import imap_syntax as syntax
from mailpipe.wire.channel import Channel
from mailpipe.wire.imap_syntax import Answer

MAX_LITERAL = 1024 * 1024  # octets of a literal that is not a message
MAX_ANSWERS = 1_000_000  # untagged answers to one command

_SAFE = re.compile(r"[\x20-\x7e]+")
_TEMPORARY = {"UNAVAILABLE", "INUSE", "SERVERBUG", "LIMIT", "CORRUPTION", "EXPIRED"}
_RIGHTS = {"NOPERM", "AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "PRIVACYREQUIRED", "CONTACTADMIN"}


class Refused(Exception):
    """Raised when the server answers NO or BAD to a command; never leaves ``wire``."""

    def __init__(self, name: str, command: str, answer: Answer) -> None:
        super().__init__(answer.text)
        self.name = name
        self.command = command
        self.answer = answer
        self.code = answer.code

    def as_error(self) -> WorldError:
        """What it means for the stage."""
        code = f"[{self.code}] " if self.code else ""
        detail = f"{self.name} refuses {self.command}: {code}{self.answer.text}"
        if self.answer.kind == "BAD":
            return ProtocolError(detail)
        if self.code in _TEMPORARY:
            return TemporaryError(detail)
        if self.code in _RIGHTS:
            return NotPermittedError(detail)
        if self.code == "OVERQUOTA":
            return TemporaryError(detail, hint="make room in the mailbox; nothing was removed")
        return UnavailableError(detail)


class Session:
    """A session with one server.

    Commands are made of text, which must be printable ASCII, and of octets, which are sent as
    literals: no value can ever become a command of its own.  Every method may raise WorldError;
    :meth:`command` may raise :class:`Refused`.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.capabilities: frozenset[str] = frozenset()
        self.exists = 0
        self.on_expunge: Callable[[int], None] | None = None
        self._count = 0

    @property
    def name(self) -> str:
        """The server, for people."""
        return self.channel.name

    def offers(self, capability: str) -> bool:
        """Whether the server has it; RFC 3501 names are compared without regard to case."""
        return capability.upper() in self.capabilities

    def start(self, *parts: str | bytes) -> str:
        """Send a command and return its tag; octets go as literals, after the server's go-ahead."""
        self._count += 1
        tag = f"m{self._count}"
        line = tag
        for part in parts:
            if isinstance(part, str):
                if not _SAFE.fullmatch(part):
                    raise UsageError(f"{part!r} cannot be sent to an IMAP server")
                line += f" {part}"
            else:
                self._announce(line, part)
                line = ""
        self.channel.send(f"{line}\r\n".encode("ascii"))
        return tag

    def _announce(self, line: str, literal: bytes) -> None:
        synchronising = not self.offers("LITERAL+")
        mark = "" if synchronising else "+"
        announcement = f"{line} {{{len(literal)}{mark}}}\r\n".encode("ascii")
        if not synchronising:
            self.channel.send(announcement + literal)
            return
        self.channel.send(announcement)
        while (answer := self.answer()).tag != "+":
            if answer.tag != "*":
                raise Refused(self.name, line.split()[1], answer)
        self.channel.send(literal)

    def command(self, *parts: str | bytes) -> list[Answer]:
        """Send a command and wait: the untagged answers, and the tagged one last."""
        tag = self.start(*parts)
        found = []
        for answer in self.until(tag):
            found.append(answer)
            if len(found) > MAX_ANSWERS:
                raise ProtocolError(f"{self.name} answers without end")
        if found[-1].kind != "OK":
            raise Refused(self.name, " ".join(str(part) for part in parts[:1]), found[-1])
        return found

    def until(self, tag: str) -> Iterator[Answer]:
        """The answers up to the one with ``tag``, which is the last."""
        while True:
            answer = self.answer()
            if answer.tag == "+":
                continue
            yield answer
            if answer.tag == tag:
                return
            if answer.tag != "*":
                raise ProtocolError(f"{self.name} answers a command that was not sent: {answer.tag!r}")

    def answer(self, *, body: int = MAX_LITERAL, hard: int = 0, read: Sequence[bytes] = ()) -> Answer:
        """The next answer, whole; ``read`` is what was read of it already: line, literal, line.

        A literal of more than ``body`` octets is read and thrown away, see :class:`Oversize`; one of
        more than ``hard`` ends the session.
        """
        begun = deque(read)
        line = begun.popleft() if begun else self.channel.line()
        answer = syntax.head(line)
        if answer.tag == "+" or answer.kind in syntax.STATUS:
            if answer.tag == "*" and answer.kind == "BYE":
                raise TemporaryError(f"{self.name} says goodbye: {answer.text}")
            return answer
        answer.values = syntax.values(self._pieces(syntax.body(line), begun, body, max(body, hard)))
        if answer.kind == "EXISTS":
            self.exists = answer.number or 0
        elif answer.kind == "EXPUNGE":
            self.exists -= 1
            if self.on_expunge is not None:
                self.on_expunge(answer.number or 0)
        elif answer.kind == "CAPABILITY":
            self.capabilities = frozenset(str(value).upper() for value in answer.values)
        return answer

    def _pieces(self, line: bytes, begun: deque[bytes], body: int, hard: int) -> list[Any]:
        pieces: list[Any] = []
        while (size := syntax.announced(line)) is not None:
            if size > hard:
                raise ProtocolError(f"{self.name} announces {size} octets where {hard} are the limit")
            pieces.append(syntax.without_announcement(line))
            if size > body:
                self.channel.skip(size)
                pieces.append((syntax.Oversize(size),))
            else:
                pieces.append((begun.popleft() if begun else self.channel.exactly(size),))
            line = begun.popleft() if begun else self.channel.line()
        pieces.append(line)
        return pieces

    def close(self) -> None:
        """Log out where the connection still works, and close it."""
        try:
            self.channel.send(b"z LOGOUT\r\n")
        except WorldError:
            pass  # it is gone already, which is what was wanted
        self.channel.close()
