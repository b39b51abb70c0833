"""Ordinary HTML is cut at once; whatever is not is left to the careful reader, with the same outcome."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse import htmlruns, htmltext

TAGS = st.sampled_from(
    [
        *("<p>", "</p>", "<div>", "</div>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<th>"),
        *(
            "<ul>",
            "<li>",
            "</ul>",
            "<blockquote>",
            "</blockquote>",
            "<br>",
            "<pre>",
            "</pre>",
            "<dt>",
            "<dd>",
        ),
        *("<a href='http://a.example'>", "</a>", "<q>", "<b>", "</b>", "<span>", "</span>", "<hr>"),
        *("<span style='display:none'>", "<font color=white>", "</font>", "<td bgcolor=black>"),
        *("<span style='white-space:pre'>", "<div style='background:#fff'>", "<i class=x>", "</i>"),
        *(
            "<!-- x -->",
            "<style>.x{display:none}</style>",
            "<script>1</script>",
            "&amp;",
            "&nbsp;",
            "\n",
            "w",
        ),
    ]
)


def letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


@given(st.lists(TAGS).map("".join))
def test_both_readers_show_and_hide_the_same_words(html: str) -> None:
    at_once, by_tag = htmltext.by_runs(html), htmltext.by_tags(html)
    at_once.close_to(0)
    by_tag.close_to(0)

    assert letters(at_once.lines.text()) == letters(by_tag.lines.text())
    assert at_once.defects == by_tag.defects


@pytest.mark.parametrize(
    "html",
    ["a < b", "<p", "<a title='", "<!-- open", "<style>p{", "<scr<script></script>ipt>", "<scr<!-- -->ipt>x"],
)
def test_what_is_not_ordinary_is_not_cut(html: str) -> None:
    with pytest.raises(htmlruns.Unordinary):
        htmlruns.cut(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a title="x>y">word</a>', "word"),
        ('<a title="it\'s">word</a>', "word"),
        ("<textarea>a <b> c</textarea>", "a <b> c"),
        ("<!-- a > b --><p>word", "word"),
        ("<STYLE><!-- .x{display:none} --></STYLE><p class=x>hidden</p>word", "word"),
        ("<p class=x>hidden</p>word<style>.x{display:none}</style>", "word"),
        ("<b>a</b> <i>b</i>", "a b"),
        ("<b>a</b> <p> <i>b</i>", "a\n\nb"),
        ("<span style='background:#ff0'><span>a</span> b</span> c", "a b c"),
    ],
)
def test_every_piece_is_read_in_its_place(html: str, text: str) -> None:
    assert htmltext.to_text(html).text == text
