"""YAML as it is typed in mail."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse.yamltext import MAX_DEPTH, Document, NotPlain, read


def test_a_plain_scalar_is_the_text_that_was_typed() -> None:
    text = "a: NO\nb: 0123\nc: 12:30:00\nd: 1.10\ne: 2024-05-14\nf: ~\ng:\n1: x"

    assert read(text).value == {
        "a": "NO",
        "b": "0123",
        "c": "12:30:00",
        "d": "1.10",
        "e": "2024-05-14",
        "f": "~",
        "g": "",
        "1": "x",
    }


def test_the_first_of_two_values_for_a_key_counts() -> None:
    assert read("1: a\n'1': b\nc: {d: e, d: f}") == Document({"1": "a", "c": {"d": "e"}}, ["1", "d"])


def test_only_the_first_document_is_read() -> None:
    assert read("a: 1\n---\nb: 2").value == {"a": "1"}


def test_depth_and_size_are_bounded() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH).value is not None
    with pytest.raises(NotPlain, match="deep"):
        read("[" * (MAX_DEPTH + 1))
    with pytest.raises(NotPlain, match="characters"):
        read("a" * 100_000)


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert read("<<: {a: 1}\nb: 2").value == {"<<": {"a": "1"}, "b": "2"}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read(text)
    except NotPlain:
        pass
