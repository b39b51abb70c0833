"""Data is never markup: whatever a value holds arrives as these characters."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailpipe.exact import loads
from mailpipe.record import Record
from tests.render.conftest import Render, part

One = Callable[..., Record]
Refusal = Callable[..., str]


class Shape(HTMLParser):
    """What a reader of HTML sees: the elements, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "br":
            self.elements.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


HOSTILE = [
    "*b* [x](http://evil.example.org)",
    "[click](javascript:alert(1))",
    "[a][1]\n\n[1]: javascript:alert(1)",
    "2*3*4 _a_ `c`",
    "2026. was good",
    "Regards\n--\nAlice",
    "x\n\n# HUGE\n\n![t](https://evil.example.org/p.png)",
    "    four blanks",
    "- a\n- b",
    "<script>alert(1)</script>",
    "<svg onload=alert(1)><style>p{}</style>",
    "<b>R&D</b> <3 a & b &amp; &lt;",
    "\"quotes\" and 'quotes'",
    "{{ 7*7 }} {% include 'x' %} {# c #}",
    "\ue0000\ue001 \ue0000815000\ue001 \ue0004711",
    "\ue002x\ue003\ue004",
    "<!-- a --> ]]> <![CDATA[",
    "\u202e\u200b\u00a0",
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_arrives_as_its_characters_in_the_text_part(one: One, value: str) -> None:
    assert one("Say: {{ it }}.", {"it": value})["text"] == f"Say: {value}.\n"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_brings_no_element_into_the_html(one: One, value: str) -> None:
    harmless = Shape(one("Say: {{ it }}.", {"it": "harmless"})["html"])
    shape = Shape(one("Say: {{ it }}.", {"it": value})["html"])

    assert shape.elements == harmless.elements
    assert shape.text == harmless.text.replace("harmless", value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\0")))
def test_every_text_arrives_as_it_was(one: One, value: str) -> None:
    record = one("Say **{{ it }}**.", {"it": value})

    assert record["text"] == f"Say {value}.\n"
    assert f"Say {value}." in Shape(record["html"]).text


def test_even_data_that_knew_the_secret_could_not_forge_a_token(refusal: Refusal) -> None:
    assert refusal("{{ a }}{{ it }}", {"a": 1, "it": "\ue000471100\ue001"}).startswith("template-failed")


def test_line_breaks_are_kept_in_html(one: One) -> None:
    assert "12 rue<br>\nLyon" in one("At {{ a }}", {"a": "12 rue\nLyon"})["html"]


def test_html_and_text_parts_of_the_message_are_those_of_the_record(one: One) -> None:
    record = one("Zoë {{ a }}", {"a": "é\nż 🚗"})

    for kind, expected in (("text/plain", record["text"]), ("text/html", record["html"])):
        assert part(record, kind).get_content().replace("\r\n", "\n") == expected


def test_numbers_print_as_they_were_written_and_null_prints_nothing(one: One) -> None:
    data = loads(
        b'{"a": 1.10, "b": 12345678901234567890.12, "c": true, "d": null, "e": [1.50, "x"], "f": 1E3, "g": 0}'
    )

    assert one("{{ a }}|{{ b }}|{{ c }}|{{ d }}|{{ e }}|{{ f }}|{{ g }}", data)["text"] == (
        '1.10|12345678901234567890.12|true||[1.50,"x"]|1000|0\n'
    )


def test_filters_and_conditions_see_the_values_themselves(one: One) -> None:
    body = (
        "{{ a | upper }} {{ a | length }} {% if a == 'x<y' %}yes{% endif %} {{ price * 1.2 }} {{ a ~ '!' }}"
    )

    assert one(body, loads(b'{"a": "x<y", "price": 1.10}'))["text"] == "X<Y 3 yes 1.320 x<y!\n"


def test_a_member_is_preferred_to_a_method_of_the_same_name(one: One) -> None:
    assert one("{{ order.items }} {{ order.keys }}", {"order": {"items": "5", "keys": 2}})["text"] == "5 2\n"


def test_a_method_can_be_called(one: One) -> None:
    body = "{% for key, value in order.items() %}{{ key }}={{ value }};{% endfor %}"

    assert one(body, {"order": {"a": 1, "b": 2}})["text"] == "a=1;b=2;\n"


def test_macros_and_blocks_keep_the_authors_markup_and_the_data_inert(one: One) -> None:
    body = (
        "{% macro row(x) %}**{{ x }}**{% endmacro %}{% set note %}*{{ it }}*{% endset %}"
        "{{ row(it) }} {{ note }} {{ row(it) ~ it }}"
    )
    html = one(body, {"it": "<i>*"})["html"]

    assert "<strong>&lt;i&gt;*</strong> <em>&lt;i&gt;*</em> <strong>&lt;i&gt;*</strong>&lt;i&gt;*" in html


def test_a_filter_over_a_block_with_values_is_refused_rather_than_wrong(refusal: Refusal) -> None:
    found = refusal("{% macro m() %}{{ it }}{% endmacro %}{{ m() | upper }}", {"it": "x"})

    assert "apply it to each value" in found


def test_markdown_on_purpose_is_markdown_and_clean(one: One) -> None:
    value = (
        "**bold**\n\n- [ok](https://example.com)\n- [bad](javascript:alert(1)) <script>x</script>"
        "<b onclick=x>y</b>"
    )
    record = one("Note:\n\n{{ note | markdown }}", {"note": value})

    assert "<strong>bold</strong>" in record["html"]
    assert 'href="https://example.com"' in record["html"]
    assert not any(word in record["html"] for word in ("javascript", "script>", "onclick"))
    assert "- ok <https://example.com>" in record["text"]


@pytest.mark.parametrize(
    "body",
    [
        "{{ nmae }}",
        "{{ vehicle.plate }}",
        "{% if nmae %}x{% endif %}",
        "{{ nmae ~ 'x' }}",
        "{{ nmae | upper }}",
        "{% for x in nmae %}{% endfor %}",
    ],
)
def test_an_undefined_name_is_an_error_naming_template_line_and_name(refusal: Refusal, body: str) -> None:
    found = refusal(f"One\n\n{body}", {"name": "x", "vehicle": {"plate_number": "A"}})

    assert found.startswith("undefined: template.md, line 6: ")
    assert "'nmae' is not in the data" in found or "did you mean 'plate_number'" in found


def test_an_undefined_name_in_the_front_matter_names_its_line(refusal: Refusal) -> None:
    found = refusal("x", {}, front='to: a@example.net\nsubject: "Check {{ plate }}"')

    assert found == "undefined: template.md, line 3: 'plate' is not in the data"


def test_a_bad_record_does_not_harm_its_neighbours(render: Render) -> None:
    records = render("{{ a }}", [{"a": 1}, {}, {"a": 3}])

    assert [record.get("text") for record in records] == ["1\n", None, "3\n"]


def test_a_record_that_failed_before_passes_untouched(render: Render) -> None:
    failed: dict[str, Any] = {
        "error": {"stage": "parse", "type": "bad-record", "detail": "x", "retryable": False}
    }

    assert render("x", failed) == [failed]


@pytest.mark.parametrize(
    "body",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ '{0.__class__.__mro__}'.format(it) }}",
        "{{ it | attr('format') }}",
        "{{ it.items.__globals__ }}",
        "{{ [].append(1) }}",
        "{{ it.update({'a': 1}) }}",
        "{{ 'a' * 30000000 }}",
        "{{ 30000000 * 'a' }}",
        "{{ '%100000000d' % 1 }}",
        "{{ '%*d' % (100000000, 1) }}",
        "{{ '{:100000000}'.format(1) }}",
        "{{ '{:{}}'.format(1, 100000000) }}",
        "{{ 'a'.ljust(100000000) }}",
        "{{ 'a' | center(100000000) }}",
        "{{ '%100000000d' | format(1) }}",
        "{{ ('a' * 9999).replace('a', 'b' * 9999) }}",
        "{{ ('a' * 9999) | replace('a', 'b' * 9999) }}",
        "{{ 9 ** 999999999 }}",
        "{% set n = namespace(s='aaaa') %}{% for i in range(40) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        "{% set n = namespace(s='aaaa') %}{% for i in range(40) %}{% set n.s = n.s + n.s %}{% endfor %}",
        "{% for i in range(99999) %}{% for j in range(99999) %}xxxxxxxxxx{% endfor %}{% endfor %}",
        "{% for i in range(999999999) %}{% endfor %}",
        "{{ lipsum(1000) }}",
        "{{ it.items }}",
    ],
)
def test_the_sandbox_refuses_what_reaches_out_or_grows_without_bound(refusal: Refusal, body: str) -> None:
    slug = refusal(body, {"it": {}}).partition(":")[0]

    assert slug in ("undefined", "template-refused", "template-failed", "not-printable")


