"""format=flowed text."""

import pytest

from mailpipe.mail.flowed import unflow


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("one \ntwo\n", "one two\n"),
        ("address: 12 rue \nde la Paix\nplate: AB\n", "address: 12 rue de la Paix\nplate: AB\n"),
        ("> quoted \n> more\nmine\n", "> quoted more\nmine\n"),
        (">> a \n> b\n", ">> a \n> b\n"),
        (" stuffed\n From me\n", "stuffed\nFrom me\n"),
        ("text \n-- \nAda\n", "text \n-- \nAda\n"),
        ("last ", "last "),
        ("", ""),
    ],
)
def test_soft_line_breaks_are_taken_out(text: str, wanted: str) -> None:
    assert unflow(text, delsp=False) == wanted


def test_delsp_takes_the_blank_out_too() -> None:
    assert unflow("日本 \n語\n", delsp=True) == "日本語\n"
