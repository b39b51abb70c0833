"""The report as a page: whole in itself, with what the records say, shown by a real browser."""

import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mailpipe.record import Record
from mailpipe.track import plots
from mailpipe.track.page import page, span
from tests.servers import need

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
CLASSES = ("human", "proxy", "prefetch", "scanner", "self")


def iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def row(number: int, after: timedelta | None, **opens: int) -> Record:
    sent = NOW - timedelta(days=3, minutes=number)
    opened = {} if after is None else {"openedAt": iso(sent + after), "lastOpenedAt": iso(sent + after)}
    return {
        "recipient": f"{number}@example.net",
        "subject": "<script>alert(1)</script> Check",
        "acceptedAt": iso(sent),
        "opens": dict.fromkeys(CLASSES, 0) | opens,
        **opened,
    }


def opening(hours: float, class_: str = "human", count: int = 1) -> Record:
    return {"event": "open", "openedAt": iso(NOW - timedelta(hours=hours)), "class": class_, "count": count}


class Checker(HTMLParser):
    """Counts elements, and notes what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.loads += [str(value) for name, value in attrs if name in ("src", "href", "srcset", "data")]


def checked(made: str) -> Checker:
    checker = Checker()
    checker.feed(made)
    return checker


def test_the_page_needs_nothing_and_runs_nothing() -> None:
    made = page([row(1, timedelta(hours=2), human=2)], [opening(1)], NOW)

    checker = checked(made)
    assert checker.loads == []
    assert "script" not in checker.elements
    assert not re.search(r"url\(|@import|https?://", made)
    assert "&lt;script&gt;" in made


def test_the_numbers_are_those_of_the_records() -> None:
    rows = [
        row(1, timedelta(hours=2), human=2, prefetch=1),
        row(2, None, scanner=4),
        row(3, timedelta(days=1), proxy=1),
    ]

    made = page(rows, [opening(1)], NOW)

    tiles = re.findall(r"<b>([^<]*)</b><span>([^<]*)</span>", made)
    assert tiles[:4] == [
        ("3", "recipients"),
        ("2", "opened it (67%)"),
        ("3", "opens by people"),
        ("5", "loads by machines"),
    ]
    assert tiles[4][0] == "1 d"
    assert len(re.findall(r"<tr><td", made)) == 3


@pytest.mark.parametrize("hours", [0.5, 30, 24 * 20, 24 * 200, 24 * 3000])
def test_any_span_of_time_is_some_columns(hours: float) -> None:
    made = page(
        [], [opening(hours, "human", 3), opening(0.1, "proxy", 2), opening(hours / 2, "scanner")], NOW
    )

    counts = [int(found) for found in re.findall(r"<title>[^<]*: (\d+) \w+</title>", made)]
    assert sum(counts) == 6
    assert len(re.findall(r"<title>", made)) <= 4


def test_a_page_about_nothing_is_a_page() -> None:
    made = page([], [], NOW)

    assert "None yet." in made
    assert checked(made).elements.count("h1") == 1


def test_a_page_about_many_stays_a_page() -> None:
    def rows() -> Iterator[Record]:
        for number in range(5000):
            yield row(number, timedelta(minutes=number) if number % 2 else None, human=number % 2)

    made = page(rows(), [opening(hour) for hour in range(400)], NOW)

    assert made.count("<tr><td") == 1000
    assert "And 4,000 more." in made
    assert "<b>5,000</b>" in made
    assert len(made) < 500_000


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (4, 4), (5, 8), (9, 20), (57, 80), (81, 200), (100_000, 200_000)]
)
def test_an_axis_ends_at_a_number_of_people(value: int, top: int) -> None:
    assert plots.nice(value) == top
    assert top % plots.TICKS == 0


@pytest.mark.parametrize(("seconds", "said"), [(3, "3 s"), (300, "5 min"), (7200, "2 h"), (172_800, "2 d")])
def test_a_time_is_said_as_people_do(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_a_browser_shows_the_page(tmp_path: Path) -> None:
    chromium = need("chromium")
    rows: list[Any] = [row(number, timedelta(minutes=number * 7), human=1) for number in range(40)]
    (tmp_path / "report.html").write_text(page(rows, [opening(hour, "proxy") for hour in range(50)], NOW))

    how = ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom")
    shown = subprocess.run(
        [chromium, *how, f"file://{tmp_path}/report.html"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    assert shown.count("<svg") == 2
    assert shown.count("<polyline") == 1
    assert shown.count("<td") == 240
