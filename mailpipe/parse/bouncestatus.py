"""Reads which recipients a bounced message did not reach, and why, as JMAP's deliveryStatus."""

import re
from collections.abc import Iterator
from typing import Any

from mailpipe.mail import charsets, reasons, reply
from mailpipe.mail.mime import Part
from mailpipe.parse import bouncetext, dsn
from mailpipe.parse.bouncetext import Mention
from mailpipe.parse.dsn import Recipient

MAX_REPLY = 1000  # characters of smtpReply
MAX_RETURNED = 64 * 1024  # characters of a returned message that are looked at

_DELIVERED = {"delivered": "yes", "relayed": "queued", "expanded": "queued", "delayed": "queued"}
_DELAYED = (
    *("warning message only", "has been delayed", "not yet been delivered", "attempts will continue"),
    *("will be retried", "delay reason", "still trying", "will continue to try", "will continue to attempt"),
)
_REPLY = re.compile(r"(?<![\d.])([45]\d\d)[ -](?:#?([45]\.\d{1,3}\.\d{1,3})\b)?[^\n]{0,500}")
_STATUS = re.compile(r"(?<![\d.])([45]\.[0-7]\.\d{1,3})(?![\d.])")
_FOLDED = re.compile(r"\n[ \t]{1,40}(?=\S)")  # servers wrap and indent what they quote
_TO = re.compile(
    r"^(?:to|x-envelope-to|x-failed-recipients):[^\n@]{0,200}?([^\s<>,;:\"]{1,200}@[^\s<>,;\"]{1,200})",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESS = re.compile(r"[^\s<>,;]{1,320}@[^\s<>,;]{1,320}")


def read(
    parts: list[Part], text: str, sender: str, sent_to: frozenset[str]
) -> tuple[dict[str, dict[str, Any]], str] | None:
    """The status of each recipient and where it comes from, ``delivery-status`` or ``text``; or None.

    ``sent_to`` has the recipients in the header of the returned message, in lower case.
    """
    notice = bouncetext.notice(text)
    found = [recipient for part in parts if _is_status(part) for recipient in dsn.read(_text(part))]
    if found:
        return dict(_reported(recipient, notice, sent_to) for recipient in found), "delivery-status"
    if "final-recipient:" in text.lower() and (found := dsn.read(text)):
        return dict(_reported(recipient, notice, sent_to) for recipient in found), "text"
    mentions = _mentions(parts, notice, text, sender)
    if not mentions:
        return None
    above = f"{_field(parts[0], 'subject')}\n{notice}".lower()
    action = "delayed" if any(phrase in above for phrase in _DELAYED) else "failed"
    found = [_stated(mention, notice, action) for mention in mentions]
    return {r.address: _described(r, notice if len(found) == 1 else "") for r in found}, "text"


def _reported(recipient: Recipient, notice: str, sent_to: frozenset[str]) -> tuple[str, dict[str, Any]]:
    """The address that we sent to, which sent records have as key, with the status.

    That is the original recipient: a forwarding host reports failures of an address that we have never
    heard of.  Hosts also make it up; then the final one is among the recipients of our header.
    """
    key, final = recipient.address, recipient.final
    if final and final.lower() in sent_to and key.lower() not in sent_to:
        key = final
    described = _described(recipient, notice)
    return key, {**described, "finalRecipient": final} if final.lower() not in (
        "",
        key.lower(),
    ) else described


def _is_status(part: Part) -> bool:
    return part.type.endswith("delivery-status")


def _text(part: Part) -> str:
    decoded = charsets.decode(part.content()[0], part.parameters.get("charset")).text
    return decoded.replace("\r\n", "\n").replace("\r", "\n")


def _field(part: Part, name: str) -> str:
    return next((value.strip() for key, value in part.fields if key.lower() == name), "")


def _mentions(parts: list[Part], notice: str, text: str, sender: str) -> list[Mention]:
    """What the notice says about whom; else what the header or the returned message says."""
    root = parts[0]
    own = {sender.lower(), *(found.lower() for found in _ADDRESS.findall(_field(root, "to")))}
    mentions = bouncetext.read(notice, frozenset(own))
    listed = _ADDRESS.findall(_field(root, "x-failed-recipients"))
    known = {mention.address.lower(): mention for mention in mentions}
    if listed and (not known or any(address.lower() in known for address in listed)):
        return [known.get(address.lower(), Mention(address, notice)) for address in listed]
    if mentions:
        return mentions
    match = next(
        (found for body in (*_returned(parts), text) if (found := _TO.search(body[:MAX_RETURNED]))), None
    )
    return [Mention(match[1], notice)] if match else []


def _returned(parts: list[Part]) -> Iterator[str]:
    for part in parts:
        if part.type in ("message/rfc822", "message/global", "text/rfc822-headers"):
            yield _text(part)


def _stated(mention: Mention, notice: str, action: str) -> Recipient:
    said = _FOLDED.sub(" ", mention.said)
    answer = _last(_REPLY, said) or _last(_REPLY, notice)
    exact = _STATUS.search(said) or _STATUS.search(notice)
    status = (answer[2] if answer else None) or (exact[1] if exact else "")
    diagnostic = " ".join(answer[0].split()) if answer else _gist(said, mention.address)
    return Recipient(mention.address, action, status, diagnostic)


def _last(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The last match: what a server said at the end is what counted."""
    matches = list(pattern.finditer(text))
    return matches[-1] if matches else None


def _gist(said: str, address: str) -> str:
    """What is said about an address where no SMTP reply is given."""
    rest = said.replace(f"<{address}>", "").replace(address, "")
    return " ".join(rest.split()).lstrip(":;.,*- ")[:MAX_REPLY]


def _described(recipient: Recipient, notice: str) -> dict[str, Any]:
    """JMAP's DeliveryStatus (RFC 8621 section 7), with action, status, reason and hard of ours."""
    diagnostic, status, action = recipient.diagnostic, recipient.status, recipient.action or "failed"
    exact = _STATUS.search(diagnostic)
    if exact and (not status or status[0] == exact[1][0]):
        status = exact[1]  # what the remote server said itself, before ours made its own of it
    reason = None
    if action in ("failed", "delayed"):
        reason = reasons.name(status, diagnostic if len(diagnostic) > 8 else f"{diagnostic}\n{notice}")
        if reasons.is_about_sender(notice):
            reason = "policy"
        if reason == "unknown":
            reason = reasons.name("", notice)
    status = status or _general(diagnostic, action)
    return {
        "delivered": _DELIVERED.get(action, "no"),
        "smtpReply": diagnostic[:MAX_REPLY],
        "action": action,
        "status": status,
        "reason": reason,
        "hard": reasons.is_hard(reason, action, status),
    }


def _general(diagnostic: str, action: str) -> str:
    """The status that a reply code stands for, or the least that an action says (RFC 3463 section 3.1)."""
    if code := _REPLY.match(diagnostic):
        return reply.Reply(int(code[1]), ()).status()
    return {"failed": "5.0.0", "delayed": "4.0.0"}.get(action, "2.0.0")
