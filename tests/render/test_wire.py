"""What is ready for the wire: nothing in it has to be encoded again, and nothing of it can be misread."""

import re
from collections.abc import Callable
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailpipe.errors import ConfigError
from mailpipe.record import Record
from tests.conftest import Run
from tests.render.conftest import Render, message, raw

One = Callable[..., Record]
Refusal = Callable[..., str]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_server_can_carry_it(one: One, text: str, more: str) -> None:
    octets = raw(one("{{ a }}\n\n{{ b }}", {"a": text, "b": more}))

    assert octets.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\0", octets)
    assert max(map(len, octets.split(b"\r\n"))) <= 998


@pytest.mark.parametrize("where", ["{{ it }}", "[x](https://example.com/{{ it }})", "`{{ it }}`"])
def test_half_a_character_is_refused(refusal: Refusal, where: str) -> None:
    assert refusal(where, {"it": "a\ud83d"}).startswith("bad-text: ")


def test_half_a_character_in_the_subject_is_refused(refusal: Refusal) -> None:
    found = refusal("x", {"it": "a\ud83d"}, front="to: a@example.net\nsubject: '{{ it }}'")

    assert found.startswith(("bad-text: ", "bad-header: "))


def test_a_long_list_of_people_is_folded_at_its_commas(one: One) -> None:
    people = [f"{'0' * 61}@example.org", "ä <foo@example.org>", '"x, y" <x@example.org>'] * 5
    people = [
        each.replace("@", f"{number}@").replace("0" * 61, "0" * 50) for number, each in enumerate(people)
    ]
    record = one("x", {"to": people}, front='to: "{{ to }}"')
    head = raw(record).partition(b"\r\n\r\n")[0].decode()
    field = re.search(r"^To:(?:.*\r\n )*.*", head, re.M)
    assert field

    assert "=2C" not in field[0]
    unfolded = field[0].removeprefix("To:").replace("\r\n", "")
    assert [email for _name, email in getaddresses([unfolded])] == [each["email"] for each in record["to"]]


def test_nothing_tells_the_name_of_this_machine(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: a@example.com\nto: b@example.net\n---\nx")
    record = run(["render", "t.md"], stdin=[{}], env={"TZ": "UTC", "HOSTNAME": "secret-host"}).records[0]
    sent = message(record)

    assert sent["Message-ID"].endswith("@example.com>")
    assert re.search(r" \+0000$", sent["Date"])
    assert record["sentAt"].endswith("+00:00")


@pytest.mark.parametrize(
    "style", ["@import 'https://example.com/a.css';", "@IMPORT url(//example.com/a.css);"]
)
def test_a_base_imports_no_styles(render: Render, tmp_path: Path, style: str) -> None:
    (tmp_path / "base.html").write_text(f"<style>{style}</style>{{{{ content }}}}")

    with pytest.raises(ConfigError, match="style sheet"):
        render("x", {}, front="to: a@example.net\nbase: base.html")


def test_a_file_of_ten_gigabytes_is_refused_before_it_is_read(refusal: Refusal, tmp_path: Path) -> None:
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(10 * 1024**3)
    found = refusal("x", {}, front="to: a@example.net\nattachments: huge.bin")

    assert found.startswith("limit:attachments: ")


def test_a_link_put_in_the_place_of_a_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mailpipe.errors import RecordError
    from mailpipe.render import files

    (tmp_path / "root").mkdir()
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "root" / "a.txt").symlink_to(tmp_path / "secret")
    # As if the link had been made after the path was looked at.
    monkeypatch.setattr(files, "_inside", lambda folder, name: folder / name)

    with pytest.raises(RecordError, match=r"a\.txt"):
        files.Attachments(tmp_path / "root").read("a.txt")


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_what_is_not_json_is_refused_and_never_sent(run: Run, tmp_path: Path, name: str) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: a@example.com\nto: b@example.net\n---\n{{ a }}")
    result = run(["render", "t.md"], stdin=b'{"a": %b}\n{"a": 1}\n' % name.encode())

    assert ["error" in record for record in result.records] == [True, False]
    assert name.encode() not in result.stdout.splitlines()[1]
