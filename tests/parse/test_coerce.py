"""What people typed, made into what a schema wants."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail.schema import Schema
from mailpipe.mail.vocabulary import Vocabulary, build
from mailpipe.parse import coerce, shaped, yesno
from mailpipe.parse.found import Found
from tests.conftest import Run

VOCABULARY = build(
    {
        "fields": {"plate": ["immatriculation"]},
        "values": {"done": {"true": ["erledigt"]}, "km": {"null": ["n/a"]}},
    },
    "vocabulary.yaml",
)


def fit(value: Any, kind: dict[str, Any], vocabulary: Vocabulary | None = None) -> Any:
    schema = Schema({"properties": {"km": kind}}, "s.json")
    return coerce.fit({"km": value}, schema, vocabulary).data["km"]


@pytest.mark.parametrize(
    ("typed", "kind", "wanted"),
    [
        ("12500", {"type": "integer"}, 12500),
        (" -3 ", {"type": "integer"}, -3),
        ("\u221212", {"type": "integer"}, -12),
        ("١٢٣", {"type": "integer"}, 123),
        ("１２", {"type": "integer"}, 12),
        ("1.10", {"type": "number"}, Decimal("1.10")),
        ("12", {"type": "number"}, 12),
        ("9" * 60, {"type": "integer"}, int("9" * 60)),
        ("12 500 km", {"type": "integer", "x-group": " ", "x-unit": ["km"]}, 12500),
        ("12\u202f500\u00a0KM", {"type": "integer", "x-group": " ", "x-unit": "km"}, 12500),
        (
            "1.234.567,89 €",
            {"type": "number", "x-group": ".", "x-decimal": ",", "x-unit": "€"},
            Decimal("1234567.89"),
        ),
        ("1,5", {"type": "number", "x-decimal": ","}, Decimal("1.5")),
        ("Oui !", {"type": "boolean"}, True),
        ("nein", {"type": "boolean"}, False),
        ("いいえ", {"type": "boolean"}, False),
        ("", {"type": ["integer", "null"]}, None),
        ("7", {"type": ["null", "integer"]}, 7),
        ("7", {"anyOf": [{"type": "null"}, {"type": "integer"}]}, 7),
        ("7", {"oneOf": [{"type": "integer"}, {"type": "array"}]}, 7),
        ("7", {"allOf": [{"$ref": "#/properties/km/$defs/n"}], "$defs": {"n": {"type": "integer"}}}, 7),
        ("TERMINÉ", {"enum": ["terminé", "offen"]}, "terminé"),
        ("2", {"enum": [1, 2]}, 2),
        ("Yes", {"const": "yes"}, "yes"),
        ("1, 2;3", {"type": "array", "x-separator": ",", "items": {"type": "integer"}}, [1, "2;3"]),
        (["1", "x"], {"items": {"type": "integer"}}, [1, "x"]),
        ({"a": "1"}, {"properties": {"a": {"type": "integer"}}}, {"a": 1}),
    ],
)
def test_what_is_beyond_doubt_gets_its_type(typed: Any, kind: dict[str, Any], wanted: Any) -> None:
    found = fit(typed, kind)

    assert (found, type(found)) == (wanted, type(wanted))


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("12 500 km", {"type": "integer"}),
        ("12 500", {"type": "integer"}),
        ("12,500", {"type": "integer"}),
        ("12500.0", {"type": "integer"}),
        ("1e3", {"type": "number"}),
        ("0x10", {"type": "integer"}),
        ("1_000", {"type": "integer"}),
        ("1,5", {"type": "number"}),
        ("NaN", {"type": "number"}),
        ("", {"type": "integer"}),
        ("1.500", {"type": "number", "x-decimal": ","}),
        ("1 2", {"type": "integer", "x-group": " "}),
        ("12 5000", {"type": "integer", "x-group": " "}),
        ("12 miles", {"type": "integer", "x-unit": "km"}),
        ("maybe", {"type": "boolean"}),
        ("1", {"type": "boolean"}),
        ("a, b", {"type": "array"}),
        ("other", {"enum": ["a", "b"]}),
        ("!", {"enum": ["?", "!!"]}),
        ("0123", {"type": "string"}),
        ("12", {"type": ["string", "integer"]}),
        ("NO", {}),
        (12, {"type": "string"}),
        (1, {"type": "boolean"}),
        ("9" * 5000, {"type": "integer"}),
    ],
)
def test_what_is_in_doubt_stays_as_typed(typed: Any, kind: dict[str, Any]) -> None:
    found = fit(typed, kind)

    assert (found, type(found)) == (typed, type(typed))


def test_a_vocabulary_says_what_a_word_means_in_a_field() -> None:
    schema = Schema(
        {"properties": {"done": {"type": "boolean"}, "km": {"type": ["integer", "null"]}}}, "s.json"
    )

    assert coerce.fit({"done": "Erledigt", "km": "N/A"}, schema, VOCABULARY).data == {
        "done": True,
        "km": None,
    }


def test_fields_get_the_spelling_of_the_schema() -> None:
    schema = Schema({"properties": {"plate_number": {"type": "string"}, "km": {"type": "integer"}}}, "s.json")
    evidence: dict[str, Any] = {
        "fields": {"Plate Number": {"source": "lines", "line": 1}, "KM": {"source": "lines", "line": 2}},
        "conflicts": [{"field": "KM", "used": "1", "other": "2"}],
    }
    found = Found({"Plate Number": "AB", "KM": "1", "other": "x"}, "lines", evidence, [])

    fitted, errors = shaped.shape(found, schema, None)

    assert fitted.data == {"plate_number": "AB", "km": 1, "other": "x"}
    assert fitted.evidence == {
        "fields": {
            "plate_number": {"key": "Plate Number", "source": "lines", "line": 1},
            "km": {"key": "KM", "source": "lines", "line": 2},
        },
        "conflicts": [{"field": "km", "used": "1", "other": "2"}],
    }
    assert errors == {"dataErrors": []}


def test_a_field_that_is_there_already_is_not_replaced() -> None:
    schema = Schema({"properties": {"km": {"type": "integer"}}}, "s.json")

    assert coerce.fit({"km": "1", "KM": "2"}, schema, None).data == {"km": 1, "KM": "2"}


def test_what_a_machine_wrote_is_checked_and_never_changed() -> None:
    schema = Schema({"properties": {"km": {"type": "integer"}}}, "s.json")

    found, errors = shaped.shape(Found({"km": "1"}, "json", {}, []), schema, None)

    assert found.data == {"km": "1"}
    assert errors == {"dataErrors": [{"path": "/km", "message": "'1' is not of type 'integer'"}]}


def test_a_message_without_data_offends_no_schema() -> None:
    found = Found(None, None, {}, [])

    assert shaped.shape(found, Schema({"type": "object"}, "s.json"), None) == (found, {})


def test_the_command_coerces_and_names_what_is_wrong(run: Run, tmp_path: Path) -> None:
    schema = {
        "type": "object",
        "required": ["status"],
        "properties": {
            "km": {"type": "integer"},
            "status": {"enum": ["done", "open"]},
            "price": {"type": "number"},
        },
    }
    (tmp_path / "check.schema.json").write_text(json.dumps(schema))
    rules = (
        "rules:\n- {name: wrong, when: {dataErrors.path: /price}, outcome: failed}\n"
        "- {name: right, when: {dataErrors: {exists: false}}, outcome: processed}\n"
    )
    (tmp_path / "rules.yaml").write_text(rules)
    good = b"From: a@example.com\n\nStatus: DONE\nKm: 12500\nPrice: 1.10\n"
    bad = b"From: a@example.com\n\nStatus: done\nKm: 12500\nPrice: cheap\n"

    done = run(["parse", "--schema", "check.schema.json"], stdin=good)
    parsed = [done.records[0], *run(["parse", "--schema", "check.schema.json"], stdin=bad).records]
    routed = run(["route", "rules.yaml", "--dry-run"], stdin=parsed).records

    assert parsed[0]["data"] == {"status": "done", "km": 12500, "price": 1.1}
    assert b'"price":1.10' in done.stdout
    assert parsed[0]["dataErrors"] == []
    assert parsed[1]["dataErrors"] == [{"path": "/price", "message": "'cheap' is not of type 'number'"}]
    assert [record["route"]["rule"] for record in routed] == ["right", "wrong"]


def test_a_schema_that_is_none_ends_the_stage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"type": "strin"}')

    assert run(["parse", "--schema", "s.json"]).status == 78
    assert run(["parse", "--schema", "none.json"]).status == 66


def test_words_for_yes_and_no_do_not_contradict_each_other() -> None:
    assert yesno.read("Ja") is True
    assert yesno.read("não") is False
    assert yesno.read("x" * 100) is None


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
_SCHEMA = Schema(
    {
        "additionalProperties": {
            "type": ["integer", "boolean", "array"],
            "x-separator": ",",
            "items": {"type": "number"},
        },
        "properties": {"a": {"anyOf": [{"type": "number"}, {"enum": ["x", 1]}]}},
    },
    "s.json",
)


@given(_VALUES)
def test_fitting_twice_is_fitting_once_and_changes_no_valid_value(value: Any) -> None:
    once = coerce.fit(value, _SCHEMA, None)

    assert coerce.fit(once.data, _SCHEMA, None).data == once.data
    if not _SCHEMA.violations(value) and not once.renamed:
        assert once.data == value
