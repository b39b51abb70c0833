"""Reads invitations and answers to them (RFC 5545, 5546, 6047) as JSCalendar-like JSON (RFC 8984)."""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any
from urllib.parse import unquote

from mailpipe.mail import contentlines
from mailpipe.mail.contentlines import Line
from mailpipe.parse.found import DataPart

MAX_EVENTS = 100
MAX_PARTICIPANTS = 500
MAX_DATES = 500  # that are added to or taken from a recurrence
MAX_TEXT = 32 * 1024  # characters of one value

_KINDS = {"VEVENT": "Event", "VTODO": "Task"}
_TEXTS = {"UID": "uid", "SUMMARY": "title", "DESCRIPTION": "description", "LOCATION": "location"}
_WORDS = {"STATUS": "status", "CLASS": "privacy"}
_RAW = {"RRULE": "recurrenceRule", "URL": "url"}
_NUMBERS = {"SEQUENCE": "sequence", "PRIORITY": "priority"}
_TIMES = {"DTSTART": "start", "DTEND": "end", "DUE": "due", "RECURRENCE-ID": "recurrenceId"}
_STAMPS = {"DTSTAMP": "updated", "CREATED": "created"}
_ROLES = {
    "CHAIR": "chair",
    "REQ-PARTICIPANT": "attendee",
    "OPT-PARTICIPANT": "optional",
    "NON-PARTICIPANT": "informational",
}
_CATEGORIES = {"INDIVIDUAL": "individual", "GROUP": "group", "ROOM": "location", "RESOURCE": "resource"}
_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)(Z?))?", re.IGNORECASE)
_DURATION = re.compile(
    r"\+?P(?:\d{1,6}W|(?=.)(?:\d{1,6}D)?(?:T(?=\d)(?:\d{1,6}H)?(?:\d{1,6}M)?(?:\d{1,6}S)?)?)"
)
_POINT = re.compile(r"\s*([-+]?\d{1,3}(?:\.\d{1,20})?)\s*[;,]\s*([-+]?\d{1,3}(?:\.\d{1,20})?)\s*")


def read(parts: Iterable[DataPart], defects: list[str]) -> list[dict[str, Any]]:
    """The events and tasks of all calendar parts.

    Many mailers send a calendar as an alternative and as a file: the same event counts once.
    """
    events: list[dict[str, Any]] = []
    for part in parts:
        for event in _events(part, defects):
            if event in events:
                continue
            if len(events) >= MAX_EVENTS:
                defects.append("limit:calendar")
                return events
            events.append(event)
    return events


def _events(part: DataPart, defects: list[str]) -> Iterator[dict[str, Any]]:
    method: str | None = None
    event: dict[str, Any] | None = None
    inner = 0  # alarms and the like within an event
    for line in contentlines.read(part.content, part.charset, defects):
        value = line.value.strip().upper()
        if line.name == "METHOD" and event is None:
            method = value.lower()[:40]
        elif line.name == "BEGIN" and event is None and value in _KINDS:
            event = {"@type": _KINDS[value], "method": method}
        elif line.name == "BEGIN" and event is not None:
            inner += 1
        elif line.name == "END" and event is not None and inner:
            inner -= 1
        elif line.name == "END" and event is not None:
            yield _finished(event)
            event = None
        elif event is not None and not inner:
            _add(event, line, defects)
    if event is not None:
        defects.append("calendar-end-missing")
        yield _finished(event)


def _finished(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if value is not None}


