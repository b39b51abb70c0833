"""Tests of patterns: what Python's own matcher finds, and never slowly."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.route.pattern import compiled
from mailpipe.route.pike import search


@pytest.mark.parametrize(
    ("pattern", "text", "captures"),
    [
        (r"order (?P<order>\d+)", "Re: your order 4711 of today", {"order": "4711"}),
        (r"(?i)ORDER (?P<order>[A-Z]{2}-\d{3,5})", "order ab-1234567", {"order": "ab-12345"}),
        (r"^(?P<a>[^ ]+) (?P<b>\w+)$", "Übung macht", {"a": "Übung", "b": "macht"}),
        (r"(?P<all>.*)", "", {"all": ""}),
        (r"(?P<short>a+?)(?P<rest>a*)", "aaa", {"short": "a", "rest": "aa"}),
        (r"(?:x|(?P<y>y))z", "xz", {}),
        (r"(?m)^plate: (?P<plate>.+)$", "hello\nplate: AB-1\nbye", {"plate": "AB-1"}),
        (r"[]x]+(?P<end>[^\]]+)", "]]abc", {"end": "abc"}),
        (r"\x41\u00e9(?P<n>\d{0})", "Aé1", {"n": ""}),
        (r"\bcar\b", "a car.", {}),
        (r"a{,2}b{2}c{1,}", "aabbcc", {}),
        (r"x{a}", "x{a}", {}),
    ],
)
def test_a_pattern_captures_by_name(pattern: str, text: str, captures: dict[str, str]) -> None:
    assert search(compiled(pattern), text) == captures


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(", "not a regular expression"),
        (r"(?P<a>x)(?P=a)", "is not known here"),
        (r"(x)\1", "backreferences"),
        (r"(?=x)", "is not known here"),
        (r"(?<!x)y", "is not known here"),
        (r"(?>x)", "not a regular expression|is not known here"),
        (r"(?x)a b", "the flag x"),
        ("x" * 1001, "at most 1000 characters"),
        ("(?:(?:x{100}){100}){100}", "too large"),
        ("(" * 60 + ")" * 60, "nested more than 50"),
    ],
)
def test_what_cannot_be_matched_in_linear_time_is_refused(pattern: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        compiled(pattern)


@pytest.mark.parametrize(
    "pattern",
    [r"(a+)+$", r"(a|aa)+$", r"(.*a){12}", r"(?:x+x+)+y", r"^(([a-z])+.)+[A-Z]([a-z])+$", r"(?:a?){30}a{30}"],
)
@pytest.mark.parametrize("text", ["a" * 30_000 + "!", "x" * 30_000, "ax" * 15_000])
def test_no_text_makes_a_pattern_slow(pattern: str, text: str) -> None:
    program = compiled(pattern)
    started = time.process_time()

    search(program, text)

    assert time.process_time() - started < 8  # a backtracking matcher would not end in this century


ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", "^", "$", r"\b", "c"])


def patterns() -> st.SearchStrategy[str]:
    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pieces = st.lists(inner, min_size=1, max_size=3).map("".join)
        return st.one_of(
            pieces,
            st.tuples(pieces, pieces).map(lambda two: f"(?:{two[0]}|{two[1]})"),
            st.tuples(
                st.sampled_from("abc."), st.sampled_from(["*", "+", "?", "*?", "+?", "{1,2}", "{2}", "{,1}?"])
            ).map("".join),
            st.tuples(pieces, st.sampled_from(["*", "+", "?", "{0,2}"])).map(
                lambda two: f"(?:{two[0]}){two[1]}"
            ),
        )

    return st.recursive(ATOMS, more, max_leaves=6)


@given(pattern=patterns(), text=st.text(alphabet="abc \n", max_size=8))
def test_a_pattern_matches_where_python_says_so(pattern: str, text: str) -> None:
    whole = f"(?P<whole>{pattern})"

    expected = re.search(whole, text)
    found = search(compiled(whole), text)

    assert (found is None) == (expected is None)
    if expected is not None and found is not None:
        assert text.index(found["whole"]) <= expected.start()


@given(
    pieces=st.lists(
        st.tuples(
            st.sampled_from(["a", "b", ".", "[ab]"]),
            st.sampled_from(["", "*", "+", "?", "*?", "??", "{1,3}"]),
        ),
        min_size=1,
        max_size=5,
    ),
    text=st.text(alphabet="abc", max_size=8),
)
def test_captures_are_those_of_python(pieces: list[tuple[str, str]], text: str) -> None:
    pattern = "".join(f"(?P<g{number}>{atom}{count})" for number, (atom, count) in enumerate(pieces))

    expected = re.search(pattern, text)

    assert search(compiled(pattern), text) == (expected.groupdict() if expected else None)
