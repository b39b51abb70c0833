"""track: registrations, events and reports as records; where they are kept is the database's job."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

from mailpipe.errors import RecordError, UsageError
from mailpipe.record import Record, batches, failed, has_failed
from mailpipe.track.classify import CLASSES, SEEN, Class, Verdict, reconsidered

BATCH = 500  # records registered together when they are at hand
_SPAN = re.compile(r"(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

Row = Mapping[str, Any]


class Opens(Protocol):
    """Where opens are kept; every method may raise WorldError."""

    def events(self, after: int = 0, since: float = 0.0, /) -> Iterator[dict[str, Any]]:
        """The opens numbered above ``after``, in order."""
        ...

    def registrations(self, since: float = 0.0, /) -> Iterator[dict[str, Any]]:
        """Who was sent what, by the time of sending."""
        ...


def register(
    records: Iterable[Record],
    add: Callable[[Sequence[Record]], None],
    concerns: Callable[[Record], bool],
) -> Iterator[Record]:
    """Yield each record, the tracked ones after what their token stands for has been kept by ``add``."""
    for batch in batches(records, BATCH):
        tracked = [record for record in batch if concerns(record)]
        if tracked:
            add(tracked)
        for record in batch:
            yield _registered(record, concerns)


def _registered(record: Record, concerns: Callable[[Record], bool]) -> Record:
    if concerns(record):
        kept = {name: value for name, value in record["track"].items() if name != "detail"}
        return {**record, "track": {**kept, "registered": True}}
    if not has_failed(record) and isinstance(record.get("track"), dict) and "deliveryStatus" not in record:
        hint = "run `mailpipe send` before"
        return failed(record, RecordError("no deliveryStatus", slug="not-sent", hint=hint), "track")
    return record


def events(opens: Opens, since: float, wait: Callable[[], None] | None = None) -> Iterator[Record]:
    """Yield what was opened since a time; then, if there is ``wait``, what is opened from now on."""
    last = 0
    while True:
        for row in opens.events(last, since):
            last = row["seq"]
            yield event(row)
        if wait is None:
            return
        wait()


def event(row: Row) -> Record:
    """One event as a record that joins with that of the sent message."""
    class_, rule = judged(row)
    name = "openedAt" if row["kind"] == "open" else "unsubscribedAt"
    told = {
        "event": row["kind"],
        name: instant(row["first_at"]),
        "lastAt": instant(row["last_at"]),
        "count": row["count"],
        "class": class_,
        "rule": rule,
        "ip": row["ip"],
        "userAgent": row["agent"],
        "track": {"id": row["id"]},
    }
    if row["message_id"] is None:  # nobody has registered this token yet
        return told
    return {**told, **_whose(row), **displayed(row["recipient"], class_ in SEEN)}


def judged(row: Row) -> Verdict:
    """The class of an event and its rule, now that it may be known when the message was sent."""
    verdict = Verdict(cast(Class, row["class_"]), row["rule"])
    if row["kind"] != "open" or row["sent_at"] is None:
        return verdict
    return reconsidered(verdict, row["first_at"] - row["sent_at"])


def _whose(row: Row) -> Record:
    found: Record = {"messageId": [row["message_id"]], "recipient": row["recipient"]}
    if row["subject"] is not None:
        found["subject"] = row["subject"]
    if row["ref"] is not None:
        found["ref"] = {"id": row["ref"]}
    return {**found, "acceptedAt": instant(row["sent_at"])}


def displayed(recipient: str, seen: bool) -> Record:
    """``displayed`` of EmailSubmission's deliveryStatus (RFC 8621 section 7): yes, or unknown; never no."""
    return {"deliveryStatus": {recipient: {"displayed": "yes" if seen else "unknown"}}}


def report(opens: Opens, since: float) -> Iterator[Record]:
    """Yield one record for each message and recipient: when it was opened, and how often by whom."""
    found: dict[str, Record] = {}
    for row in opens.events(0, since):
        _count(found.setdefault(row["id"], {"opens": dict.fromkeys(CLASSES, 0)}), row)
    for row in opens.registrations(since):
        told = found.pop(row["id"], {"opens": dict.fromkeys(CLASSES, 0)})
        yield {**_whose(row), **told, **displayed(row["recipient"], "openedAt" in told)}
    for id_, told in found.items():  # what was sent before that time, or is not registered
        yield {"track": {"id": id_}, **told}


def _count(told: Record, row: Row) -> None:
    if row["kind"] == "unsubscribe":
        told.setdefault("unsubscribedAt", instant(row["first_at"]))
        return
    class_ = judged(row).class_
    told["opens"][class_] += row["count"]
    if class_ in SEEN:
        told.setdefault("openedAt", instant(row["first_at"]))
        told["lastOpenedAt"] = instant(row["last_at"])


def instant(seconds: float) -> str:
    """A time in UTC as JSON has it (RFC 3339)."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str, now: datetime) -> float:
    """The time that people mean by ``2026-11-20``, ``2026-11-20T09:12`` or ``36h``; raises UsageError.

    ``now`` is aware; a time without zone is in that of ``now``.
    """
    span = _SPAN.fullmatch(text.strip())
    if span:
        return (now - timedelta(**{_UNITS[span[2]]: int(span[1])})).timestamp()
    try:
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=now.tzinfo)).timestamp()
    except (ValueError, OverflowError) as exc:
        raise UsageError(
            f"{text!r} is not a time", hint="such as 2026-11-20, 2026-11-20T09:12, 36h or 7d"
        ) from exc
