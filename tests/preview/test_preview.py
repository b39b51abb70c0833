"""preview as a process: one page with everything there is to see of the first records."""

import re
import stat
from html import unescape
from pathlib import Path

import pytest

from tests.conftest import Run, Shell

EXAMPLE = Path(__file__).parents[2] / "examples" / "vehicle-check"
CHECK = str(EXAMPLE / "check.md")
DATA = (EXAMPLE / "data.jsonl").read_bytes()


def test_the_page_has_every_view_of_every_message(run: Run) -> None:
    result = run(["preview", CHECK], stdin=DATA)
    page = result.stdout.decode()

    assert (result.status, result.stderr) == (0, "")
    assert page.count("<article>") == 3
    assert page.count("<iframe") == 9
    for shown in (
        "[a74e22bb] Check AB-123-CD",
        "Müller &amp; Söhne",
        "Content-Type: multipart/alternative",
        "image/png, logo.png",
        "&#34;amount&#34;: 49.90",
        "Nothing to complain about.",
    ):
        assert shown in page


def test_the_page_needs_nothing_but_itself(run: Run) -> None:
    page = run(["preview", CHECK], stdin=DATA).stdout.decode()
    outside = re.sub(r'srcdoc="[^"]*"', "", page)

    assert "default-src 'none'" in outside
    assert not re.search(r"<script|<link|\s(?:src|href)=|url\(", outside)
    assert (
        re.findall(r'src="(\w+):', unescape("".join(re.findall(r'srcdoc="([^"]*)"', page)))) == ["data"] * 9
    )


def test_data_are_shown_and_never_markup(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text(
        "---\nfrom: a@example.com\nto: b@example.com\nsubject: '{{ x }}'\n---\n{{ x }}"
    )
    value = '"></iframe><script>alert(1)</script></pre>{{ 7*7 }}'
    page = run(["preview", "t.md"], stdin=[{"x": value}]).stdout.decode()

    assert "<script" not in page
    assert "{{ 7*7 }}" in page
    assert page.count("</iframe>") == 3


def test_only_the_first_records_are_read(sh: Shell) -> None:
    result = sh(f'yes "$(head -n 1 {EXAMPLE}/data.jsonl)" | mailpipe preview {CHECK} --limit 2')

    assert result.stdout.count(b"<article>") == 2


def test_findings_are_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: a@example.com\nto: b@example.com\n---\n[x](#nowhere)")
    page = run(["preview", "t.md"], stdin=[{}]).stdout.decode()

    assert "<b>anchor-undefined</b>" in page
    assert "<b>subject-missing</b>" in page


def test_a_record_that_cannot_be_rendered_is_shown_with_its_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: a@example.com\nto: b@example.com\n---\n{{ name }}")
    result = run(["preview", "t.md"], stdin=[{"name": "A"}, {"nmae": "B"}])

    assert result.status == 1
    assert "'name' is not in the data" in unescape(result.stdout.decode())
    assert result.stdout.count(b"<!DOCTYPE html>") == 1
    assert result.stdout.startswith(b"<!DOCTYPE html>")


def test_no_record_makes_a_page_that_says_so(run: Run) -> None:
    assert b"No record came in." in run(["preview", CHECK], stdin=b"").stdout


def test_output_is_a_file_and_nothing_else(run: Run, tmp_path: Path) -> None:
    result = run(["preview", CHECK, "--output", "p.html"], stdin=DATA)

    assert (result.stdout, result.status) == (b"", 0)
    assert (tmp_path / "p.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert run(["preview", CHECK, "--output", "none/p.html"], stdin=DATA).status == 73


@pytest.mark.parametrize("given", [[], ["--output", "p.html"]])
def test_open_shows_the_page_in_the_browser(run: Run, tmp_path: Path, given: list[str]) -> None:
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {tmp_path}/opened\n')
    browser.chmod(0o755)
    env = {"BROWSER": f"{browser} %s", "TMPDIR": str(tmp_path)}
    result = run(["preview", CHECK, "--open", *given], stdin=DATA, env=env)
    opened = Path((tmp_path / "opened").read_text().removeprefix("file://"))

    assert (result.status, result.stdout) == (0, b"")
    assert opened.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert given or stat.S_IMODE(opened.stat().st_mode) == 0o600


def test_without_a_browser_the_error_says_where_the_page_is(run: Run, tmp_path: Path) -> None:
    env = {"BROWSER": "false %s", "TMPDIR": str(tmp_path), "DISPLAY": "", "PATH": "/nonexistent"}
    result = run(["preview", CHECK, "--open"], stdin=DATA, env=env)

    assert result.status == 69
    assert "there is no browser to open" in result.stderr


def test_a_bad_template_is_told_as_render_tells_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nsubjekt: x\n---\n")
    result = run(["preview", "t.md"], stdin=b"{}")

    assert result.status == 78
    assert "did you mean 'subject'" in result.stderr