PATHS = st.sampled_from(["a", "b", "it.c", "it.items", "it", "nmae", "it.nmae", "range", "true", "data.a"])
LITERALS = st.sampled_from(
    ["", " x ", "**", "\n\n", "{# c #}", "{% if a %}y{% endif %}", "\n", "{{ a | upper }}"]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80, deadline=None)
@given(st.lists(st.tuples(LITERALS, PATHS), max_size=4), LITERALS)
def test_members_are_printed_as_jinja_prints_them(
    render: Render, pieces: list[tuple[str, str]], end: str
) -> None:
    body = "".join(f"{literal}{{{{ {path} }}}}" for literal, path in pieces) + end
    data = {"a": "<a>*", "b": None, "it": {"c": [1, "x"], "items": 5}}
    ran = "{% if true %}{% endif %}"  # nothing, but enough to have Jinja run it
    subject = body.replace("\n", " ")
    quick = render(body, data, front=f"to: a@example.net\nsubject: '{subject}'")[0]
    slow = render(f"{ran}{body}", data, front=f"to: a@example.net\nsubject: '{ran}{subject}'")[0]

    assert quick.get("error", {}).get("type") == slow.get("error", {}).get("type")
    assert quick.get("text") == slow.get("text")
    assert str(quick.get("subject")).split() == str(slow.get("subject")).split()
