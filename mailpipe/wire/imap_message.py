"""What FETCH tells about one message, as values; the two answers that a folder is full of by one look."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

# The usual forms (RFC 3501 section 7.4.2); what looks any different goes through imap_syntax.
BODY = re.compile(rb"\* \d{1,10} FETCH \(UID (\d{1,10}) BODY\[\] \{(\d{1,10})\}\r\n")
BODY_END = b")\r\n"
_HEAD = re.compile(
    rb'\* \d{1,10} FETCH \(UID (\d{1,10}) FLAGS \(([^()"{]*)\) INTERNALDATE ("[^"\\]{26}")'
    rb" RFC822\.SIZE (\d{1,10})\)\r\n"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name.lower().encode(): number for number, name in enumerate(MONTHS, 1)}
_DATE = re.compile(rb" ?(\d{1,2})-([A-Za-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])([01]\d|2[0-3])([0-5]\d)")


@dataclass(slots=True)
class Fetched:
    """One message; ``raw`` is None when it is too large or, with ``missing``, when there is no body."""

    uid: int
    size: int
    flags: list[str]
    received_at: datetime | None
    raw: bytes | None = None
    missing: str = ""


def quick_head(line: bytes) -> Fetched | None:
    """The message of a FETCH answer in the usual form, without its body; None for another form."""
    found = _HEAD.fullmatch(line)
    if found is None:
        return None
    uid, flags, date, size = found.groups()
    return Fetched(int(uid), int(size), flags.decode("utf-8", "replace").split(), moment(date[1:-1]))


def head(items: dict[str, Any]) -> Fetched:
    """The message of a FETCH answer's items, without its body."""
    flags = items.get("FLAGS")
    return Fetched(
        uid=number(items.get("UID")),
        size=number(items["RFC822.SIZE"]),
        flags=[str(flag) for flag in flags] if isinstance(flags, list) else [],
        received_at=moment(items.get("INTERNALDATE")),
    )


def number(value: Any) -> int:
    """The number of an atom; 0 for what is none."""
    return int(value) if isinstance(value, str) and value.isdigit() else 0


def moment(value: Any) -> datetime | None:
    """The time of a ``date-time`` (RFC 3501 section 9); None for what is not one."""
    found = _DATE.fullmatch(value) if isinstance(value, bytes) else None
    if found is None:
        return None
    day, month, year, hour, minute, second, sign, hours, minutes = found.groups()
    offset = int(hours) * 60 + int(minutes)
    try:
        return datetime(
            int(year),
            _MONTHS[month.lower()],
            int(day),
            int(hour),
            int(minute),
            min(int(second), 59),
            tzinfo=timezone(timedelta(minutes=-offset if sign == b"-" else offset)),
        )
    except (KeyError, ValueError):
        return None
