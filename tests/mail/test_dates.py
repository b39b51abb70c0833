"""Date fields to ISO 8601."""

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import dates


def read(field: str) -> tuple[str | None, list[str]]:
    defects: list[str] = []
    return dates.parse(field, defects), defects


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("Fri, 20 Nov 2026 09:12:44 +0100", "2026-11-20T09:12:44+01:00"),
        ("20 Nov 2026 09:12 -0330", "2026-11-20T09:12:00-03:30"),
        ("Fri, 20 Nov 26 09:12:44 EST", "2026-11-20T09:12:44-05:00"),
        ("Sat, 20 Nov 99 09:12:44 GMT", "1999-11-20T09:12:44+00:00"),
        ("Fri, 20 Nov 2026 09:12:44 +0100 (CET)", "2026-11-20T09:12:44+01:00"),
        ("Fri, 20 Nov 2026 09:12:44 GMT+0100", "2026-11-20T09:12:44+01:00"),
        ("Fri, 20 Nov 2026 09:12:60 -0000", "2026-11-20T09:12:59+00:00"),
        ("Friday, 20 November 2026 9:12:44 PM -0500", "2026-11-20T21:12:44-05:00"),
        ("Fri Nov 20 09:12:44 PST 2026", "2026-11-20T09:12:44-08:00"),
        ("2026-11-20T09:12:44+01:00", "2026-11-20T09:12:44+01:00"),
        ("2026-11-20 09:12:44Z", "2026-11-20T09:12:44+00:00"),
        ("29 Feb 2024 00:00:00 +0000", "2024-02-29T00:00:00+00:00"),
    ],
)
def test_a_date_is_read_with_its_offset(field: str, wanted: str) -> None:
    assert read(field) == (wanted, [])


@pytest.mark.parametrize(
    "field",
    [
        "",
        "yesterday",
        "Fri, 99 Nov 2026 09:12:44 +0100",
        "Fri, 20 Nov 99999 09:12:44 +0100",
        "Fri, 20 Nov 2026 09:12:44 +9999",
        "Fri, 20 Nov 2026 24:12:44 +0100",
        "Fri, 20 Foo 2026 09:12:44 +0100",
        "29 Feb 2025 00:00:00 +0000",
        "0000-00-00 00:00:00",
    ],
)
def test_a_date_that_is_none_is_null_and_a_defect(field: str) -> None:
    assert read(field) == (None, ["date-invalid"])


@pytest.mark.parametrize(
    ("field", "defect"),
    [
        ("Fri Nov 20 09:12:44 2026", "date-zone-missing"),
        ("Fri, 20 Nov 2026 09:12:44", "date-zone-missing"),
        ("Fri, 20 Nov 2026 09:12:44 A", "date-zone-unknown"),
    ],
)
def test_a_date_without_a_usable_zone_is_utc_and_a_defect(field: str, defect: str) -> None:
    assert read(field) == ("2026-11-20T09:12:44+00:00", [defect])


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1950, 1, 1), datetime(9999, 1, 1), timezones=zones))
def test_every_moment_comes_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)

    assert read(format_datetime(moment)) == (moment.isoformat(), [])


@given(st.text("0123456789:,+-() JanFebGMT", max_size=60))
def test_no_field_fails_and_every_result_is_a_date(field: str) -> None:
    found, _ = read(field)

    assert found is None or datetime.fromisoformat(found)
