"""Attachments arrive as they were, and no data can attach what is not meant to leave."""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from mailpipe.record import Record
from mailpipe.render.attachments import kind_of
from tests.conftest import Run
from tests.render.conftest import message

One = Callable[..., Record]
Refusal = Callable[..., str]


def test_files_are_attached_with_their_names_types_and_octets(one: One, tmp_path: Path) -> None:
    raw = b"a;b\n1;2\r\n\x00\xff"
    (tmp_path / "Širbág; x.csv").write_bytes(raw)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "plan.pdf").write_bytes(b"%PDF-1.4")
    front = 'to: a@example.net\nattachments: ["{{ file }}", sub/plan.pdf]'
    record = one("x", {"file": "Širbág; x.csv"}, front=front)
    found = list(message(record).iter_attachments())

    assert message(record).get_content_type() == "multipart/mixed"
    assert [(each.get_filename(), each.get_content_type()) for each in found] == [
        ("Širbág; x.csv", "text/csv"),
        ("plan.pdf", "application/pdf"),
    ]
    assert found[0].get_payload(decode=True) == raw
    assert record["attachments"][0] == {
        "name": "Širbág; x.csv",
        "type": "text/csv",
        "size": len(raw),
        "disposition": "attachment",
        "blobId": f"sha256:{sha256(raw).hexdigest()}",
    }


def test_a_list_of_files_or_null_comes_from_data(one: One, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    front = 'to: a@example.net\nattachments: "{{ files }}"'

    assert len(one("x", {"files": ["a.txt", "a.txt"]}, front=front)["attachments"]) == 2
    assert "attachments" not in one("x", {"files": None}, front=front)


@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "/etc/passwd",
        "/proc/self/environ",
        "link.txt",
        "folder",
        "pipe",
        "missing.txt",
        "a\0b",
        "a\nb",
        "sub/../../secret.txt",
    ],
)
@pytest.mark.timeout(20)
def test_what_is_not_a_file_below_the_folder_is_refused(refusal: Refusal, tmp_path: Path, path: str) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "templates"
    (folder / "folder").mkdir(parents=True)
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    os.mkfifo(folder / "pipe")
    found = refusal(
        "x",
        {"file": path},
        front='to: a@example.net\nattachments: "{{ file }}"',
        name="templates/template.md",
    )

    assert found.startswith("bad-attachment: ")


@pytest.mark.parametrize(
    ("name", "raw", "kind"),
    [
        ("a.pdf", b"%PDF", "application/pdf"),
        ("a.pdf", b"MZ\x90", "application/octet-stream"),
        ("a.tar.gz", b"\x1f\x8b", "application/gzip"),
        ("a.unknown", b"", "application/octet-stream"),
        ("a.geojson", b"{}", "application/geo+json"),
        ("a.ics", b"", "text/calendar"),
    ],
)
def test_a_type_is_told_by_the_name_but_no_program_passes_for_a_document(
    name: str, raw: bytes, kind: str
) -> None:
    assert kind_of(name, raw) == kind


def test_flags_attach_from_a_folder_of_their_own(run: Run, tmp_path: Path) -> None:
    (tmp_path / "t.md").write_text("---\nfrom: b@example.com\nto: a@example.net\n---\nx")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.txt").write_text("a")
    flags = ["--attach", "a.txt", "--attach", "{{ f }}", "--attach-root", "out"]
    result = run(["render", "t.md", *flags], stdin=[{"f": "a.txt"}, {"f": "../t.md"}])

    assert [len(record.get("attachments", [])) for record in result.records] == [2, 0]
    assert result.records[1]["error"]["type"] == "bad-attachment"
