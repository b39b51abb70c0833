"""Invitations and answers in the parts of a message."""

from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import contentlines
from mailpipe.parse import calendar, core
from mailpipe.parse.found import DataPart

REQUEST = """\
BEGIN:VCALENDAR
PRODID:-//Example//Desk//EN
VERSION:2.0
METHOD:REQUEST
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:STANDARD
DTSTART:19701025T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:check-42@example.com
SEQUENCE:2
DTSTAMP:20261120T081244Z
DTSTART;TZID=Europe/Paris:20261127T140000
DTEND;TZID=Europe/Paris:20261127T153000
SUMMARY:Contrôle\\, véhicule AB-123
DESCRIPTION:Première ligne\\nseconde\\; fin
LOCATION:12 rue de la Paix\\, Paris
GEO:48.8698;2.3311
STATUS:CONFIRMED
CLASS:PRIVATE
PRIORITY:5
RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=FR
EXDATE;TZID=Europe/Paris:20261204T140000
URL:https://example.com/check/42
ORGANIZER;CN="Desk, Vehicle":mailto:desk@example.com
ATTENDEE;CN=Dupont;ROLE=CHAIR;PARTSTAT=ACCEPTED;CUTYPE=INDIVIDUAL;RSVP=TRUE
 :MAILTO:dupont@example.net
ATTENDEE:mailto:other%2Bx@example.net
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:never the event's
SUMMARY:nor this
TRIGGER:-PT15M
END:VALARM
END:VEVENT
END:VCALENDAR
"""
EVENT: dict[str, Any] = {
    "@type": "Event",
    "method": "request",
    "uid": "check-42@example.com",
    "sequence": 2,
    "updated": "2026-11-20T08:12:44Z",
    "start": "2026-11-27T14:00:00",
    "timeZone": "Europe/Paris",
    "end": "2026-11-27T15:30:00",
    "title": "Contrôle, véhicule AB-123",
    "description": "Première ligne\nseconde; fin",
    "location": "12 rue de la Paix, Paris",
    "coordinates": "geo:48.8698,2.3311",
    "status": "confirmed",
    "privacy": "private",
    "priority": 5,
    "recurrenceRule": "FREQ=WEEKLY;COUNT=3;BYDAY=FR",
    "excluded": ["2026-12-04T14:00:00"],
    "url": "https://example.com/check/42",
    "organizer": {"name": "Desk, Vehicle", "email": "desk@example.com"},
    "participants": [
        {
            "name": "Dupont",
            "email": "dupont@example.net",
            "participationStatus": "accepted",
            "role": "chair",
            "kind": "individual",
            "expectReply": True,
        },
        {
            "name": None,
            "email": "other+x@example.net",
            "participationStatus": "needs-action",
            "role": "attendee",
        },
    ],
}


