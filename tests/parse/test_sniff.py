"""Files by their first octets."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.parse import sniff


def zipped(*names: str, mimetype: str = "") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, "x")
    return out.getvalue()


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PROGRAM = "application/vnd.microsoft.portable-executable"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", "application/pdf"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\x1f\x8b\x08", "application/gzip"),
        (b"\x7fELF\2\1\1", "application/x-executable"),
        (b"MZ\x90\0\3\0", PROGRAM),
        (b"MZ is a country code", None),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
        (b"<!DOCTYPE html><p>", "text/html"),
        (b"\xef\xbb\xbf \n<html>", "text/html"),
        (b"<!-- a --><script>alert(1)</script>", "text/html"),
        (b"<?xml version='1.0'?><svg xmlns=''>", "image/svg+xml"),
        (b"<svg onload=alert(1)>", "image/svg+xml"),
        (b"<?xml version='1.0'?><kml>", "application/xml"),
        (b"BEGIN:VCALENDAR\r\n", "text/calendar"),
        (b"#!/bin/sh\n", "text/x-script"),
        (bytes(257) + b"ustar\0" + bytes(200), "application/x-tar"),
        (zipped("a.txt"), "application/zip"),
        (zipped("[Content_Types].xml", "word/document.xml"), WORD),
        (zipped("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), SHEET),
        (
            zipped("content.xml", mimetype="application/vnd.oasis.opendocument.text"),
            "application/vnd.oasis.opendocument.text",
        ),
        (b"plate: AB-123", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_its_first_octets(data: bytes, kind: str | None) -> None:
    assert sniff.sniff(data) == kind


@pytest.mark.parametrize(
    ("declared", "sniffed", "name", "differs"),
    [
        ("image/png", "text/html", "logo.png", True),
        ("image/png", "image/svg+xml", "logo.png", True),
        ("image/png", "image/jpeg", "logo.png", False),
        ("image/svg+xml", "image/svg+xml", "logo.svg", False),
        ("application/pdf", PROGRAM, "report.pdf", True),
        ("application/pdf", "application/pdf", "report.pdf.exe", True),
        ("application/pdf", None, "report.pdf", False),
        ("application/octet-stream", PROGRAM, "setup.exe", False),
        ("application/x-msdownload", PROGRAM, "setup.exe", True),
        ("text/plain", "text/calendar", "a.ics", False),
        ("text/csv", "application/zip", "a.csv", True),
        ("video/mp4", "audio/mp4", "a.mp4", False),
        (WORD, "application/zip", "a.docx", False),
    ],
)
def test_a_label_that_hides_what_a_file_is_is_told(
    declared: str, sniffed: str | None, name: str, differs: bool
) -> None:
    assert sniff.differs(declared, sniffed, name) is differs


@given(st.binary(max_size=500), st.sampled_from([b"", b"PK\3\4", b"RIFF", b"<", b"MZ", b"\0\0\0\0ftyp"]))
def test_no_octets_fail(data: bytes, start: bytes) -> None:
    sniff.sniff(start + data)
