"""What the author writes is cleaned; what is plainly clean is known to be so without a cleaner."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.render import markup

SNIPPETS = st.sampled_from(
    [
        *("<p>", "</p>", "<strong>", "</strong>", '<a href="https://example.com/a?b=c">', "</a>", "<br />"),
        *(
            "text & more",
            "&amp;",
            "&lt;",
            "<script>",
            "</script>",
            '<a href="javascript:x">',
            "<p onclick=x>",
        ),
        *(
            '<a href="https://example.com/" onclick="x">',
            "<!-- c -->",
            "<b",
            ">",
            "<img src=x>",
            "<ul>",
            "<li>",
        ),
        *(
            "</li>",
            "</ul>",
            "<table>",
            "</table>",
            '<p style="x">',
            "&#106;",
            "<svg/onload=x>",
            "\x00",
            "é 🚗",
        ),
        *(
            '<td align="left">',
            "</td>",
            "<P>",
            "< p>",
            "<a href='https://e.example'>",
            '<a href="//e.example">',
        ),
    ]
)


def normal(html: str) -> str:
    return re.sub(r"\s?/>", ">", html)


@given(st.lists(SNIPPETS, max_size=8).map("".join))
def test_what_is_called_clean_has_nothing_that_the_cleaner_takes_away(html: str) -> None:
    if not markup.is_clean(html):
        return
    tags = {tag.lower() for tag in re.findall(r"</?([A-Za-z0-9]+)", html)}
    kept = normal(markup.clean(html, "x"))

    assert set(re.findall(r"</?([A-Za-z0-9]+)", kept)) >= tags
    assert re.findall(r'\w+="[^"]*"', kept) == re.findall(r'\w+="[^"]*"', html)
    assert not re.search("script|onclick|style|svg", html)


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<p>a &amp; b<br />\nc</p>", True),
        ('<p><a href="https://example.com/\ue000123\ue001">x</a></p>', True),
        ('<p><a href="http://example.com/">x</a></p>', False),
        ('<p><a href="https://example.com/" title="x">x</a></p>', False),
        ("<p>a</strong></p>", False),
        ("<p>a", False),
        ("</p>", False),
        ("<td>a</p></td>", False),
        ("a < b", False),
        ("<p class='x'>a</p>", False),
        ("<p>&#60;script&#62;</p>", False),
    ],
)
def test_only_few_elements_closed_in_order_are_called_clean(html: str, clean: bool) -> None:
    assert markup.is_clean(html) == clean


@pytest.mark.parametrize(("body", "loads"), [("Hello **{{ a }}**\n\n- x", False), ("<span>x</span>", True)])
def test_a_plain_template_does_not_wait_for_the_cleaner(tmp_path: Path, body: str, loads: bool) -> None:
    (tmp_path / "t.md").write_text(f"---\nfrom: a@example.com\nto: b@example.com\n---\n{body}")
    code = (
        "import sys; from mailpipe.group import run\n"
        "try: run(['render', 't.md'])\n"
        "except SystemExit as exc: status = exc.code\n"
        "names = ('bleach', 'babel', 'docutils', 'jsonschema', 'bs4')\n"
        "print(status, *[name for name in names if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, input=b'{"a": 1}\n', capture_output=True, cwd=tmp_path, check=False)

    assert done.stderr.decode().split() == ["0", *(["bleach"] if loads else [])]
