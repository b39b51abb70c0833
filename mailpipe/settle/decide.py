"""Decide what becomes of one message; carrying it out is the mailbox's job."""

from dataclasses import dataclass
from typing import Any, Literal

from mailpipe.errors import RecordError
from mailpipe.record import Record

Outcome = Literal["processed", "failed", "deferred"]
Action = Literal["moved", "flagged", "already", "gone", "left", "noted"]
OUTCOMES: tuple[Outcome, ...] = ("processed", "failed", "deferred")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What shall happen to one message.

    ``store`` names its mailbox: ``(account, url, mailbox, uidValidity)``.  ``digest`` is the
    record's ``id`` and ``size`` its octets, None where the record does not tell.  ``slug`` is why it
    failed, in one word.  ``claimed`` says that
    the message carries a claim among hosts.
    """

    outcome: Outcome
    store: tuple[str | None, str, str, int | None]
    key: str
    digest: str | None = None
    size: int | None = None
    reason: str = ""
    claimed: bool = False
    slug: str = ""
    blameless: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What has happened to one message.

    ``action``: ``moved``; ``flagged`` (copied, and left there flagged as deleted, because the server
    cannot expunge just one); ``already`` (an earlier run has put it there); ``gone`` (somebody else
    has taken it away); ``left`` (deferred: it stays); ``noted`` (the mailbox cannot be changed).
    """

    mailbox: str | None
    action: Action
    uid: int | str | None = None
    uid_validity: int | None = None

    def as_member(self, intent: Intent) -> dict[str, Any]:
        """The record's ``settled`` member."""
        member = {
            "outcome": intent.outcome,
            "action": self.action,
            "mailbox": self.mailbox,
            "uid": self.uid,
            "uidValidity": self.uid_validity,
            "reason": intent.reason or None,
        }
        return {name: value for name, value in member.items() if value is not None}


def concerns(record: Record) -> bool:
    """Whether settle has to do with the record: not with an error that belongs to no message."""
    return "error" not in record or isinstance(record.get("source"), dict)


def decide(record: Record, max_attempts: int) -> Intent:
    """The intent for one record; raises RecordError when it does not say what to do with which message.

    A record that an earlier stage gave up is failed, so that a person sees it; or deferred where
    trying again may help.  What was deferred too often is failed, unless the message had no part in it.
    """
    outcome, reason = _verdict(record)
    source = record.get("source")
    if not isinstance(source, dict):
        raise RecordError("no source member: this message was not fetched", slug="no-source")
    attempt, blameless = source.get("attempt"), _is_blameless(record)
    if outcome == "deferred" and not blameless and isinstance(attempt, int) and attempt >= max_attempts:
        outcome, reason = "failed", f"deferred {attempt} times" + (f"; {reason}" if reason else "")
    size = record.get("size")
    digest = record.get("id")
    return Intent(
        outcome=outcome,
        store=_store(source),
        key=_key(source),
        digest=digest if isinstance(digest, str) and digest.startswith("sha256:") else None,
        size=size if isinstance(size, int) else None,
        reason=reason,
        claimed=source.get("claimed") is True,
        slug=_slug(record),
        blameless=blameless,
    )


def _is_blameless(record: Record) -> bool:
    route = record.get("route")
    return isinstance(route, dict) and route.get("blameless") is True


def _verdict(record: Record) -> tuple[Outcome, str]:
    error = record.get("error")
    if error is not None:
        told = error if isinstance(error, dict) else {}
        return ("deferred" if told.get("retryable") is True else "failed"), str(told.get("detail", "error"))
    route = record.get("route")
    wanted = route.get("outcome") if isinstance(route, dict) else None
    for outcome in OUTCOMES:
        if wanted == outcome:
            return outcome, _said(route) if outcome == "failed" else ""
    if wanted is None:
        raise RecordError(
            "no route.outcome", slug="no-outcome", hint="run `mailpipe route RULES` before settle"
        )
    raise RecordError(f"route.outcome is {wanted!r}, not one of {', '.join(OUTCOMES)}", slug="no-outcome")


def _said(route: Any) -> str:
    """What route said about a failure."""
    return ": ".join(str(route[name]) for name in ("reason", "detail") if route.get(name))


def _slug(record: Record) -> str:
    """The failure in one word."""
    for member, name in (("error", "type"), ("route", "reason")):
        told = record.get(member)
        if isinstance(told, dict) and isinstance(told.get(name), str):
            return str(told[name])
    return ""


def _store(source: dict[str, Any]) -> tuple[str | None, str, str, int | None]:
    account, url, mailbox = source.get("account"), source.get("url"), source.get("mailbox")
    validity = source.get("uidValidity")
    if not isinstance(url, str) or not isinstance(mailbox, str):
        raise RecordError("source.url or source.mailbox is missing", slug="no-source")
    if not mailbox or any(ord(c) < 32 or ord(c) == 127 for c in mailbox):
        raise RecordError(f"source.mailbox cannot be a folder: {mailbox!r}", slug="no-source")
    if not isinstance(account, str | None) or not isinstance(validity, int | None):
        raise RecordError("source.account or source.uidValidity is unusable", slug="no-source")
    return account, url, mailbox, validity


def _key(source: dict[str, Any]) -> str:
    uid = source.get("uid")
    if isinstance(uid, bool) or not isinstance(uid, int | str) or uid == "":
        raise RecordError("source.uid is missing", slug="no-source")
    return str(uid)
