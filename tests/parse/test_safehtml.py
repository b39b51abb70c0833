"""HTML made inert."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse import htmlallowed, safehtml


def clean(html: str) -> str:
    return safehtml.clean(html, "the text").html


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<script src=//example.net/x.js>",
        "<svg onload=alert(1)><circle/></svg>",
        "<math><mtext></mtext></math>",
        "<iframe src=javascript:alert(1)></iframe>",
        "<form action=https://example.net><input name=a><button>",
        "<style>@import url(https://example.net)</style>",
        "<meta http-equiv=refresh content='0;url=https://example.net'>",
        "<base href=https://example.net/>",
        "<link rel=stylesheet href=https://example.net/a.css>",
        "<object data=x.swf></object><embed src=x.swf>",
        "<video src=https://example.net/a.mp4></video>",
        "<!-- --!><img src=x onerror=alert(1)> -->",
        "<template><b>x</b></template>",
        "<textarea></textarea>",
    ],
)
def test_what_acts_leaves_nothing_that_acts(html: str) -> None:
    assert re.findall(r"<(?!/?(?:p|img)>)", clean(html)) == []


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " \x01javascript:alert(1)",
        "java\nscript:alert(1)",
        "&#106;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "vbscript:x",
        "data:text/html,<script>alert(1)</script>",
        "data:text/html;base64,PHNjcmlwdD4=",
        "//example.net/x",
        "/\\example.net/x",
        "\\\\example.net",
        "/x",
        "x.html",
        "javascript:123",
        "http:example.net",
        "file:///etc/passwd",
    ],
)
def test_a_link_that_is_no_plain_address_is_no_link(address: str) -> None:
    assert clean(f'<a href="{address}">x</a>') == "<a>x</a>"


@pytest.mark.parametrize(
    "address", ["https://example.com/a?b=1#c", "http://example.com", "mailto:a@example.com"]
)
def test_a_link_to_a_page_or_a_mailbox_stays(address: str) -> None:
    assert clean(f'<a href="{address}">x</a>') == f'<a href="{address}">x</a>'


def test_pictures_of_the_message_stay_and_those_elsewhere_are_not_fetched() -> None:
    safe = safehtml.clean(
        '<img src="cid:logo"><img src="data:image/png;base64,AA=="><img alt=x src="https://example.net/p.gif">'
        '<img src="data:image/svg+xml;base64,AA=="><img src="//example.net/x">',
        "",
    )

    assert safe.html == (
        '<img src="cid:logo"><img src="data:image/png;base64,AA==">'
        '<img alt="x" data-remote-src="https://example.net/p.gif"><img><img>'
    )
    assert safe.defects == ["remote-content", "active-content"]


@pytest.mark.parametrize(
    ("style", "kept"),
    [
        ("color: red; FONT-SIZE:12px", "color: red; font-size: 12px"),
        ("background: url(https://example.net/x)", ""),
        ("background-color: rgb(1, 2, 3)", "background-color: rgb(1, 2, 3)"),
        ("width: expression(alert(1))", ""),
        ("position: fixed; top: 0; color: blue", "color: blue"),
        ("margin-top: -900px", ""),
        ("color: r\\65 d", ""),
        ("color: red/**/", ""),
        ("behavior: url(x); -moz-binding: url(x)", ""),
    ],
)
def test_styles_change_how_text_looks_and_nothing_else(style: str, kept: str) -> None:
    found = re.search(r'style="([^"]*)"', clean(f'<p style="{style}">x</p>'))

    assert (found[1] if found else "") == kept


def test_the_text_of_scripts_and_style_sheets_is_not_shown() -> None:
    assert clean("<style>td{}</style><title>t</title><script>var a</script><p>hello</p>") == "<p>hello</p>"


def test_text_and_references_stay_what_they_say() -> None:
    assert clean("a &lt;b&gt; &amp; 1 < 2 &eacute;<br>") == "a &lt;b&gt; &amp; 1 &lt; 2 é<br>"


def test_what_was_taken_out_is_told() -> None:
    assert safehtml.clean('<p onclick="x()">a</p>', "").defects == ["active-content"]
    assert safehtml.clean("<p style='background:url(x)'>a</p>", "").defects == ["remote-content"]
    assert safehtml.clean("<p>a</p>", "").defects == []


@pytest.mark.parametrize(
    "html",
    ["<div>" * 50_000, "<b>" * 50_000, "<td>x" * 50_000, "<p>x" * 11_000, "x" * 3_000_000, "&amp;" * 60_000],
)
def test_what_is_too_much_for_a_page_becomes_its_text(html: str) -> None:
    assert safehtml.clean(html, "<the> text") == (
        "<pre>&lt;the&gt; text</pre>",
        ["safe-html-as-text"],
    )


@pytest.mark.parametrize(
    "html",
    [
        "a<![foo>b",
        "<!--" * 20_000,
        "<a " * 50_000,
        "<p><font color=1>" * 290 + "<p>x" * 9_000,
        "<table>" + "<font color=2>" * 200 + "x<tr></tr>" * 4_000,
        "<ul><li>x" * 140 + "<li>" * 9_000,
        "<p>x<br>" * 4_900,
    ],
)
def test_no_nesting_costs_seconds(html: str) -> None:
    started = time.process_time()

    safehtml.clean(html, "")

    assert time.process_time() - started < 4


class Names(HTMLParser):
    """Collects the names of elements and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {(tag, name) for name, _ in attrs} | {(tag, "")}


pieces = st.sampled_from(
    [
        *(
            "<p>",
            "</p>",
            "<table>",
            "<tr>",
            "<td>",
            "</td>",
            "</table>",
            "<a href='",
            "'>",
            '">',
            "<b",
            ">",
            "</b>",
        ),
        *(
            "<svg>",
            "</svg>",
            "<style>",
            "</style>",
            "<script>",
            "</script>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
        ),
        *(
            "<img src=x onerror=alert(1)>",
            "<math>",
            "<mi>",
            "<noscript>",
            "</noscript>",
            "&lt;script&gt;",
            "&",
            "é",
        ),
        *(
            "<textarea>",
            "<xmp>",
            "<select>",
            "<plaintext>",
            "onload=x",
            "javascript:",
            "\0",
            "<",
            "/",
            " ",
            "x",
        ),
    ]
)


@given(st.lists(pieces, max_size=40).map("".join))
def test_whatever_the_pieces_only_allowed_names_are_left(html: str) -> None:
    names = Names()
    names.feed(clean(html))

    assert names.found <= {
        (tag, name) for tag, allowed in htmlallowed.TAGS.items() for name in (*allowed, "")
    }
