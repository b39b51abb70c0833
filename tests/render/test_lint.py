"""What readers and filters stumble over is said, and what is fine is not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailpipe.record import Record
from mailpipe.render.lint import findings
from tests.conftest import Run

One = Callable[..., Record]

FINE = "to: a@example.net\nsubject: Check"
BASE = "<html><body><p id='top'>x</p>{{ content }}</body></html>"


def types(record: Record) -> list[str]:
    return [each["type"] for each in findings(record)]


def test_a_plain_message_has_nothing_to_complain_about(one: One) -> None:
    body = "Hello\n\n[the page](https://example.com/a?b=c) [write](mailto:a@example.com) [call](tel:+49-30-1)"

    assert types(one(body, {"name": "x"}, front=FINE)) == []


@pytest.mark.parametrize(
    ("body", "found"),
    [
        ("x " * 60_000, ["html-large", "line-long"]),
        ("{{ long }}", ["line-long"]),
        ("<!-- -->", ["text-missing"]),
        ("[x](#nowhere)", ["anchor-undefined"]),
        ("[x](https://localhost/a)", ["link-broken"]),
        ("[x](https://example/a)", ["link-broken"]),
        ("[x](https://example.com/undefined)", ["link-broken"]),
        ("[x](mailto:nobody)", ["link-broken"]),
        ("[x](tel:call)", ["link-broken"]),
        ("[x](http://example.com/)", ["link-insecure"]),
        ("[](https://example.com/)", ["link-empty"]),
        ("[https://bank.example.com](https://other.example.org/)", ["link-deceptive"]),
        ("[www.example.com](https://example.com/)", []),
        ("![](https://example.com/a.png)", ["alt-missing", "picture-remote", "text-missing"]),
        ("![a](https://example.com/a.png)", ["picture-remote"]),
    ],
)
def test_the_content_is_looked_at(one: One, body: str, found: list[str]) -> None:
    assert sorted(set(types(one(body, {"long": "y" * 999}, front=FINE)))) == found


@pytest.mark.parametrize(
    ("front", "found"),
    [
        ("to: a@example.net", ["subject-missing"]),
        (f"to: a@example.net\nsubject: {'x' * 101}", ["subject-long"]),
        ("to: '\"ceo@example.com\" <a@example.net>'\nsubject: x", ["name-with-address"]),
        ("from: '\"ceo@example.com\" <a@example.net>'\nto: a@example.net\nsubject: x", ["name-with-address"]),
        (f"{FINE}\nattachments: run.exe", ["attachment-blocked"]),
        (
            f"{FINE}\nheaders: {{List-Unsubscribe-Post: List-Unsubscribe=One-Click}}",
            ["unsubscribe-incomplete"],
        ),
        (
            f"{FINE}\nheaders:\n  List-Unsubscribe-Post: List-Unsubscribe=One-Click\n"
            f"  List-Unsubscribe: <https://example.com/{'u' * 90}>",
            [],
        ),
    ],
)
def test_the_header_and_the_attachments_are_looked_at(
    one: One, tmp_path: Path, front: str, found: list[str]
) -> None:
    (tmp_path / "run.exe").write_bytes(b"x")

    assert types(one("x", {}, front=front)) == found


def test_an_anchor_of_the_base_is_defined(one: One, tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text(BASE)

    assert types(one("[up](#top)", {}, front=f"{FINE}\nbase: base.html")) == []


def test_a_page_full_of_mistakes_does_not_make_a_page_of_findings(one: One) -> None:
    body = "\n".join(f"[x](#n{number})" for number in range(500))

    assert len(findings(one(body, {}, front=FINE))) == 100


def test_lint_says_it_to_people_and_to_programs(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text(
        "---\nfrom: b@example.com\nto: a@example.net\nsubject: S\n---\n[x]({{ u }})"
    )
    data = [{"u": "https://example.com/"}, {"u": "http://example.com/"}, {}]
    result = run(["render", "t.md", "--lint"], stdin=data)

    assert result.status == 1
    assert [record.get("lint") for record in result.records] == [
        [],
        [{"type": "link-insecure", "detail": "the link 'http://example.com/' is not https"}],
        None,
    ]
    assert "record 2: link-insecure: the link 'http://example.com/' is not https" in result.stderr
    assert "lint" not in run(["render", "t.md"], stdin=data).records[1]


def test_findings_are_no_errors(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: b@example.com\nto: a@example.net\n---\nx")

    assert run(["render", "t.md", "--lint"], stdin=[{}]).status == 0
