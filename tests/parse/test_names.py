"""File names that senders chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse import names


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("photo.jpg", "photo.jpg"),
        ("Straße 5 – été.pdf", "Straße 5 – été.pdf"),
        ("e\u0301te\u0301.pdf", "été.pdf"),
        ("../../etc/cron.d/x", "x"),
        ("/etc/passwd", "passwd"),
        ("C:\\Users\\x\\report.doc", "report.doc"),
        ("a\0.pdf", "a.pdf"),
        ("x.pdf\u202efdp.exe", "x.pdffdp.exe"),
        ("zero\u200bwidth.txt", "zerowidth.txt"),
        ("a:b|c?.txt", "a_b_c_.txt"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("-rf", "_-rf"),
        (".bashrc", "bashrc"),
        ("trailing. . ", "trailing"),
        ("tab\tand\nline.txt", "tabandline.txt"),
        ("..", None),
        ("a/", None),
        ("  ", None),
        ("", None),
    ],
)
def test_a_name_is_one_harmless_component(name: str, wanted: str | None) -> None:
    assert names.safe(name) == wanted


def test_a_long_name_keeps_its_extension() -> None:
    name = names.safe("é" * 5000 + ".pdf")

    assert name
    assert name.endswith(".pdf")
    assert len(name.encode()) <= names.LIMIT


@given(st.text(max_size=300))
def test_no_name_escapes(name: str) -> None:
    safe = names.safe(name)

    assert safe is None or (0 < len(safe.encode()) <= names.LIMIT and safe not in (".", ".."))
    assert safe is None or not set(safe) & set("/\\\0:\n")


@given(st.text(max_size=100))
def test_a_safe_name_stays_as_it_is(name: str) -> None:
    safe = names.safe(name)

    assert safe is None or names.safe(safe) == safe
