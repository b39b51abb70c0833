"""Recognises bounces, cheaply, for most mail is none; reading one is left to bouncestatus."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from mailpipe.mail.headers import Header
from mailpipe.mail.mime import Part

MAX_TEXT = 16 * 1024  # characters of a text that are looked at

_STATUS_TYPES = ("message/delivery-status", "message/global-delivery-status")
_DAEMONS = (
    *("mailer-daemon", "mailerdaemon", "postmaster", "post_master", "mail system", "system administrator"),
    *("no-reply@", "noreply@", "mail deliver", "mail.deliver", "mail-deliver", "mail_deliver"),
)
_TITLES = (
    *(
        "undeliver",
        "delivery status",
        "delivery fail",
        "delivery problem",
        "delivery report",
        "delivery error",
    ),
    *("delivery has failed", "returned mail", "returned to sender", "returning to sender", "failure notice"),
    *("returning message to sender", "mail failure", "mail error", "mail system error", "failed delivery"),
    *("failed mail", "could not be delivered", "there was an error sending", "loop alert", "mail failed"),
    *("warning: message", "warning: could not send", "non remis", "non distribu", "échec de la remise"),
    *("unzustellbar", "nicht zugestellt", "mancato recapito", "non recapitat", "no se ha podido entregar"),
    *("no entregado", "devolvido", "não entregue", "onbestelbaar", "niet bezorgd", "kunne ikke leveres"),
    *("kunde inte levereras", "perille toimittamat", "niedostarcz", "nie dostarczono", "nedoručiteln"),
    *("kézbesíthetetlen", "nelivrat", "не доставлено", "недоставлен", "не доставлен", "teslim edilemedi"),
    *("送信できません", "配信不能", "配信でき", "退信", "无法投递", "無法傳遞", "전송 실패", "배달되지"),
)
_SAYINGS = (
    *("could not be delivered", "couldn't be delivered", "unable to deliver", "not able to deliver"),
    *(
        "wasn't able to deliver",
        "permanent error",
        "permanent fatal error",
        "delivery failed",
        "user unknown",
    ),
    *("delivery has failed", "did not reach", "had delivery problems", "error delivering", "unknown user"),
    *("error in deliver", "rejected recipient", "not delivered", "address failed", "addresses failed"),
    *("address(es) failed", "address had", "addresses had", "mailbox is full", "account is disabled"),
    *("was aborted", "has been delayed", "not yet been delivered", "may not exist", "smtp error"),
    *("failed addresses", "session follows", "rcpt to:", "transport error", "duplicated message-id"),
    *("was not delivered", "trying to deliver", "trouble delivering", "delivery to the following"),
    *("undeliverable", "delivery attempts", "failed 20 attempts", "returned to sender", "not be delivered"),
)


class Bounce(NamedTuple):
    """``status`` is the record's ``deliveryStatus``; ``evidence`` says how the bounce was recognised.

    ``returned`` has the header of the message that came back, as JMAP properties.
    """

    status: dict[str, dict[str, Any]]
    evidence: str
    returned: dict[str, Any]


def read(parts: list[Part], text: str, sender: str) -> Bounce | None:
    """The bounce that a message is, or None.

    ``parts`` are all parts of the message, the root first; ``text`` is its human text, ``sender`` the
    address in From.  A message that is only delayed has action ``delayed``, and is no failure yet.
    """
    if not any(part.type in _STATUS_TYPES for part in parts):
        title = _field(parts[0].fields, "subject").lower()
        if not _looks_like_one(parts[0].fields, sender, title, text):
            return None
    from mailpipe.parse import bouncestatus, returned  # costs many patterns; most mail does not come here

    header = returned.describe(returned.fields(parts[1:], text))
    people = [mailbox for member in ("to", "cc", "bcc") for mailbox in header.get(member, ())]
    sent_to = frozenset(mailbox["email"].lower() for mailbox in people if mailbox["email"])
    found = bouncestatus.read(parts, text, sender, sent_to)
    return Bounce(*found, header) if found else None


def read_complaint(parts: list[Part]) -> Bounce | None:
    """The complaint that a message is (RFC 5965), or None."""
    if not any(part.type == "message/feedback-report" for part in parts):
        return None
    from mailpipe.parse import complaint, returned

    header = returned.describe(returned.fields(parts[1:], ""))
    status = complaint.read(parts, header)
    return Bounce(status, "feedback-report", header) if status is not None else None


def _looks_like_one(fields: Iterable[Header], sender: str, title: str, text: str) -> bool:
    """Whether a daemon wrote it, and the subject or the text says what happened; people say so, too."""
    if _field(fields, "x-failed-recipients"):
        return True
    origin = f"{sender} {_field(fields, 'from')} {_field(fields, 'sender')}".lower().strip()
    by_daemon = origin in ("", "<>") or _field(fields, "return-path") == "<>" or _has(origin, _DAEMONS)
    return by_daemon and (_has(title, _TITLES) or _has(text[:MAX_TEXT].lower(), _SAYINGS))


def _has(text: str, phrases: Iterable[str]) -> bool:
    return any(phrase in text for phrase in phrases)


def _field(fields: Iterable[Header], name: str) -> str:
    return next((value.strip() for key, value in fields if key.lower() == name), "")
