"""A base prints what every message has, for every message anew, run by Jinja or not."""

from pathlib import Path
from typing import Any

import pytest

from tests.render.conftest import Render

PLAIN = (
    "<p title='{{ subject }}'>{% if subject %}{{ subject }}{% else %}none{% endif %}</p>"
    "{% if ref %}<b>{{ ref }} {{ lang }}</b>{% endif %}{{ content }}<i>{{ ref }}</i>"
)
RECORDS: list[dict[str, Any]] = [
    {"s": "One", "r": "7", "l": "en", "x": "a"},
    {"s": "", "r": None, "l": "", "x": "b"},
    {"s": "7", "r": "7", "l": "7", "x": "7"},
    {"s": "Two <b>", "r": "8", "l": "fr", "x": "<i>"},
    {"s": "subject", "r": "lang", "l": "ref", "x": "content"},
]
FRONT = "to: a@example.net\nsubject: '{{ s }}'\nref: '{{ r }}'\nlang: '{{ l }}'\nbase: base.html"


@pytest.mark.parametrize(
    "body", ["Hello", "Hello {{ x }} and {{ x }}", "{% if x == 'a' %}{{ x }}{% endif %}"]
)
def test_a_base_is_filled_the_same_with_and_without_jinja(render: Render, tmp_path: Path, body: str) -> None:
    (tmp_path / "base.html").write_text(PLAIN)
    quick = [record["html"] for record in render(body, RECORDS, front=FRONT)]
    (tmp_path / "base.html").write_text(f"{{% set run = 1 %}}{PLAIN}")
    slow = [record["html"] for record in render(body, RECORDS, front=FRONT)]

    assert quick == slow
    assert len(set(quick)) == len(RECORDS)


def test_data_are_printed_by_a_base_that_names_them(render: Render, tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text("{{ content }}{{ x }}{{ data.s }}")

    assert ["aOne" in record["html"] for record in render("Hello", RECORDS, front=FRONT)] == [
        True,
        *[False] * 4,
    ]
