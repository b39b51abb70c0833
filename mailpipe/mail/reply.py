"""Read what a mail server answered: code, enhanced status, reason, and the deliveryStatus they make."""

import re
from typing import Any, Literal, NamedTuple

from mailpipe.mail import queued

Action = Literal["delivered", "relayed", "delayed", "failed"]

_ENHANCED = re.compile(r"([245]\.\d{1,3}\.\d{1,3})(?=\s|$)")  # RFC 2034 section 3

# JMAP's four words for RFC 3464's actions.  A relay that took the message has it in its queue; a
# recipient put off with 4xx has not got it, and nobody but us will try again.
_DELIVERED = {"delivered": "yes", "relayed": "queued", "delayed": "no", "failed": "no", None: "unknown"}


class Reply(NamedTuple):
    """One SMTP reply: its code and the text of its lines, without code and line ends."""

    code: int
    lines: tuple[str, ...]

    @property
    def positive(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.code < 300

    @property
    def permanent(self) -> bool:
        """Whether it is a 5xx: the same again will be refused again."""
        return self.code >= 500

    def text(self) -> str:
        """The one line that JMAP calls smtpReply (RFC 8621 section 7)."""
        first = f"{self.code} {self.lines[0] if self.lines else ''}".rstrip()
        status = _ENHANCED.match(self.lines[0]) if self.lines else None
        prefix = status.group(1) + " " if status else ""
        return " ".join([first, *(line.removeprefix(prefix).strip() for line in self.lines[1:])])

    def status(self) -> str:
        """The enhanced status code (RFC 3463); the server's own, or what the code alone says."""
        found = _ENHANCED.match(self.lines[0]) if self.lines else None
        if found and found.group(1)[0] == str(self.code)[0]:
            return found.group(1)
        return _PLAIN.get(self.code, f"{self.code // 100}.0.0")


def local_reply(code: int, text: str) -> Reply:
    """A reply in a server's words where none was received, as RFC 8621 section 7 asks for."""
    return Reply(code, (text,))


class Fate(NamedTuple):
    """What became of one recipient; ``action`` is None where nobody knows."""

    action: Action | None
    reply: Reply

    def delivery_status(self) -> dict[str, Any]:
        """JMAP's DeliveryStatus (RFC 8621 section 7) with action, status, reason and hard of ours."""
        status, text = self.reply.status(), self.reply.text()
        well = self.action in ("delivered", "relayed")
        why = None if well else reason(status, text)
        told = {
            "delivered": _DELIVERED[self.action],
            "smtpReply": text,
            "action": self.action,
            "status": status,
            "reason": why,
            "hard": not well and _is_hard(why, self.action, status),
        }
        if well and len(text) > len("250 2.0.0 Ok"):
            names = {"queueId": queued.queue_id(text), "messageId": queued.message_id(text)}
            told |= {name: value for name, value in names.items() if value}
        return told


def _is_hard(why: str | None, action: Action | None, status: str) -> bool:
    from mailpipe.mail import reasons

    return reasons.is_hard(why, action, status)


def refusal(reply: Reply) -> Fate:
    """The fate of a recipient whom a server did not take: failed for good by 5xx, else delayed."""
    return Fate("failed" if reply.permanent else "delayed", reply)


# RFC 5321 section 4.2.3, for servers that give no enhanced status.
_PLAIN = {421: "4.3.2", 450: "4.2.0", 451: "4.3.0", 452: "4.3.1", 550: "5.1.1", 551: "5.1.6", 552: "5.2.2"}
_PLAIN |= {553: "5.1.3", 555: "5.5.4", 556: "5.1.10"}


def reason(status: str, text: str = "") -> str:
    """Why, in one word, from an enhanced status and a server's text; a bounce is judged by the same rules."""
    from mailpipe.mail import reasons  # many patterns; most mail is taken

    return reasons.name(status, text)