def _add(event: dict[str, Any], line: Line, defects: list[str]) -> None:
    name = line.name
    if name in _TEXTS:
        event.setdefault(_TEXTS[name], line.text()[:MAX_TEXT])
    elif name in _WORDS:
        event.setdefault(_WORDS[name], line.value.strip().lower()[:40])
    elif name in _RAW:
        event.setdefault(_RAW[name], line.value.strip()[:MAX_TEXT])
    elif name in _NUMBERS:
        if line.value.strip().isdecimal():
            event.setdefault(_NUMBERS[name], int(line.value.strip()[:9]))
    elif name in _TIMES:
        _add_time(event, _TIMES[name], line, defects)
    elif name in _STAMPS:
        time = _time(line.value)
        if time and time[1]:
            event.setdefault(_STAMPS[name], time[0] + "Z")
    elif name == "DURATION":
        _add_duration(event, line, defects)
    elif name == "ORGANIZER":
        event.setdefault("organizer", _person(line))
    elif name == "ATTENDEE":
        _add_participant(event, line, defects)
    elif name == "GEO":
        point = _POINT.fullmatch(line.value)
        if point:
            event.setdefault("coordinates", f"geo:{point[1]},{point[2]}")
    elif name in ("EXDATE", "RDATE"):
        listed = event.setdefault("excluded" if name == "EXDATE" else "added", [])
        listed.extend(_times(line)[: MAX_DATES - len(listed)])


def _add_time(event: dict[str, Any], member: str, line: Line, defects: list[str]) -> None:
    """A local date-time, with its zone beside it (RFC 8984 sections 1.4.4 and 4.7)."""
    if member in event:
        return
    time = _time(line.value)
    if time is None:
        defects.append("calendar-time-invalid")
        return
    local, utc, day = time
    zone = "Etc/UTC" if utc else _zone(line.parameters.get("TZID", ""))
    event[member] = local
    if member == "recurrenceId":
        return
    if day:
        event["showWithoutTime"] = True
    elif "timeZone" not in event:
        event["timeZone"] = zone
    elif event["timeZone"] != zone:
        event[f"{member}TimeZone"] = zone


def _zone(name: str) -> str | None:
    """A zone as given, without the vendor that some programs put before it: ``/vendor/Europe/Paris``."""
    return "/".join(name.rsplit("/", 2)[-2:]) if name.startswith("/") else name[:100] or None


def _add_duration(event: dict[str, Any], line: Line, defects: list[str]) -> None:
    value = line.value.strip().upper()
    if _DURATION.fullmatch(value):
        event.setdefault("duration", value.lstrip("+"))
    else:
        defects.append("calendar-time-invalid")


def _time(value: str) -> tuple[str, bool, bool] | None:
    """``(2026-11-20T09:12:44, whether UTC, whether it is a whole day)``; None if there is no such time."""
    match = _TIME.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, utc = match.groups()
    try:
        if hour is None:
            return f"{date(int(year), int(month), int(day)).isoformat()}T00:00:00", False, True
        # A leap second is the second before (RFC 5545 section 3.3.12).
        moment = datetime(int(year), int(month), int(day), int(hour), int(minute), min(int(second), 59))
    except ValueError:
        return None
    return moment.isoformat(), bool(utc), False


def _times(line: Line) -> list[str]:
    values = [time for value in line.value.split(",", MAX_DATES) if (time := _time(value))]
    return [local + ("Z" if utc else "") for local, utc, _ in values]


def _person(line: Line) -> dict[str, str | None]:
    address = line.value.strip()
    if address[:7].lower() == "mailto:":
        address = unquote(address[7:])
    if "@" not in address:
        address = line.parameters.get("EMAIL", "")
    return {"name": line.parameters.get("CN") or None, "email": address.strip()[:320] or None}


def _add_participant(event: dict[str, Any], line: Line, defects: list[str]) -> None:
    participants = event.setdefault("participants", [])
    if len(participants) >= MAX_PARTICIPANTS:
        defects.append("limit:calendar")
        return
    given = line.parameters
    person: dict[str, Any] = dict(_person(line))
    # Who has not answered is needs-action (RFC 5545 section 3.2.12).
    person["participationStatus"] = given.get("PARTSTAT", "needs-action").lower()[:40]
    person["role"] = _ROLES.get(given.get("ROLE", "REQ-PARTICIPANT").upper(), "attendee")
    if kind := _CATEGORIES.get(given.get("CUTYPE", "").upper()):
        person["kind"] = kind
    if given.get("RSVP", "").upper() == "TRUE":
        person["expectReply"] = True
    participants.append(person)
