"""Tests of the folding of names and words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail.fold import fold


@pytest.mark.parametrize(
    ("typed", "same"),
    [
        ("plate_number", "Plate-Number"),
        ("PLATE NUMBER", "plate\u200bnumber"),
        ("Ｐｌａｔｅ", "plate"),
        ("N° d’immatriculation", "No d'immatriculation"),
        ("Łódź", "LODZ"),
        ("ısı", "ISI"),
        ("İzmir", "izmir"),
        ("Straße", "STRASSE"),
        ("œuvre", "oeuvre"),
        ("Đà Nẵng", "da nang"),
        ("Kennzeichen:", "kennzeichen"),
        ("terminé", "termine\u0301"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_spellings_of_one_word_fold_alike(typed: str, same: str) -> None:
    assert fold(typed) == fold(same)


@pytest.mark.parametrize(
    ("one", "other"),
    [("が", "か"), ("हाँ", "हीँ"), ("ที่", "ที้"), ("✓", "✗"), ("done", "undone"), ("ok", "")],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_only_blank_text_folds_to_nothing(text: str) -> None:
    assert bool(fold(text)) == bool(text.split())
