"""Data are held to their schema: every violation by its path, and nothing is fetched."""

import socket
from typing import Any

import pytest

from mailpipe.errors import ConfigError, RecordError
from mailpipe.exact import loads
from mailpipe.mail.schema import Schema

VEHICLE: dict[str, Any] = {
    "type": "object",
    "required": ["id", "vehicle"],
    "properties": {
        "id": {"type": "string"},
        "due": {"type": "string", "format": "date"},
        "price": {"type": "number", "minimum": 0},
        "vehicle": {
            "type": "object",
            "required": ["plate"],
            "additionalProperties": False,
            "properties": {"plate": {}},
        },
        "items": {"type": "array", "items": {"$ref": "#/$defs/item"}},
    },
    "$defs": {"item": {"type": "object", "properties": {"key": {"enum": ["a", "b"]}}}},
}


def paths(data: Any) -> list[str]:
    return sorted(each.path for each in Schema(VEHICLE, "check.json").violations(data))


def test_every_violation_is_named_by_its_path() -> None:
    data = {"vehicle": {"odd key": 1}, "due": "soon", "price": -1, "items": [{"key": "a"}, {"key": "c"}, 5]}

    assert paths(data) == ["", "due", "items[1].key", "items[2]", "price", "vehicle", "vehicle"]


def test_exact_numbers_are_numbers() -> None:
    assert paths(loads(b'{"id": "1", "vehicle": {"plate": 1}, "price": 1.10}')) == []


def test_the_error_of_a_record_names_schema_and_paths() -> None:
    with pytest.raises(
        RecordError, match=r"do not follow check\.json: .*vehicle: 'plate' is a required"
    ) as caught:
        Schema(VEHICLE, "check.json").check({"vehicle": {}})

    assert caught.value.case == "bad-data"
    Schema(VEHICLE, "check.json").check({"id": "1", "vehicle": {"plate": "x"}})


def test_a_million_violations_are_not_all_named() -> None:
    with pytest.raises(RecordError, match="and more") as caught:
        Schema({"items": {"type": "string"}}, "x").check([1] * 100_000)

    assert len(str(caught.value)) < 20_000


@pytest.mark.parametrize(
    "schema", [{"type": "text"}, {"properties": 5}, {"$ref": 7}, 5, [], {"pattern": "("}]
)
def test_what_is_no_schema_is_a_configuration_error(schema: object) -> None:
    with pytest.raises(ConfigError, match=r"check\.json"):
        Schema(schema, "check.json")


@pytest.mark.parametrize(
    "ref", ["https://example.com/a.json", "file:///etc/passwd", "other.json", "#/$defs/none"]
)
def test_a_reference_out_of_the_file_is_never_followed(ref: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_args, **_kwargs: pytest.fail("a connection"))

    with pytest.raises(ConfigError, match="followed within the file only"):
        Schema({"$ref": ref}, "check.json").check({})
