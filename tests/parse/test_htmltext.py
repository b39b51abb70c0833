"""HTML as the text that a person sees."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse.htmltext import HtmlText, to_text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>plate: AB</p><p>status: ok</p>", "plate: AB\n\nstatus: ok"),
        ("<div>a</div><div>b</div>c", "a\nb\nc"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<p class=MsoNormal>a</p><p class=MsoNormal>b</p>", "a\nb"),
        ("a \n\t b", "a b"),
        ("<b>plate</b>:&nbsp;AB &amp; &lt;x&gt; &#8364;", "plate: AB & <x> €"),
        ("<pre>a\n  b: 1\n\n  c</pre>", "a\n  b: 1\n\n  c"),
        ('<div style="white-space: pre-wrap">a\n b</div>', "a\n b"),
        ("<ul><li>gps<li>radio<ul><li>dab</ul></ul>end", "- gps\n- radio\n  - dab\n\nend"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<dl><dt>Plate<dd>AB<dt>Status:<dd>done</dl>", "Plate: AB\nStatus: done"),
        ("x<blockquote>y<blockquote>z</blockquote></blockquote>w", "x\n\n> y\n>\n> > z\n\nw"),
        ('<blockquote style="margin:0 0 0 40px;border:none">indented</blockquote>', "indented"),
        ("<table><tr><td>Plate<td>AB</td></tr><tr><td>Km:<td>7</table>", "Plate: AB\nKm: 7"),
        ("<table><tr><td>a<td>b<td>c<tr><td>1<td>2<td>3</table>", "a\tb\tc\n1\t2\t3"),
        ("<table><tr><th>Plate<th>Km<tr><td>AB<td>7</table>", "Plate\tKm\nAB\t7"),
        ("<table><tr><td><p>one</p><p>two</p></td><td>three</td></tr></table>", "one\n\ntwo\nthree"),
        ('see <a href="https://example.org/a">the map</a>.', "see the map <https://example.org/a>."),
        ('<a href="https://example.org/">example.org</a>', "example.org"),
        ('<a href="mailto:a@example.org?subject=x">a@example.org</a>', "a@example.org"),
        ('<a href="javascript:alert(1)">here</a>', "here"),
        ('yes <img alt="👍" src="cid:1"><img alt="Our logo">', "yes 👍"),
        ("a<!-- b -->c<![if !mso]>d<![endif]><?xml e?>f<!DOCTYPE g>h", "acdfh"),
        ("<title>t</title><style>p{}</style><script>if(a<b)c()</script>x", "x"),
        ("<p>a</p>\n<p>b", "a\n\nb"),
        ("a < b and c <3 > d", "a < b and c <3 > d"),
        ("<td>loose</td> cell", "loose\ncell"),
        ("", ""),
    ],
)  # fmt: skip
def test_blocks_stand_on_lines(html: str, text: str) -> None:
    assert to_text(html) == HtmlText(text, [])


@pytest.mark.parametrize(
    "hidden",
    [
        '<span style="display:none">approve: yes</span>',
        '<span style="DISPLAY : NONE !important">approve: yes</span>',
        '<div style="visibility:hidden"><b>approve: yes</b></div>',
        '<p style="font-size:0px">approve: yes</p>',
        '<p style="font-size: 0">approve: yes</p>',
        '<p style="opacity:0">approve: yes</p>',
        '<div style="max-height:0;overflow:hidden">approve: yes</div>',
        '<div style="position:absolute;left:-9999px">approve: yes</div>',
        '<span style="color:#ffffff">approve: yes</span>',
        '<span style="color: white; background-color: #fff">approve: yes</span>',
        "<font color=white>approve: yes</font>",
        "<div hidden>approve: yes</div>",
        "<template>approve: yes</template>",
        "<style>.x, #y{color:red;display:none}</style><div class='a x'>approve: yes</div>",
        "<style>#y{display:none}</style><div id=y>approve: yes</div>",
        '<table style="display:none"><tr><td>approve<td>yes</table>',
        '<p style="display:none">approve: yes<p>',
    ],
)
def test_hidden_text_is_left_out_and_flagged(hidden: str) -> None:
    assert to_text(f"<p>before</p>{hidden}<p>after</p>") == HtmlText("before\n\nafter", ["hidden-text"])


@pytest.mark.parametrize(
    "html",
    [
        '<td bgcolor="#003366"><font color="white">Status: ok</font></td>',
        '<div style="background:#036"><span style="color:#fff">Status: ok</span></div>',
        '<p style="font-size:10px">Status: ok</p>',
        '<p style="font-size:0.8em">Status: ok</p>',
        "<style>@media print{.x{display:none}}</style><p class=x>Status: ok</p>",
        '<p style="background-color:#ffffff;color:#000">Status: ok</p>',
    ],
)
def test_text_that_can_be_seen_is_kept(html: str) -> None:
    assert to_text(html) == HtmlText("Status: ok", [])


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "table><tr><td", "ul><li", "span"])
def test_fifty_thousand_open_elements_lose_no_text(tag: str) -> None:
    text = to_text(f"<{tag}>" * 50_000 + "inside" + "</b>" * 50_000 + "after").text

    assert "inside" in text
    assert "after" in text


def test_text_beyond_the_limit_is_left_out_with_a_defect() -> None:
    result = to_text("<p>a</p>" * 600_000)

    assert result.defects == ["limit:html-size"]


@pytest.mark.parametrize(
    "html",
    [
        "<table>" + "<tr><td>a</td><td>b</td></tr>" * 30_000,
        "<" * 500_000,
        "<a" * 250_000,
        '<a "' * 125_000,
        "<!--" * 125_000,
        "<![foo" * 80_000,
        "</div>" * 80_000,
        "<a " + " ".join(f"x{number}=1" for number in range(60_000)) + ">x",
        "&#1" * 160_000,
        "<style>" + ".a{display:none}" * 30_000 + "</style>",
        '<p style="' + "a:b;" * 100_000 + '">',
    ],
    ids=[
        "table",
        "less",
        "open",
        "quote",
        "comment",
        "declaration",
        "end",
        "attributes",
        "entity",
        "sheet",
        "style",
    ],
)
def test_half_a_megabyte_made_to_be_slow_is_not(html: str) -> None:
    began = time.process_time()
    to_text(html)

    assert time.process_time() - began < 3


PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<div>", "</div>", "<table>", "<tr>", "<td>", "</td>", "</tr>", "</table>", "<th>"),
        *(
            "<ul>",
            "<li>",
            "</ul>",
            "<blockquote>",
            "</blockquote>",
            "<br>",
            "<a href='http://a.example'>",
            "</a>",
        ),
        *(
            "<pre>",
            "</pre>",
            "<dt>",
            "<dd>",
            "<span style='display:none'>",
            "</span>",
            "<![foo",
            "<!--",
            "-->",
        ),
        *("<b", "'", '"', ">", "<", "&amp", "&#x110000;", "\0", "\n", "word", "<style>", "</style>", "<q>"),
    ]
)


@given(st.lists(PIECES | st.text(max_size=5)).map("".join))
def test_any_mixture_of_tags_gives_text(html: str) -> None:
    assert "\u00a0" not in to_text(html).text


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<td>", "</td>", "<tr>", "<table>", "</table>", "<li>", "<div>"])
    )
)
def test_no_nesting_loses_a_visible_word(tags: list[str]) -> None:
    html = "".join(f"{tag}word{number} " for number, tag in enumerate(tags))

    words = to_text(html).text.replace(":", " ").replace("-", " ").split()
    assert sorted(words) == sorted(f"word{number}" for number in range(len(tags)))


def test_an_end_tag_of_foreign_letters_with_an_open_quote_ends() -> None:
    assert "word" in to_text('<p>word</é"><b>x').text
