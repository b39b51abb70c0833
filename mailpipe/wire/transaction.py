"""Decide, step by step, how one message goes through one SMTP or LMTP transaction; no socket here."""

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum

from mailpipe.mail.parcel import Parcel
from mailpipe.mail.reply import Action, Fate, Reply, local_reply, refusal
from mailpipe.wire import esmtp
from mailpipe.wire.esmtp import Dialect, Extensions

DOT = b".\r\n"
DATA = b"DATA\r\n"
RESET = b"RSET\r\n"


class Want(Enum):
    """What a transaction waits for."""

    REPLY = "the next reply"
    GO = "leave to send the final dot"


Step = bytes | Want
Fates = dict[str, Fate]


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed on with the server."""

    dialect: Dialect
    offered: Extensions

    @property
    def pipelining(self) -> bool:
        """Whether several commands may go out at once (RFC 2920)."""
        return "PIPELINING" in self.offered


class Ended:
    """How a transaction left the connection: ``reset`` asks for RSET before the next."""

    def __init__(self) -> None:
        self.reset = False


Transaction = Generator[Step, Reply | None, Fates]


def unfit(parcel: Parcel, offered: Extensions) -> Reply | None:
    """Why this server need not be asked to take a parcel: its size, its octets, its addresses."""
    limit = esmtp.size_limit(offered)
    if limit and len(parcel.message) > limit:
        return local_reply(552, f"5.3.4 {len(parcel.message)} octets, the server takes {limit}")
    if parcel.utf8 and "SMTPUTF8" not in offered:
        return local_reply(553, "5.6.7 the server takes no addresses or header fields beyond ASCII")
    if parcel.eight_bit and "8BITMIME" not in offered:
        return local_reply(554, "5.6.3 the message has 8-bit octets and the server takes 7-bit ones only")
    return None


def transaction(parcel: Parcel, terms: Terms, ended: Ended) -> Transaction:
    """Yield octets to send and what to wait for; return what became of each recipient.

    Octets are sent no later than at the next wait.  With PIPELINING everything up to DATA goes out
    at once.  After ``Want.GO`` nothing can be taken back.
    """
    reply = unfit(parcel, terms.offered)
    if reply is not None:
        return dict.fromkeys(parcel.recipients, refusal(reply))
    ask = _at_once if terms.pipelining else _one_by_one
    fates, data = yield from ask(parcel, terms, ended)
    accepted = [recipient for recipient in parcel.recipients if recipient not in fates]
    if data is None or data.code != 354:
        ended.reset = True
        reply = data or local_reply(451, "4.5.0 not asked")
        return fates | dict.fromkeys(accepted, refusal(_no_success(reply)))
    ended.reset = False
    if not accepted:
        # RFC 2920 section 3.1: a server may say 354 though it took nobody; an empty message ends it.
        yield DOT
        yield Want.REPLY
        return fates
    yield esmtp.stuffed(parcel.message)
    yield Want.GO
    yield DOT
    return fates | (yield from _verdicts(accepted, terms.dialect))


Answers = Generator[Step, Reply | None, tuple[Fates, Reply | None]]


def _at_once(parcel: Parcel, terms: Terms, ended: Ended) -> Answers:
    yield b"".join(
        [
            RESET if ended.reset else b"",
            esmtp.mail_command(parcel, terms.offered),
            *(esmtp.rcpt_command(parcel, recipient, terms.offered) for recipient in parcel.recipients),
            DATA,
        ]
    )
    if ended.reset:
        yield from _reply()
    mail = yield from _reply()
    fates: Fates = {}
    for recipient in parcel.recipients:
        reply = yield from _reply()
        if not mail.positive:
            fates[recipient] = refusal(_no_success(mail))
        elif not reply.positive:
            fates[recipient] = refusal(_no_success(reply))
    return fates, (yield from _reply())


def _one_by_one(parcel: Parcel, terms: Terms, ended: Ended) -> Answers:
    if ended.reset:
        yield from _asked(RESET)
    mail = yield from _asked(esmtp.mail_command(parcel, terms.offered))
    ended.reset = True
    if not mail.positive:
        return dict.fromkeys(parcel.recipients, refusal(_no_success(mail))), None
    fates: Fates = {}
    for recipient in parcel.recipients:
        reply = yield from _asked(esmtp.rcpt_command(parcel, recipient, terms.offered))
        if not reply.positive:
            fates[recipient] = refusal(_no_success(reply))
    if len(fates) == len(parcel.recipients):
        return fates, None
    return fates, (yield from _asked(DATA))


def _verdicts(accepted: list[str], dialect: Dialect) -> Generator[Step, Reply | None, Fates]:
    fates: Fates = {}
    reply: Reply | None = None
    for recipient in accepted:
        # Only what is said after the dot is final, whatever RCPT was told (RFC 5321 section 4.2.5).
        if reply is None or dialect.each:
            reply = yield from _reply()
        action: Action = "delivered" if dialect.each else "relayed"
        fates[recipient] = Fate(action, reply) if reply.positive else refusal(_no_success(reply))
    return fates


def _asked(command: bytes) -> Generator[Step, Reply | None, Reply]:
    yield command
    return (yield from _reply())


def _reply() -> Generator[Step, Reply | None, Reply]:
    reply = yield Want.REPLY
    assert reply is not None
    return reply


def _no_success(reply: Reply) -> Reply:
    """A refusal as it came; what is neither success nor refusal here is a server out of step."""
    if reply.code >= 400:
        return reply
    return local_reply(451, f"4.5.0 unexpected answer: {reply.text()}")
