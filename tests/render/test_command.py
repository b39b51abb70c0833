"""render as a process: flags, statuses, the raw message, and what is loaded."""

import json
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from tests.conftest import Run, Shell

EXAMPLE = Path(__file__).parents[2] / "examples" / "vehicle-check"
DATA = (EXAMPLE / "data.jsonl").read_bytes()
CHECK = str(EXAMPLE / "check.md")
CONFIG = """
app: mail-api
domain: example.com
accounts:
  partners:
    from: Vehicle desk <mail-api@example.com>
    refKey: {env: REF_KEY}
"""


@pytest.fixture
def configured(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return {"MAILPIPE_CONFIG": str(tmp_path / "config.yaml"), "REF_KEY": "first\nsecond"}


def test_the_example_makes_a_message_for_each_vehicle(run: Run, configured: dict[str, str]) -> None:
    result = run(["render", CHECK], stdin=DATA, env=configured)

    assert (result.status, result.stderr) == (0, "")
    assert [record["data"] for record in result.records] == [json.loads(line) for line in DATA.splitlines()]
    assert result.records[0]["replyTo"][0]["email"].startswith(
        "mail-api+a74e22bb-3313-4dc4-af28-6c2bd1351c0f."
    )


def test_eml_is_one_message_and_nothing_else(run: Run, configured: dict[str, str]) -> None:
    one = run(["render", CHECK, "--eml", "--limit", "1"], stdin=DATA, env=configured)
    three = run(["render", CHECK, "--eml"], stdin=DATA, env=configured)

    assert one.status == 0
    assert message_from_bytes(one.stdout, policy=default)["Subject"] == "[a74e22bb] Check AB-123-CD"
    assert three.status == 64
    assert "add --limit 1" in three.stderr


def test_a_second_message_never_leaves_half_of_something_behind_the_first(
    run: Run, configured: dict[str, str]
) -> None:
    result = run(["render", CHECK, "--eml"], stdin=DATA, env=configured)

    assert result.stdout.count(b"Message-ID:") == 1


def test_a_limit_stops_reading(sh: Shell, configured: dict[str, str]) -> None:
    line = json.dumps(json.loads(DATA.splitlines()[0]))
    result = sh(
        f"while :; do printf '%s\\n' '{line}'; done | mailpipe render {CHECK} --limit 2 | wc -l",
        env=configured,
    )

    assert result.stdout.strip() == b"2"


def test_source_date_epoch_makes_the_same_octets(run: Run, configured: dict[str, str]) -> None:
    env = {**configured, "SOURCE_DATE_EPOCH": "1795162364"}
    first, second = (run(["render", CHECK], stdin=DATA, env=env) for _ in range(2))

    assert first.stdout == second.stdout
    assert first.records[0]["sentAt"] == "2026-11-20T08:12:44+00:00"


def test_flags_are_obeyed(run: Run, configured: dict[str, str]) -> None:
    flags = ["--to", "me@example.com", "--from", "Me <me@example.org>", "--subject", "Test {{ id }}"]
    result = run(["render", CHECK, "--limit", "1", *flags], stdin=DATA, env=configured)
    (record,) = result.records

    assert [record["to"][0]["email"], record["from"][0]["email"]] == ["me@example.com", "me@example.org"]
    assert record["subject"].endswith("Test a74e22bb-3313-4dc4-af28-6c2bd1351c0f")


def test_a_missing_sender_is_a_configuration_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nto: a@example.com\n---\n")
    result = run(["render", "t.md"], stdin=b"{}\n")

    assert result.status == 78
    assert "give --from" in result.stderr


@pytest.mark.parametrize(
    ("name", "content", "status", "says"),
    [
        ("missing.md", None, 66, "there is no file"),
        ("bad.md", "---\nto: x@example.com\n", 78, "has no end"),
        ("bad.md", "---\nsing: x\n---\n", 78, "unknown key 'sing'"),
        ("bad.md", "---\nto: a@example.com\n---\n{% if %}", 78, "bad.md, line 4"),
        ("bad.md", "---\nto: a@example.com, b@example.com\n---\n", 78, "bad.md, line 2"),
        ("bad.docx", "---\nto: a@example.com\n---\n", 78, "ending"),
        ("bad.md", "---\nto: a@example.com\nbase: none.html\n---\n", 66, "none.html"),
        ("bad.md", b"caf\xe9", 78, "not UTF-8"),
    ],
)
def test_a_bad_template_ends_the_stage_even_without_data(
    run: Run, tmp_path: Path, name: str, content: str | bytes | None, status: int, says: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    result = run(["render", name, "--from", "me@example.com"], stdin=b"")

    assert result.status == status
    assert says in result.stderr
    assert result.records[-1]["error"]["stage"] == "render"


def test_a_bad_record_fails_alone(run: Run, configured: dict[str, str]) -> None:
    lines = DATA.splitlines(keepends=True)
    result = run(["render", CHECK], stdin=lines[0] + b'{"id": "x"}\n' + lines[1], env=configured)

    assert result.status == 1
    assert ["error" in record for record in result.records] == [False, True, False]
    assert "record 2: check.md, line 6: 'lang' is not in the data" in result.stderr


def test_markdown_too_deep_for_its_reader_is_a_mistake_in_the_template(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deep.md").write_text(
        "---\nto: a@example.com\n---\n" + "\n".join("    " * depth + "- x" for depth in range(300))
    )
    result = run(["render", "deep.md", "--from", "me@example.com"], stdin=b"{}\n")

    assert (result.status, "deep.md: " in result.stderr) == (78, True)


@pytest.mark.parametrize(
    "body",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "[" * 20000,
        "<a " * 20000,
    ],
)
def test_a_message_has_two_seconds_and_its_neighbours_have_their_own(
    run: Run, tmp_path: Path, body: str
) -> None:
    (tmp_path / "t.md").write_text("---\nto: a@example.com\n---\n{% if slow %}" + body + "{% endif %}")
    data = [{"slow": False}, {"slow": True}, {"slow": False}]
    result = run(["render", "t.md", "--from", "me@example.com"], stdin=data, timeout=30)

    assert [record.get("error", {}).get("type") for record in result.records] == [None, "limit:time", None]


def test_help_loads_nothing_heavy() -> None:
    heavy = ("jinja2", "markdown", "bleach", "css_inline", "yaml", "bs4", "email", "ssl")
    code = (
        "import sys; from mailpipe.render.command import command\n"
        "try: command.main(['--help'])\n"
        f"except SystemExit: print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stderr.strip() == "[]"