def read(text: str | bytes, charset: str | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    defects: list[str] = []
    content = text.encode() if isinstance(text, str) else text
    return calendar.read([DataPart("text/calendar", None, content, charset)], defects), defects


def event(*lines: str) -> dict[str, Any]:
    [found], _ = read("\r\n".join(["BEGIN:VCALENDAR", "BEGIN:VEVENT", *lines, "END:VEVENT", "END:VCALENDAR"]))
    return found


def test_an_invitation_is_read_whole() -> None:
    assert read(REQUEST) == ([EVENT], [])


def test_line_ends_and_folds_make_no_difference() -> None:
    octets = REQUEST.encode().replace(b"\n ", b"").splitlines()
    folded = b"\r\n".join(
        b"\r\n ".join(line[at : at + 7] for at in range(0, len(line), 7)) for line in octets
    )

    assert read(folded) == ([EVENT], [])


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1"])
def test_the_charset_of_the_part_counts(charset: str) -> None:
    assert read(REQUEST.encode(charset), charset) == ([EVENT], [])


def test_an_invitation_in_a_message_comes_once_although_it_is_sent_twice() -> None:
    part = "\r\n".join(REQUEST.splitlines())
    raw = (
        "From: a@example.com\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
        "--m\r\nContent-Type: multipart/alternative; boundary=a\r\n\r\n"
        "--a\r\nContent-Type: text/plain\r\n\r\ncome\r\n"
        f"--a\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n{part}\r\n--a--\r\n"
        f"--m\r\nContent-Type: application/ics; name=invite.ics\r\n\r\n{part}\r\n--m--\r\n"
    )

    parsed = core.read(raw.encode())

    assert parsed["calendar"] == [EVENT]
    assert parsed["geo"] == [
        {
            "lat": Decimal("48.8698"),
            "lon": Decimal("2.3311"),
            "source": "calendar",
            "name": EVENT["location"],
        }
    ]


def test_a_message_without_a_calendar_has_no_such_member() -> None:
    assert "calendar" not in core.read(b"From: a@example.com\r\n\r\nBEGIN:VEVENT in a text\r\n")


@pytest.mark.parametrize(
    ("status", "wanted"),
    [("ACCEPTED", "accepted"), ("DECLINED", "declined"), ("Tentative", "tentative"), ("X-LATER", "x-later")],
)
def test_an_answer_says_who_comes(status: str, wanted: str) -> None:
    [found], _ = read(
        "BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\nUID:1\n"
        f"ATTENDEE;PARTSTAT={status}:mailto:a@example.net\nEND:VEVENT\nEND:VCALENDAR\n"
    )

    assert found["method"] == "reply"
    assert [each["participationStatus"] for each in found["participants"]] == [wanted]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["DTSTART:20261120T091244Z"], {"start": "2026-11-20T09:12:44", "timeZone": "Etc/UTC"}),
        (["DTSTART:20261120T091244"], {"start": "2026-11-20T09:12:44"}),
        (
            ["DTSTART;VALUE=DATE:20261120", "DTEND;VALUE=DATE:20261122"],
            {"start": "2026-11-20T00:00:00", "end": "2026-11-22T00:00:00", "showWithoutTime": True},
        ),
        (
            ["DTSTART;TZID=/example.com/2026/Europe/Rome:20261120T091244", "DURATION:PT1H30M"],
            {"start": "2026-11-20T09:12:44", "timeZone": "Europe/Rome", "duration": "PT1H30M"},
        ),
        (
            ['DTSTART;TZID="W. Europe Standard Time":20261120T091244'],
            {"start": "2026-11-20T09:12:44", "timeZone": "W. Europe Standard Time"},
        ),
        (
            ["DTSTART;TZID=Europe/Rome:20261120T091244", "DTEND;TZID=Europe/London:20261120T101244"],
            {
                "start": "2026-11-20T09:12:44",
                "timeZone": "Europe/Rome",
                "end": "2026-11-20T10:12:44",
                "endTimeZone": "Europe/London",
            },
        ),
        (["RECURRENCE-ID:20261120T091244Z"], {"recurrenceId": "2026-11-20T09:12:44"}),
        (["DTSTART:20261231T235960Z"], {"start": "2026-12-31T23:59:59", "timeZone": "Etc/UTC"}),
        (["DURATION:P1W"], {"duration": "P1W"}),
        (["SUMMARY;LANGUAGE=fr:a\\\\n\\N\\,b"], {"title": "a\\n\n,b"}),
        (["ORGANIZER;CN=A^nB ^'C^':urn:uuid:1"], {"organizer": {"name": 'A\nB "C"', "email": None}}),
        (
            ["ORGANIZER;EMAIL=a@example.net:invalid:nomail"],
            {"organizer": {"name": None, "email": "a@example.net"}},
        ),
        (
            ["DESCRIPTION;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:a =E9=", "t=E9", "SUMMARY:x"],
            {"description": "a été", "title": "x"},
        ),
    ],
)
def test_each_value_is_read_as_it_is_meant(lines: list[str], wanted: dict[str, Any]) -> None:
    assert event(*lines) == {"@type": "Event", **wanted}


@pytest.mark.parametrize(
    "line",
    ["DTSTART:20261340T000000Z", "DTSTART:tomorrow", "DTEND:20261120T2512", "DURATION:P", "DURATION:1h"],
)
def test_a_time_that_is_none_is_left_out_and_named(line: str) -> None:
    found, defects = read(f"BEGIN:VEVENT\nUID:1\n{line}\nEND:VEVENT\n")

    assert (found, defects) == ([{"@type": "Event", "uid": "1"}], ["calendar-time-invalid"])


def test_a_calendar_cut_short_is_read_as_far_as_it_goes() -> None:
    assert read("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:7\nDUE:20261120T091244Z\nSUMM") == (
        [{"@type": "Task", "uid": "7", "due": "2026-11-20T09:12:44", "timeZone": "Etc/UTC"}],
        ["calendar-end-missing"],
    )


def test_endless_calendars_are_cut_in_no_time() -> None:
    begun = perf_counter()
    many, defects = read("BEGIN:VEVENT\nUID:1\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\n" * 50_000)
    numbered, _ = read("".join(f"BEGIN:VEVENT\nUID:{n}\nEND:VEVENT\n" for n in range(5000)))
    [crowded], _ = read("BEGIN:VEVENT\n" + "ATTENDEE:mailto:a@example.net\n" * 5000 + "END:VEVENT\n")
    [dated], _ = read("BEGIN:VEVENT\n" + ("EXDATE:" + "20261120T091244," * 500 + "\n") * 100 + "END:VEVENT\n")
    read("BEGIN:VEVENT\nATTENDEE" + ';A="' * 100_000)
    read("BEGIN:VEVENT\nATTENDEE" + ";A=" * 100_000 + ":")
    read("BEGIN:VEVENT\nDESCRIPTION;ENCODING=QUOTED-PRINTABLE:" + "=\n" * 100_000)

    assert perf_counter() - begun < 5
    assert len(many) == 2
    assert "limit:calendar" in defects
    assert len(numbered) == calendar.MAX_EVENTS
    assert len(crowded["participants"]) == calendar.MAX_PARTICIPANTS
    assert len(dated["excluded"]) == calendar.MAX_DATES


@given(st.binary(max_size=300))
def test_no_octets_are_too_strange(octets: bytes) -> None:
    read(b"BEGIN:VEVENT\n" + octets)


@given(st.text(max_size=40).filter(lambda text: "\r" not in text))
def test_text_comes_through_its_escapes(text: str) -> None:
    escaped = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")

    assert contentlines.unescape(escaped) == text
