"""Decide, from what the ledger knows, which recipients of a message are still to be sent to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mailpipe.errors import RecordError, RetryableRecordError
from mailpipe.mail.parcel import Entry, Parcel


class Policy(Protocol):
    """What to do with what an earlier run has left."""

    @property
    def resend_unknown(self) -> bool: ...
    @property
    def resend_refused(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Decision:
    """Which recipients are to be sent to, and what is already known of the others."""

    go: tuple[str, ...]
    doubtful: bool
    stored: Mapping[str, Mapping[str, Any]]
    held: tuple[str, ...]


def decide(parcel: Parcel, known: Mapping[str, Entry], policy: Policy, *, resolves: bool) -> Decision:
    """Divide the recipients; ``resolves`` says that the transport can find out what became of unknowns.

    Raises RecordError when the key was used for other content, or another run is at it.
    """
    go: list[str] = []
    held: list[str] = []
    stored: dict[str, Mapping[str, Any]] = {}
    doubtful = False
    for recipient in parcel.recipients:
        entry = known.get(recipient)
        if entry is None or entry.state == "deferred":
            go.append(recipient)
            continue
        if entry.busy:
            raise in_flight()
        same = entry.content == parcel.content
        if entry.state == "refused":
            # Other content under the same key may well be what was asked for: it was too big before.
            if policy.resend_refused or not same:
                go.append(recipient)
            else:
                stored[recipient] = entry.status
        elif not same:
            raise other_content(parcel)
        elif entry.state == "sent":
            stored[recipient] = entry.status
        elif resolves or policy.resend_unknown:
            go.append(recipient)
            doubtful = doubtful or not policy.resend_unknown
        else:
            held.append(recipient)
            # What was said to an earlier try says nothing about the last one.
            stored[recipient] = entry.status if entry.status.get("action", "") is None else {}
    return Decision(tuple(go), doubtful, stored, tuple(held))


def other_content(parcel: Parcel) -> RecordError:
    """The error of a key that was used before, for something else."""
    return RecordError(
        f"{parcel.key} was sent before with other content",
        slug="key-reused",
        hint="give each message its own Message-ID or idempotencyKey",
    )


def in_flight() -> RecordError:
    """The error of a message that another run is sending at this moment."""
    return RetryableRecordError(
        "another run is sending this message", slug="in-flight", hint="run again when it has ended"
    )
