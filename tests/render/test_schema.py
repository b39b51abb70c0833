"""Data that do not follow the template's schema are refused before anything is rendered."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import ConfigError, NoInputError
from mailpipe.record import Record
from tests.render.conftest import Render

SCHEMA = {
    "required": ["plate"],
    "properties": {"plate": {"type": "string", "pattern": "^[A-Z]"}, "km": {"type": "integer"}},
}


@pytest.mark.parametrize("name", ["check.json", "check.yaml"])
def test_every_violation_is_named_and_its_neighbours_are_rendered(
    render: Render, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text(json.dumps(SCHEMA))
    data: list[dict[str, Any]] = [{"plate": "AB", "km": 1}, {"plate": "ab", "km": "x"}, {"plate": "CD"}]
    good, bad, last = render("{{ plate }}", data, front=f"to: a@example.net\nschema: {name}")

    assert (good["text"], last["text"]) == ("AB\n", "CD\n")
    assert bad["error"]["type"] == "bad-data"
    assert "plate: 'ab' does not match" in bad["error"]["detail"]
    assert "km: 'x' is not of type 'integer'" in bad["error"]["detail"]


@pytest.mark.parametrize(
    ("content", "error"),
    [(None, NoInputError), ("{", ConfigError), ('{"type": 5}', ConfigError), ("[]", ConfigError)],
)
def test_a_bad_schema_is_a_mistake_of_the_template(
    render: Render, tmp_path: Path, content: str | None, error: type[Exception]
) -> None:
    if content is not None:
        (tmp_path / "check.json").write_text(content)

    with pytest.raises(error, match=r"check\.json"):
        render("x", {}, front="to: a@example.net\nschema: check.json")


def test_another_language_has_the_same_schema(
    one: Callable[..., Record], refusal: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "check.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "template.fr.md").write_text("Bonjour")

    assert refusal("x", {"lang": "fr"}, front="to: a@example.net\nschema: check.json").startswith("bad-data")
