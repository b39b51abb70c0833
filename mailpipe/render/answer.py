"""Derives the answer to a parsed message, or says why it must not be answered (RFC 3834)."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from mailpipe.errors import RecordError
from mailpipe.mail import mailbox
from mailpipe.mail.mailbox import Mailbox
from mailpipe.record import Record

MAX_REFERENCES = 20  # ids that are carried on: the first, which starts the conversation, and the last
_PREFIX = re.compile(r"(?:(?:re|aw|sv|antw|rép|res|odp)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_WHY = {
    "bounce": "it is a bounce",
    "complaint": "it is a complaint about mail of ours",
    "loop": "it has been through here before",
    "reply": "a machine has written it in answer to ours",
    "generated": "a machine has written it",
    "list": "it came by a mailing list",
}


class Answer(NamedTuple):
    """What an answer takes from the message that it answers."""

    to: list[Mailbox]
    subject: str
    in_reply_to: list[str]
    references: list[str]
    ref: str | None
    data: Any
    key: str


def answer(record: Record, is_own: Callable[[str], bool]) -> Answer:
    """The answer to a parsed record; ``is_own`` tells our own addresses.

    Raises :class:`RecordError` for a record that is not parsed, and for what must not be answered.
    """
    auto = record.get("auto")
    if not isinstance(auto, dict) or not isinstance(record.get("from"), list):
        raise RecordError(
            "this is not a parsed message", slug="missing-field", hint="run `mailpipe parse` before --reply"
        )
    if auto.get("suppressReply") or auto.get("class", "none") != "none":
        raise _refused(_reason(auto))
    ids = _texts(record.get("messageId"))
    return Answer(
        to=[_recipient(record, is_own)],
        subject=f"Re: {_PREFIX.sub('', str(record.get('subject') or '').strip(), count=1)}".rstrip(),
        in_reply_to=ids[:1],
        references=_references(record, ids[:1]),
        ref=_ref(record.get("ref")),
        data=record.get("data"),
        key=str(record.get("id") or (ids[0] if ids else "")),
    )


def _recipient(record: Record, is_own: Callable[[str], bool]) -> Mailbox:
    """Where the sender wants answers: one address, whatever else he lists."""
    listed = record.get("replyTo") or record.get("from")
    wanted = [each for each in listed or () if isinstance(each, dict) and isinstance(each.get("email"), str)]
    if not wanted:
        raise _refused("nobody is named as its sender")
    if len(wanted) > 1 and not record.get("replyTo"):
        raise _refused("several people are named as its sender")
    email = wanted[0]["email"]
    if is_own(email):
        raise _refused(f"it comes from ourselves, {email[:80]}")
    try:
        return mailbox.named(wanted[0].get("name"), email)
    except RecordError:
        return Mailbox(None, mailbox.address(email))  # a name that would deceive is not repeated


def _references(record: Record, parent: list[str]) -> list[str]:
    """RFC 5322 section 3.6.4: the parent's References, else its In-Reply-To if that is one, and its id."""
    earlier = _texts(record.get("references"))
    replied = _texts(record.get("inReplyTo"))
    if not earlier and len(replied) == 1:
        earlier = replied
    found = list(dict.fromkeys([*earlier, *parent]))
    return found if len(found) <= MAX_REFERENCES else [found[0], *found[1 - MAX_REFERENCES :]]


def _ref(found: object) -> str | None:
    """The resource, unless somebody only guessed its id: an answer would give him the key to it."""
    if not isinstance(found, dict) or found.get("verified") is False or found.get("by") == "subject":
        return None
    given = found.get("id")
    return given if isinstance(given, str) and given else None


def _texts(value: object) -> list[str]:
    """Ids that can be written into a header again."""
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, str) and re.fullmatch(r"[!-;=?-~]{1,900}", each)]


def _reason(auto: dict[str, Any]) -> str:
    kind = str(auto.get("class", "none"))
    return _WHY.get(kind, "its sender takes no automatic answers")


def _refused(why: str) -> RecordError:
    return RecordError(f"must not be answered: {why}", slug="not-answered", hint="see RFC 3834")
