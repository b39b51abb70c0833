"""Tests of comparing a value with what a rule says."""

import time
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail.vocabulary import Vocabulary, build
from mailpipe.route.compare import Kind, contains, equal, glob

WORDS = build({"values": {"status": {"done": ["finished", "terminé", "erledigt"]}}}, "vocabulary.yaml")


def same(value: Any, wanted: str, kind: Kind, vocabulary: Vocabulary = WORDS) -> bool:
    return equal(value, wanted, kind, "status", vocabulary)


@pytest.mark.parametrize("typed", ["done", "DONE", "Terminé !", "TERMINE", "erledigt.", "Finished"])
def test_data_is_compared_through_the_vocabulary(typed: str) -> None:
    assert same(typed, "done", Kind.DATA)
    assert same(typed, "terminé", Kind.DATA)
    assert not same(typed, "open", Kind.DATA)


@pytest.mark.parametrize(
    ("value", "wanted", "equal_"),
    [
        ("AB-123-CD", "ab 123 cd", True),
        ("1.10", "110", False),
        ("-5", "5", False),
        ("0123", "123", False),
        (Decimal("1.10"), "1.1", True),
        (5, "5", True),
        (5, "five", False),
        (True, "yes", True),
        (True, "true", True),
        (True, "false", False),
        (False, "no", True),
        (None, "null", True),
        (None, "done", False),
        ("NO", "no", True),
        ({"a": 1}, "done", False),
        ("✓", "✗", False),
    ],
)
def test_numbers_and_truth_are_not_words(value: Any, wanted: str, equal_: bool) -> None:
    assert same(value, wanted, Kind.DATA) is equal_


@pytest.mark.parametrize(
    ("value", "pattern", "matches"),
    [
        ({"name": "boss@example.com", "email": "eve@example.net"}, "boss@example.com", False),
        ({"name": "boss@example.com", "email": "eve@example.net"}, "*@example.net", True),
        ({"name": "x", "email": "Garage@Example.NET"}, "*@example.net", True),
        ({"name": "x", "email": "eve@example.net.example.org"}, "*@example.net", False),
        ({"name": "x", "email": "eve@notexample.net"}, "*@example.net", False),
        ({"name": "x", "email": "eve@exämple.net"}, "*@example.net", False),
        ({"name": "x", "email": "\u212aarl@example.net"}, "karl@example.net", False),
        ({"name": "x", "email": None}, "*@example.net", False),
    ],
)
def test_addresses_are_compared_by_addr_spec_alone(value: Any, pattern: str, matches: bool) -> None:
    assert same(value, pattern, Kind.ADDRESS) is matches


@given(st.text("ab?*", max_size=8), st.text("ab", max_size=12))
def test_globs_match_as_the_shell_does(pattern: str, text: str) -> None:
    assert glob(pattern, text) is fnmatchcase(text, pattern)


def test_a_glob_spans_lines_and_takes_brackets_as_they_are() -> None:
    assert glob("*[a74e22bb]*", "Re: [a74e22bb]\nCheck")
    assert not glob("*[a]*", "a")


def test_a_hostile_text_does_not_slow_a_glob_down() -> None:
    started = time.perf_counter()

    assert not glob("*a*a*a*a*a*a*a*b", "a" * 1_000_000)
    assert time.perf_counter() - started < 1


@pytest.mark.parametrize(
    ("text", "phrase", "found"),
    [
        ("It is URGENT, please!", "urgent", True),
        ("C'est terminé.", "termine", True),
        ("insurgents", "urgent", False),
        ("out of\noffice today", "Out of office", True),
        ("out office of", "out of office", False),
        ("検査は完了しました", "完了", True),
        ("all good 👍", "👍", True),
        ("nothing", "👍", False),
        (5, "5", False),
    ],
)
def test_words_are_found_whole_and_in_order(text: Any, phrase: str, found: bool) -> None:
    assert contains(text, phrase) is found
