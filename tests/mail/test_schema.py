"""Values held against JSON Schemas."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import ConfigError, NoInputError
from mailpipe.mail.schema import MAX_VIOLATIONS, Schema, Violation
from mailpipe.wire import schemafile


def violations(document: dict[str, Any], value: Any) -> list[Violation]:
    return Schema(document, "s.json").violations(value)


def paths(document: dict[str, Any], value: Any) -> list[str]:
    return [each.path for each in violations(document, value)]


def test_every_violation_is_named_by_its_path() -> None:
    document = {
        "type": "object",
        "required": ["plate"],
        "properties": {"km": {"type": "integer"}, "a/b": {"items": {"enum": ["x"]}}},
    }

    assert violations(document, {"km": "12", "a/b": ["x", "y"]}) == [
        Violation("", "'plate' is a required property"),
        Violation("/km", "'12' is not of type 'integer'"),
        Violation("/a~1b/1", "'y' is not one of ['x']"),
    ]
    assert violations(document, {"plate": "AB", "km": 1}) == []


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer"}, [1, 10**30, Decimal("1.0")], [Decimal("1.5"), True, "1", None]),
        ({"type": "number"}, [1, Decimal("1.10")], [True, "1"]),
        ({"multipleOf": Decimal("0.01")}, [Decimal("1.10"), 3], [Decimal("1.105")]),
        ({"minimum": Decimal("0.5"), "maximum": 2}, [Decimal("0.5"), 2], [Decimal("0.49"), Decimal("2.01")]),
        ({"const": Decimal("1.0")}, [1, Decimal("1.00")], [2]),
        ({"format": "date-time"}, ["2026-11-20T09:12:44+01:00", "2026-11-20T09:12:44Z", 5], ["2026-11-20"]),
        ({"format": "date"}, ["2026-11-20"], ["2026-13-20", "20/11/2026"]),
        ({"prefixItems": [{"type": "string"}], "items": False}, [["a"]], [["a", 1]]),
        ({"dependentRequired": {"a": ["b"]}}, [{"a": 1, "b": 2}], [{"a": 1}]),
        ({"$ref": "#/$defs/plate", "$defs": {"plate": {"maxLength": 2}}}, ["AB"], ["ABC"]),
        ({"unevaluatedProperties": False, "properties": {"a": {}}}, [{"a": 1}], [{"b": 1}]),
    ],
)
def test_draft_2020_12_is_obeyed_with_exact_numbers(
    schema: dict[str, Any], good: list[Any], bad: list[Any]
) -> None:
    assert [value for value in good if violations(schema, value)] == []
    assert [value for value in bad if not violations(schema, value)] == []


def test_messages_speak_of_numbers_as_json_does() -> None:
    [violation] = violations({"type": "integer"}, Decimal("1.50"))

    assert violation.message == "1.50 is not of type 'integer'"


def test_messages_and_their_number_are_bounded() -> None:
    [long] = violations({"type": "integer"}, "x" * 100_000)

    assert len(long.message) < 400
    assert len(violations({"items": {"type": "integer"}}, ["x"] * 5000)) == MAX_VIOLATIONS


def test_a_value_that_cannot_be_checked_is_no_valid_one() -> None:
    deep: Any = []
    for _ in range(2000):
        deep = [deep]

    assert paths({"items": {"$ref": "#"}}, deep) == [""]
    assert paths({"multipleOf": Decimal("0.01")}, Decimal("1E+500")) == [""]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"type": "strin"}, "s.json at /type"),
        ({"properties": {"a": {"minimum": "1"}}}, "s.json at /properties/a/minimum"),
        ([], "s.json is not a JSON Schema"),
    ],
)
def test_what_is_no_schema_is_said_before_anything_is_checked(document: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Schema(document, "s.json")


@pytest.mark.parametrize(
    "reference", ["#/$defs/none", "https://example.com/other.json", "file:///etc/hostname"]
)
def test_a_reference_that_leads_nowhere_is_an_error_and_nothing_is_fetched(
    reference: str, tmp_path: Path
) -> None:
    file = tmp_path / "s.json"
    file.write_text(f'{{"$ref": "{reference}"}}')

    with pytest.raises(ConfigError, match="leads nowhere"):
        schemafile.load(file).violations(1)


def test_a_schema_may_refer_to_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "plate.json").write_text('{"type": "string", "$ref": "km.json#/$defs/short"}')
    (tmp_path / "parts" / "km.json").write_text('{"$defs": {"short": {"maxLength": 3}}}')
    file = tmp_path / "check.yaml"
    file.write_text("properties: {plate: {$ref: parts/plate.json}, price: {multipleOf: 0.1}}\n")
    schema = schemafile.load(file)

    assert schema.violations({"plate": "ABC", "price": Decimal("0.3")}) == []
    assert [each.path for each in schema.violations({"plate": "ABCD", "price": Decimal("0.35")})] == [
        "/plate",
        "/price",
    ]


def test_a_schema_never_reads_above_its_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text("{}")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.json").symlink_to(tmp_path / "outside.json")
    for reference in ("../outside.json", "link.json", "%2e%2e/outside.json"):
        file = tmp_path / "in" / "s.json"
        file.write_text(f'{{"$ref": "{reference}"}}')

        with pytest.raises(ConfigError, match="leads nowhere"):
            schemafile.load(file).violations(1)


@pytest.mark.parametrize("text", ["{", "nothing", '{"a": NaN}'])
def test_a_file_that_is_not_json_is_named(text: str, tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    file.write_text(text)

    with pytest.raises(ConfigError, match=r"s\.json"):
        schemafile.load(file)


@pytest.mark.parametrize("name", ["s.json", "s.yaml"])
def test_a_file_that_is_missing_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=name):
        schemafile.load(tmp_path / name)


def test_an_older_draft_is_obeyed_if_the_schema_says_so() -> None:
    document = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{}, {"type": "string"}]}

    assert violations(document, [1, "a"]) == []
    assert paths(document, ["a", 1]) == ["/1"]
