"""Templates in reStructuredText: marked up, cleaned, and kept from files and raw HTML."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mailpipe.errors import ConfigError
from mailpipe.record import Record
from tests.render.conftest import Render

One = Callable[..., Record]

BODY = """\
Dear {{ name }},

check **{{ plate }}** on `its page <https://example.com/v/{{ plate }}>`_:

- first
- second

==== =====
Item Value
==== =====
km   {{ km }}
==== =====

::

  {{ plate }}
"""


def bare(html: str) -> str:
    return re.sub(r' style="[^"]*"', "", html)


def test_restructured_text_makes_text_and_html_with_inert_values(one: One) -> None:
    data = {"name": "`x`_ *a* <b>", "plate": "AB 1", "km": 7}
    record = one(BODY, data, name="t.rst")

    assert "Dear `x`_ *a* &lt;b&gt;," in bare(record["html"])
    assert '<strong>AB 1</strong> on <a href="https://example.com/v/AB%201">its page</a>' in bare(
        record["html"]
    )
    assert "<td>km</td>" in bare(record["html"]).replace("\n", "")
    assert "check AB 1 on its page <https://example.com/v/AB%201>:\n\n- first\n- second\n" in record["text"]
    assert "    AB 1\n" in record["text"]


@pytest.mark.parametrize(
    "body",
    [
        ".. include:: secret.txt",
        ".. raw:: html\n\n   <script>alert(1)</script>",
        ".. raw:: html\n   :file: secret.txt",
        ".. csv-table:: x\n   :file: secret.txt",
        ".. csv-table:: x\n   :url: https://example.com/",
        ".. role:: raw-html(raw)\n   :format: html\n\n:raw-html:`<b onclick=x>`",
        ".. nonsense:: x",
        "*open",
        "A long title\n=====",
        "`nowhere`_",
    ],
)
def test_what_reaches_out_or_is_wrong_is_the_authors_mistake(
    render: Render, tmp_path: Path, body: str
) -> None:
    (tmp_path / "secret.txt").write_text("a secret")

    with pytest.raises(ConfigError, match=r"t\.rst: ") as caught:
        render(body, {}, name="t.rst")

    assert "a secret" not in str(caught.value)


def test_a_configuration_of_docutils_is_not_read(
    one: One, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docutils.conf").write_text("[general]\nsmart_quotes: yes\n")
    monkeypatch.chdir(tmp_path)

    assert one('a "b"', {}, name="t.rst")["text"] == 'a "b"\n'


def test_a_script_address_is_no_link(one: One) -> None:
    assert "javascript:" not in one("`x <javascript:alert(1)>`_", {}, name="t.rst")["html"]


def test_without_docutils_the_error_says_what_to_install(
    render: Render, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mailpipe.render.restructured", None)

    with pytest.raises(ConfigError, match=r"pip install 'mailpipe\[rst\]'"):
        render("x", {}, name="t.rst")
