"""Decide, step by step, how one message goes through one SMTP or LMTP transaction; no socket here."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from mailpipe.mail.parcel import Parcel
from mailpipe.mail.reply import Action, Fate, Reply, local_reply, refusal
from mailpipe.wire import esmtp
from mailpipe.wire.esmtp import Dialect, Extensions

DOT = b".\r\n"
DATA = b"DATA\r\n"
RESET = b"RSET\r\n"
LARGE = 64 * 1024  # octets; a smaller message goes out in one write with its end
NO_ANSWER = 0  # stands for the code of a reply that will never come


class Want(Enum):
    """What a transaction waits for, besides replies."""

    WRITTEN = "that everything so far is on its way"


class Last(NamedTuple):
    """Octets that end the message: once they are out nothing can be taken back."""

    octets: bytes


Step = bytes | Last | int | Want
"""Octets to send, a number of replies to wait for, or another thing to wait for."""

Fates = dict[str, Fate]
Replies = Sequence[Reply]
Transaction = Generator[Step, Replies, Fates]


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
    at once.
    """
    reply = unfit(parcel, terms.offered)
    if reply is not None:
        return dict.fromkeys(parcel.recipients, refusal(reply))
    ask = _at_once if terms.pipelining else _one_by_one
    fates, data = yield from ask(parcel, terms, ended)
    accepted = parcel.recipients
    if fates:
        accepted = tuple(recipient for recipient in accepted if recipient not in fates)
    if data is None or data.code != 354:
        ended.reset = True
        reply = data or local_reply(451, "4.5.0 not asked")
        return fates | dict.fromkeys(accepted, refusal(_no_success(reply)))
    ended.reset = False
    if not accepted:
        # RFC 2920 section 3.1: a server may say 354 though it took nobody; an empty message ends it.
        yield DOT
        yield 1
        return fates
    yield from _content(esmtp.stuffed(parcel.message))
    return fates | _verdicts(accepted, (yield len(accepted) if terms.dialect.each else 1), terms.dialect)


def _content(stuffed: bytes) -> Generator[Step, Replies, None]:
    if len(stuffed) <= LARGE:
        yield Last(stuffed + DOT)
        return
    # Most connections that break do so under a long message; its end then was never out.
    yield stuffed
    yield Want.WRITTEN
    yield Last(DOT)


Answers = Generator[Step, Replies, tuple[Fates, Reply | None]]


def _at_once(parcel: Parcel, terms: Terms, ended: Ended) -> Answers:
    commands = [RESET] if ended.reset else []
    commands.append(esmtp.mail_command(parcel, terms.offered))
    commands += [esmtp.rcpt_command(parcel, recipient, terms.offered) for recipient in parcel.recipients]
    commands.append(DATA)
    yield b"".join(commands)
    mail, *answers = (yield len(commands))[ended.reset :]
    fates: Fates = {}
    for recipient, reply in zip(parcel.recipients, answers, strict=False):
        if not mail.positive:
            fates[recipient] = refusal(_no_success(mail))
        elif not reply.positive:
            fates[recipient] = refusal(_no_success(reply))
    return fates, answers[-1]


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


def _verdicts(accepted: Sequence[str], replies: Replies, dialect: Dialect) -> Fates:
    """Only what is said after the dot is final, whatever RCPT was told (RFC 5321 section 4.2.5)."""
    action: Action = "delivered" if dialect.each else "relayed"
    fates: Fates = {}
    for number, recipient in enumerate(accepted):
        reply = replies[number] if dialect.each else replies[0]
        if reply.positive:
            fates[recipient] = Fate(action, reply)
        elif reply.code == NO_ANSWER:
            fates[recipient] = Fate(None, local_reply(451, reply.lines[0]))
        else:
            fates[recipient] = refusal(_no_success(reply))
    return fates


def _asked(command: bytes) -> Generator[Step, Replies, Reply]:
    yield command
    return (yield 1)[0]


def _no_success(reply: Reply) -> Reply:
    """A refusal as it came; what is neither success nor refusal here is a server out of step."""
    if reply.code >= 400:
        return reply
    return local_reply(451, f"4.5.0 unexpected answer: {reply.text()}")
