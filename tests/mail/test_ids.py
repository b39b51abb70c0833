"""Message identifiers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import ids, limits


@pytest.mark.parametrize(
    ("field", "wanted", "defects"),
    [
        ("<a@example.com>", ["a@example.com"], []),
        ("<a@example.com> <b@example.com>", ["a@example.com", "b@example.com"], []),
        ("<a@example.com>,<b@example.com>", ["a@example.com", "b@example.com"], []),
        ("<a@example.com><a@example.com>", ["a@example.com"], []),
        ("<a\t@example.com>", ["a@example.com"], []),
        ("<[a@example.com]>", ["[a@example.com]"], []),
        ("Your message of Friday <a@example.com>", ["a@example.com"], []),
        ("a@example.com", ["a@example.com"], ["id-brackets-missing"]),
        ("<a@example.com", ["a@example.com"], ["id-brackets-missing"]),
        ("12345", ["12345"], ["id-brackets-missing"]),
        ("<>", [], []),
        ("", [], []),
    ],
)
def test_identifiers_are_found_without_their_brackets(
    field: str, wanted: list[str], defects: list[str]
) -> None:
    found: list[str] = []

    assert (ids.parse(field, found), found) == (wanted, defects)


def test_of_too_many_references_the_first_and_the_last_are_kept() -> None:
    defects: list[str] = []

    found = ids.parse(" ".join(f"<{n}@example.com>" for n in range(limits.REFERENCES + 100)), defects)

    assert (len(found), found[0], found[-1]) == (
        limits.REFERENCES,
        "0@example.com",
        f"{limits.REFERENCES + 99}@example.com",
    )
    assert defects == ["limit:references"]


@given(st.text('<>@a. ,;"', max_size=60))
def test_no_field_fails_and_no_identifier_has_a_bracket(field: str) -> None:
    for found in ids.parse(field, []):
        assert found.strip("<>") == found
