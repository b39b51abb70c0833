"""Messages as numbered files, never over what is there."""

import base64
import stat
from pathlib import Path

from tests.conftest import Run

TEMPLATE = "---\nfrom: b@example.com\nto: a@example.net\n---\n{{ a }}"


def test_each_message_is_a_file_with_the_number_of_its_record(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text(TEMPLATE)
    result = run(["render", "t.md", "--output-dir", "out"], stdin=[{"a": 1}, {}, {"a": 3}])
    files = sorted((tmp_path / "out").iterdir())

    assert result.status == 1
    assert [record.get("path") for record in result.records] == ["out/000001.eml", None, "out/000003.eml"]
    assert [path.read_bytes() for path in files] == [
        base64.b64decode(record["raw"]) for record in result.records if "raw" in record
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_nothing_is_written_over(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text(TEMPLATE)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "000002.eml").symlink_to(tmp_path / "t.md")
    result = run(["render", "t.md", "--output-dir", "out"], stdin=[{"a": 1}, {"a": 2}, {"a": 3}])

    assert result.status == 73
    assert "000002.eml is there already; give an empty folder" in result.stderr
    assert (tmp_path / "t.md").read_text() == TEMPLATE
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["000001.eml", "000002.eml"]


def test_a_folder_that_cannot_be_made_ends_the_stage(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text(TEMPLATE)

    assert run(["render", "t.md", "--output-dir", "none/out"], stdin=[{"a": 1}]).status == 73
