"""Templates write dates, numbers and plurals as the record's language does, and are chosen by it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import ConfigError
from mailpipe.exact import loads
from mailpipe.record import Record
from mailpipe.render import locales
from tests.render.conftest import Render, message

One = Callable[..., Record]
Refusal = Callable[..., str]


def said(one: One, body: str, data: dict[str, Any], lang: str) -> str:
    record = one(body, data, front=f"to: a@example.net\nlang: {lang}")
    return str(record["text"]).strip().replace("\u202f", " ").replace("\xa0", " ")


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        ("en", "November 27, 2026|11/27/26|27 Nov|1,234,567.10|€49.90|19%"),
        ("fr", "27 novembre 2026|27/11/2026|27 nov.|1 234 567,10|49,90 €|19 %"),
        ("de-CH", "27. November 2026|27.11.26|27 Nov.|1’234’567.10|EUR 49.90|19%"),
        ("hi", "27 नवंबर 2026|27/11/26|27 नव॰|12,34,567.10|€49.90|19%"),
    ],
)
def test_values_are_written_as_the_language_does(one: One, lang: str, expected: str) -> None:
    body = (
        "{{ d | date }}|{{ d | date('short') }}|{{ d | date('d MMM') }}|{{ n | number }}"
        "|{{ p.amount | currency(p.currency) }}|{{ 0.19 | percent }}"
    )
    data = loads(b'{"d": "2026-11-27", "n": 1234567.10, "p": {"amount": 49.90, "currency": "EUR"}}')

    assert said(one, body, data, lang) == expected


def test_no_digit_is_lost_and_a_pattern_is_obeyed(one: One) -> None:
    data = loads(b'{"n": 12345678901234567890.120, "s": "1.50"}')

    assert said(one, "{{ n | number }} {{ s | number }} {{ s | number('0.0') }}", data, "en") == (
        "12,345,678,901,234,567,890.120 1.50 1.5"
    )


def test_the_clock_is_that_of_the_value(one: One) -> None:
    data = {"at": "2026-11-20T23:30:00+05:30"}

    assert said(one, "{{ at | time }}, {{ at | datetime }}", data, "fr") == "23:30, 20 nov. 2026, 23:30:00"


@pytest.mark.parametrize(
    ("lang", "expected"),
    [("pl", "1 auto, 2 auta, 5 aut, 22 auta"), ("en", "1 aut, 2 aut, 5 aut, 22 aut")],
)
def test_a_plural_follows_the_rules_of_the_language(one: One, lang: str, expected: str) -> None:
    body = "{% for n in ns %}{{ n | plural(one='# auto', few='# auta', other='# aut') }}, {% endfor %}"
    if lang == "en":
        body = body.replace("one='# auto', ", "")

    assert said(one, body, {"ns": [1, 2, 5, 22]}, lang).rstrip(",") == expected


def test_a_filter_of_constants_follows_each_record(render: Render) -> None:
    front = 'to: a@example.net\nlang: "{{ lang }}"\nsubject: "{{ 1234.5 | number }}"'
    records = render(
        "{{ '2026-11-27' | date }}", [{"lang": "en"}, {"lang": "de"}, {"lang": "en"}], front=front
    )

    assert [record["text"].strip() for record in records] == [
        "November 27, 2026",
        "27. November 2026",
        "November 27, 2026",
    ]
    assert [record["subject"] for record in records] == ["1,234.5", "1.234,5", "1,234.5"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("{{ it | date }}", "'soon' is not a date such as 2026-11-27"),
        ("{{ it | number }}", "'soon' is not a number"),
        ("{{ true | number }}", "'true' is not a number"),
        ("{{ '1e999' | number }}", "cannot be|can be written out"),
        ("{{ 5 | currency('euro') }}", "not the code of a currency"),
        ("{{ 5 | plural(one='x') }}", 'needs the form other="..."'),
        ("{{ 5 | plural(two='x', none='y') }}", "has no form 'none'"),
        ("{{ '2026-11-27' | time }}", "has no time of day"),
        ("{{ nmae | date }}", "'nmae' is not in the data"),
    ],
)
def test_what_cannot_be_written_is_an_error_with_its_line(refusal: Refusal, body: str, says: str) -> None:
    found = refusal(body, {"it": "soon"})

    assert "template.md, line 4" in found
    assert any(each in found for each in says.split("|"))


def test_a_language_without_rules_is_an_error_and_a_region_without_is_its_language(
    one: One, refusal: Refusal
) -> None:
    assert said(one, "{{ '2026-11-27' | date }}", {}, "fr-ZZ") == "27 novembre 2026"
    assert "no rules for the language 'xx'" in refusal("{{ 5 | number }}", {}, front="to: a@b.com\nlang: xx")


def test_without_babel_the_error_says_what_to_install(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "babel.core", None)
    locales.locale.cache_clear()

    with pytest.raises(ConfigError, match=r"pip install 'mailpipe\[i18n\]'"):
        render("{{ 5 | number }}", {})


def test_the_language_is_that_of_the_flag_then_the_front_matter_then_the_data(
    one: One, tmp_path: Path
) -> None:
    (tmp_path / "template.fr.md").write_text("Bonjour")
    (tmp_path / "template.de.md").write_text("Hallo")
    plain, own = "to: a@example.net", "to: a@example.net\nlang: de"

    assert one("Hello", {"lang": "fr"}, front=plain)["text"] == "Bonjour\n"
    assert message(one("Hello", {"lang": "fr"}, front=plain))["Content-Language"] == "fr"
    assert one("Hello", {"lang": "fr"}, front=own)["text"] == "Hallo\n"
    assert one("Hello", {"lang": "fr"}, front=own, overrides={"lang": ["en"]})["text"] == "Hello\n"
    assert one("Hello", {"lang": "no tag\n"}, front=plain)["text"] == "Hello\n"
    assert one("Hello", {"lang": ["fr"]}, front=plain)["text"] == "Hello\n"
