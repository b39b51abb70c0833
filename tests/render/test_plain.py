"""The text part reads well: what Markdown marks is laid out, and nothing of it is left over."""

import pytest

from mailpipe.render import markup, plain


def text_of(source: str) -> str:
    return plain.from_html(markup.from_markdown(source, "t.md"))


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Hello *you*", "Hello you\n"),
        ("one\ntwo\n\nthree", "one\ntwo\n\nthree\n"),
        ("R&D <3 a & b &amp; c", "R&D <3 a & b & c\n"),
        ("List:\n- a\n- b\n    - c\n\nend", "List:\n\n- a\n- b\n  - c\n\nend\n"),
        ("3. a\n4. b", "3. a\n4. b\n"),
        ("> a\n> b\n\nc", "> a\n> b\n\nc\n"),
        ("> a\n>\n> b", "> a\n>\n> b\n"),
        ("x\n\n    a:  1\n    b: 2\n\ny", "x\n\n    a:  1\n    b: 2\n\ny\n"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n1 | 2\n"),
        ("a\n\n---\n\nb", "a\n\n* * *\n\nb\n"),
        ("Regards\n-- \nAlice", "Regards\n-- \nAlice\n"),
        ("Regards\n--\nAlice", "Regards\n-- \nAlice\n"),
        ("![A logo](logo.png) text", "A logo text\n"),
        ("a<br>b<hr>c", "a\nb\n\n* * *\n\nc\n"),
        ("", "\n"),
    ],
)
def test_markdown_becomes_text(source: str, expected: str) -> None:
    assert text_of(source) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("see [the page](https://example.com/a?b=1&c=2).", "see the page <https://example.com/a?b=1&c=2>."),
        ("see <https://example.com/a>.", "see https://example.com/a."),
        ("[a@example.com](mailto:a@example.com)", "a@example.com"),
        ("[top](#top)", "top"),
        ("[*b* c](https://example.com)", "b c <https://example.com>"),
    ],
)
def test_a_link_is_its_text_and_its_url_unless_they_are_the_same(source: str, expected: str) -> None:
    marks = {ord(plain.URL_OPEN): None, ord(plain.URL_CLOSE): None}

    assert text_of(source).translate(marks) == f"{expected}\n"


def test_a_line_of_hyphens_is_no_heading() -> None:
    assert "<h2>" not in markup.from_markdown("Regards\n---\nAlice\n--\nBob", "t.md")


@pytest.mark.parametrize("source", ["text\n- a\n- b", "text\n1. a\n2. b", "text\n* a"])
def test_a_list_needs_no_blank_line_before_it(source: str) -> None:
    assert "<li>a</li>" in markup.from_markdown(source, "t.md")


@pytest.mark.parametrize("source", ["```\ntext\n- a\n```", "2026. was good", "5 - 3\nis 2"])
def test_what_is_no_list_does_not_become_one(source: str) -> None:
    assert "<ul>" not in markup.from_markdown(source, "t.md")
