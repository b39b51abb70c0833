"""Structured data in what machines and people send."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe import exact
from mailpipe.mail.vocabulary import build
from mailpipe.parse.data import DataPart, Found, extract
from mailpipe.parse.found import Pieces
from mailpipe.parse.reply import split

WORDS = build(
    {
        "fields": {
            "plate_number": [
                "plate",
                "plate number",
                "N° d'immatriculation",
                "immatriculation",
                "Kennzeichen",
            ],
            "address": ["adresse", "location", "Standort"],
        },
        "values": {"status": {"done": ["terminé", "fait", "erledigt", "hecho"], "missing": ["introuvable"]}},
    },
    "vocabulary.yaml",
)


def human(text: str, vocabulary: Any = None, html: str | None = None) -> Found:
    return extract([], split(text), html, vocabulary)


def machine(
    content: bytes, kind: str = "application/json", text: str = "", charset: str | None = None
) -> Found:
    return extract([DataPart(kind, None, content, charset)], Pieces(text, "", ""), None, None)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.decimals(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON))
def test_a_json_part_is_data_exactly(value: dict[str, Any]) -> None:
    content = exact.dumps(value)

    found = machine(content, text="plate: AB\nstatus: done")
    assert found.data == exact.loads(content)
    assert found.source == "json"


@given(st.binary(max_size=60), st.sampled_from(["application/json", "application/yaml"]), st.text(max_size=9))
def test_no_part_makes_it_fail(content: bytes, kind: str, charset: str) -> None:
    machine(content, kind, charset=charset)


TOKENS = st.sampled_from([*":=|-{}[]\"'`~#>*,.? \n\t", "plate", "status", "fait", "---", "```"])


@given(st.lists(TOKENS).map("".join))
def test_no_text_makes_it_fail(text: str) -> None:
    human(text, WORDS)
    human(text)


@pytest.mark.parametrize(
    ("content", "data"),
    [
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ('{"a":"é"}'.encode("utf-16"), {"a": "é"}),
        ('{"a":"é"}'.encode("utf-16-be"), {"a": "é"}),
        ('{"a":"é"}'.encode("utf-32-le"), {"a": "é"}),
        ('{"a":"é"}'.encode("latin-1"), {"a": "é"}),
        (b'{"price":1.10}', {"price": Decimal("1.10")}),
        (b'{"n":12345678901234567890123}', {"n": 12345678901234567890123}),
        (b'{"a":"\\ud800"}', {"a": "\ufffd"}),
        (b'{"time":"12:30:00"}', {"time": "12:30:00"}),
    ],
)  # fmt: skip
def test_json_of_every_encoding_is_read(content: bytes, data: dict[str, Any]) -> None:
    found = machine(content)

    assert found == Found(data, "json", {}, [])
    assert str(found.data) == str(data)


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON", "text/json", "application/vnd.example+json"]
)
def test_json_is_known_by_its_type(kind: str) -> None:
    assert machine(b'{"a":1}', kind).data == {"a": 1}


@pytest.mark.parametrize(
    ("content", "defect"),
    [
        (b'{"a":1,}', "json-invalid"),
        (b'{"a":NaN}', "json-invalid"),
        (b"", "json-invalid"),
        (b"[" * 100_000, "json-invalid"),
        (b'{"a":' * 251 + b"1" + b"}" * 251, "limit:json-depth"),
        (b'"' + b"x" * (4 * 1024 * 1024) + b'"', "limit:json-size"),
    ],
)
def test_a_bad_json_part_is_a_defect_and_the_text_is_read(content: bytes, defect: str) -> None:
    found = machine(content, text="plate: AB\nstatus: done")

    assert (found.data, found.source) == ({"plate": "AB", "status": "done"}, "lines")
    assert found.defects == [defect]


def test_a_key_given_twice_in_json_is_a_defect() -> None:
    assert machine(b'{"a":{"b":1,"b":2}}').defects == ["json-duplicate-key"]
    assert machine(b'{"a":"x:y","b":{"a":1}}').defects == []


def test_json_and_text_that_disagree_are_reported() -> None:
    found = machine(b'{"Plate":"AB-123","km":7}', text="plate: CD-456\nkm: 7")

    assert found.data == {"Plate": "AB-123", "km": 7}
    assert found.evidence["conflicts"] == [
        {"field": "Plate", "used": "AB-123", "other": "CD-456", "source": "lines", "line": 1}
    ]


def test_a_yaml_part_has_the_types_of_json_and_no_others() -> None:
    found = machine(
        b"a: 1\nb: NO\nc: 1.10\nd: [true, null, '2', 0123, 12:30:00, 2024-05-14]", "application/yaml"
    )

    assert found.source == "yaml"
    assert found.data == {
        "a": 1,
        "b": "NO",
        "c": Decimal("1.10"),
        "d": [True, None, "2", "0123", "12:30:00", "2024-05-14"],
    }


@pytest.mark.parametrize(
    "yaml",
    [
        "a: &x [1]\nb: *x",
        "a: &a [*a]",
        "a: !!python/object/apply:os.system [id]",
        "a: !!binary aGk=",
        "? [a, b]",
        "{[1, 2]: c}",
        "[" * 3000,
        "a: [",
        "a: \x01",
    ],
)
def test_yaml_that_mail_has_no_business_to_contain_is_no_data(yaml: str) -> None:
    assert machine(yaml.encode(), "application/yaml") == Found(None, None, {}, ["yaml-invalid"])
    assert human(f"```yaml\n{yaml}\n```").data is None


@pytest.mark.parametrize(
    ("text", "data", "source"),
    [
        ("plate: AB-123", {"plate": "AB-123"}, "lines"),
        ("plate: NO\nkm: 0123\nat: 12:30:00", {"plate": "NO", "km": "0123", "at": "12:30:00"}, "lines"),
        ("ver: 1.10\nok: yes", {"ver": "1.10", "ok": "yes"}, "lines"),
        ("plate:\u00a0AB\nstatus：done", {"plate": "AB", "status": "done"}, "lines"),
        ("Plaque : AB\nÉtat : fait", {"Plaque": "AB", "État": "fait"}, "lines"),
        ("**Plate:** AB\n*Status:* done", {"Plate": "AB", "Status": "done"}, "lines"),
        ("- plate: AB\n- status: done", {"plate": "AB", "status": "done"}, "lines"),
        ("1. plate: AB\n2) status: done\n", {"plate": "AB", "status": "done"}, "lines"),
        ("• plate: AB\n• status: done", {"plate": "AB", "status": "done"}, "lines"),
        ("**Plate**: AB\n**Status**: done", {"Plate": "AB", "Status": "done"}, "lines"),
        ("Hello,\n\nplate: AB\n\nstatus: done\n\nBye", {"plate": "AB", "status": "done"}, "lines"),
        ("plate: AB\n--\nstatus: done", {"plate": "AB", "status": "done"}, "lines"),
        ("--\nplate: AB", {"plate": "AB"}, "lines"),
        ("plate = AB\nstatus = done", {"plate": "AB", "status": "done"}, "ini"),
        ("[car]\nplate=AB\n; x\n[owner]\nn = Bob", {"car": {"plate": "AB"}, "owner": {"n": "Bob"}}, "ini"),
        ("| plate | AB |\n|---|---|\n| status | done |", {"plate": "AB", "status": "done"}, "table"),
        ("plate\tAB\nstatus\tdone", {"plate": "AB", "status": "done"}, "table"),
        ("Plate\tKm\tStatus\nAB\t7\tdone", {"Plate": "AB", "Km": "7", "Status": "done"}, "table"),
        ("a|b\n| Plate | Km | Ok |\n|---|---|---|\n| A | 1 | y |\n| B | 2 | n |",
         {"rows": [{"Plate": "A", "Km": "1", "Ok": "y"}, {"Plate": "B", "Km": "2", "Ok": "n"}]}, "table"),
        ("Hi\n---\nplate: AB\nlist:\n  - gps\n---\nBye", {"plate": "AB", "list": ["gps"]}, "yaml"),
        ("```\nplate: 'AB'\n```", {"plate": "AB"}, "yaml"),
        ("plate: AB\nNote: scratch\nkm: 7", {"plate": "AB", "Note": "scratch", "km": "7"}, "lines"),
        ("items:\n- gps\n- radio\nplate: AB", {"items": ["gps", "radio"], "plate": "AB"}, "yaml"),
        ("note: |\n  two\n  lines\nplate: AB", {"note": "two\nlines\n", "plate": "AB"}, "yaml"),
        ('Here:\n{"plate": 1.10,\n "x": ["}"]}\nBye', {"plate": Decimal("1.10"), "x": ["}"]}, "json"),
        ("{“plate”: “AB”}", {"plate": "AB"}, "json"),
        ("```json\n{\"a\": 1}\n```", {"a": 1}, "json"),
    ],
)  # fmt: skip
def test_data_that_people_type_keeps_its_spelling(text: str, data: dict[str, Any], source: str) -> None:
    found = human(text)

    assert (found.data, found.source) == (data, source)


@pytest.mark.parametrize(
    "text",
    [
        "Dear partner: thanks",
        "Hello, we moved the car.",
        "Please note: the car is red",
        "Note: the car is red\nthanks",
        "I have a question: when?\nAnd another: why?",
        "We have two things: first the car.\nSecond: the driver.",
        "Please do:\n- check\n- wash",
        "# c",
        "- a",
        "see http://example.org/x: it\nmeet at 12:30 or 13:45",
        "Bonjour Madame : merci\nCordialement",
        "Sehr geehrte Damen: danke\nBitte: morgen",
        "> plate: AB\n> status: done",
        "Done.\n-- \nTel: 0123\nFax: 456",
        "",
        "Well ... ok",
        "I looked at it -> all is well",
        "x" * 100_000,
    ],
)
def test_prose_is_no_data(text: str) -> None:
    found = human(text)

    assert (found.data, found.source) == (None, None)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("Terminé !\nImmatriculation : ab-123-cd", {"plate_number": "ab-123-cd", "status": "done"}),
        ("N° D’IMMATRICULATION: AB‑123", {"plate_number": "AB‑123"}),
        ("Plate-Number: AB", {"plate_number": "AB"}),
        ("Ｐｌａｔｅ： AB", {"plate_number": "AB"}),
        ("Kennzeichen:\nAB-123\n\nStatus:\nerledigt", {"plate_number": "AB-123", "status": "done"}),
        ("Plate - AB-123", {"plate_number": "AB-123"}),
        ("plate: AB, status: fait", {"plate_number": "AB", "status": "done"}),
        ("plate: AB\ncolour: red", {"plate_number": "AB", "colour": "red"}),
        ("Done, thanks.", {"status": "done"}),
        ("status: FAIT.", {"status": "done"}),
        ("status: soon", {"status": "soon"}),
        ("---\nKennzeichen: AB\nStatus: erledigt\n---", {"plate_number": "AB", "status": "done"}),
        ("Plate\tStatus\nAB\tfait", {"plate_number": "AB", "status": "done"}),
        ("Terminé ! Kennzeichen : ab-123-cd", {"status": "done", "plate_number": "ab-123-cd"}),
        ("Erledigt, Kennzeichen: B-MS 4711. Grüße", {"status": "done", "plate_number": "B-MS 4711"}),
        ("Fait - plate AB-123", {"status": "done", "plate_number": "AB-123"}),
        ("Kennzeichen - B-MS 4711 - erledigt", {"status": "done", "plate_number": "B-MS 4711"}),
        ("Terminé immatriculation : AB-1, merci", {"status": "done", "plate_number": "AB-1"}),
        ("L’immatriculation : AB-123", {"plate_number": "AB-123"}),
        ("The plate: AB-123. The car is dirty and old.", {"plate_number": "AB-123"}),
        ("Adresse: 12 rue de la Paix, Paris. Au fond.", {"address": "12 rue de la Paix, Paris. Au fond."}),
        ("Done? plate: AB-123", {"plate_number": "AB-123"}),
        ("plate：粤B12345、fait", {"plate_number": "粤B12345", "status": "done"}),
        ("Status - fait", {"status": "done"}),
        ("plate -> AB\nStatus → fait", {"plate_number": "AB", "status": "done"}),
        ("Plate ....... AB-123\nStatus ... fait", {"plate_number": "AB-123", "status": "done"}),
        ("Plate\u200bNumber: AB", {"plate_number": "AB"}),
        ("no plate: AB", None),
        ("the car with plate AB-123 is here", None),
        ("Is it done?", None),
        ("It is not done.", None),
        ("colour: red\nkm: 7", None),
    ],
)
def test_a_vocabulary_finds_fields_and_values_in_every_language(
    text: str, data: dict[str, Any] | None
) -> None:
    assert human(text, WORDS).data == data


def test_each_field_says_where_it_was_found() -> None:
    found = human("Hello,\n\nKennzeichen: AB\nfait", WORDS)

    assert found.evidence == {
        "fields": {
            "plate_number": {"source": "lines", "line": 3, "key": "Kennzeichen"},
            "status": {"source": "lines", "line": 4, "key": "fait"},
        }
    }


def test_of_a_field_that_is_given_twice_the_first_value_counts() -> None:
    found = human("status: done\nplate: AB\nstatus: missing")

    assert found.data == {"status": "done", "plate": "AB"}
    assert found.evidence["conflicts"] == [
        {"field": "status", "used": "done", "other": "missing", "source": "lines", "line": 3}
    ]


def test_the_table_of_the_html_is_read_when_the_text_has_no_data() -> None:
    html = (
        "<p>Hello</p><table><tr><th>Plate</th><td>AB</td></tr><tr><td>Status</td><td>done</td></tr></table>"
    )

    found = human("Please see the table.", html=html)
    assert (found.data, found.source) == ({"Plate": "AB", "Status": "done"}, "table")


def test_a_definition_list_of_the_html_is_read_when_the_text_has_no_data() -> None:
    html = "<p>Hello</p><dl><dt>Plate<dd>AB<dt>Status<dd>done</dl>"

    assert human("Please see below.", html=html).data == {"Plate": "AB", "Status": "done"}
    assert human("Please see below.", WORDS, html=html).data == {"plate_number": "AB", "status": "done"}


def test_a_table_for_the_layout_is_not_looked_at_twice() -> None:
    html = f"<table><tr><td>{'word ' * 20}<td>{'word ' * 20}</table>"

    assert human("Please see the text.", html=html).data is None


def test_hidden_and_quoted_rows_of_the_html_are_no_data() -> None:
    html = (
        '<table style="display:none"><tr><td>approve<td>yes<tr><td>plate<td>EVIL</table>Hello'
        "<blockquote><table><tr><td>Plate<td>OLD<tr><td>Status<td>old</table></blockquote>"
    )

    assert human("Hello", html=html).data is None
