"""Tests of reading YAML that people write."""

from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import ConfigError, NoInputError
from mailpipe.wire import plainyaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("country: NO", {"country": "NO"}),
        ("[0123, 1.10, 12:30:00, true, ~]", ["0123", "1.10", "12:30:00", "true", "~"]),
        ("yes: [oui, sí]", {"yes": ["oui", "sí"]}),
        ("1: a", {"1": "a"}),
        ("<<: {a: b}", {"<<": {"a": "b"}}),
        ("# nothing", {}),
        ("", {}),
    ],
)
def test_every_scalar_is_the_text_that_was_typed(text: str, value: Any) -> None:
    assert plainyaml.parse(text.encode(), "rules.yaml") == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "rules.yaml, line 3: the key 'a' is written twice"),
        ("a: &x [1]\nb: *x", "rules.yaml, line 2: aliases are not used here"),
        ("a: &x [*x]", "aliases are not used here"),
        ("a: !!python/object/apply:os.system [ls]", "python/object/apply:os.system is not used here"),
        ("? [a]\n: b", "a key is one word"),
        ("a: [", "rules.yaml, line 2"),
        ("a: \x07", "control characters"),
        ("--- 1\n--- 2", "another document"),
        ("[" * 100_000 + "]" * 100_000, "nested more than 100 levels deep"),
        ("{a: " * 100_000, "nested more than 100 levels deep"),
    ],
)
def test_what_a_person_cannot_have_meant_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        plainyaml.parse(text.encode(), "rules.yaml")

    assert said in str(caught.value)


def test_a_missing_file_has_no_input(tmp_path: Path) -> None:
    with pytest.raises(NoInputError, match=r"absent\.yaml: no such file"):
        plainyaml.read(tmp_path / "absent.yaml")


def test_a_file_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("rules: []")
    path.chmod(0o646)

    with pytest.raises(ConfigError, match="can be written by others; chmod o-w"):
        plainyaml.read(path)
