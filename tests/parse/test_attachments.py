"""Attachments as the record describes them."""

from hashlib import sha256

import pytest

from mailpipe.mail import mime
from mailpipe.parse import attachments
from mailpipe.parse.attachments import Choice
from mailpipe.parse.found import File


def part(fields: str, body: bytes = b"data") -> File:
    root = mime.read(fields.encode() + b"\n\n" + body).root
    return attachments.file_of(root, root.content()[0])


def test_an_attachment_is_described_as_in_jmap() -> None:
    found = part(
        "Content-Type: text/csv; charset=utf-8\nContent-ID: <1@example.com>\n"
        'Content-Disposition: attachment; filename="a.csv"'
    )

    assert attachments.describe(found) == {
        "partId": "1",
        "blobId": "sha256:" + sha256(b"data").hexdigest(),
        "size": 4,
        "name": "a.csv",
        "type": "text/csv",
        "sniffedType": None,
        "charset": "utf-8",
        "disposition": "attachment",
        "cid": "1@example.com",
        "content": "ZGF0YQ==",
    }


def test_content_is_left_out_or_kept_elsewhere() -> None:
    found = part("Content-Type: image/png")

    left_out = attachments.describe(found, Choice(content=False))
    kept = attachments.describe(found, Choice(keep=lambda digest, data: f"{digest[:4]}/{len(data)}"))

    assert {"content", "path"} & left_out.keys() == set()
    assert (kept["path"], "content" in kept) == (sha256(b"data").hexdigest()[:4] + "/4", False)


def test_an_unsafe_name_is_made_safe_and_kept_as_given() -> None:
    found = part('Content-Disposition: attachment; filename="../../etc/cron.d/x"')

    described = attachments.describe(found, Choice(content=False))

    assert (described["name"], described["namesGiven"]) == ("x", ["../../etc/cron.d/x"])
    assert list(attachments.defects([described])) == ["attachment-name-unsafe"]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ("Content-Type: application/json", "application/json"),
        ("Content-Type: application/vnd.acme+json", "application/vnd.acme+json"),
        ("Content-Type: application/yaml", "application/yaml"),
        ("Content-Type: application/octet-stream; name=a.JSON", "application/json"),
        ("Content-Type: text/plain; name=a.yml", "application/yaml"),
        ("Content-Type: application/pdf; name=a.json", None),
        ("Content-Type: text/plain", None),
        ("Content-Type: text/csv; name=a.csv", None),
    ],
)
def test_data_is_known_by_its_type_or_where_that_says_nothing_by_its_name(
    fields: str, kind: str | None
) -> None:
    found = attachments.data_part(part(fields))

    assert (found.type if found else None) == kind


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("fields", "body", "wanted"),
    [
        ("Content-Type: image/png", PNG, True),
        ("Content-Type: application/octet-stream", PNG, True),
        ("Content-Type: image/png", b"<html><body>", False),
        ("Content-Type: image/x-unheard-of", b"?", True),
        ("Content-Type: application/pdf", b"%PDF-1.4", False),
    ],
)
def test_a_type_is_chosen_by_what_a_file_is_else_by_what_it_is_called(
    fields: str, body: bytes, wanted: bool
) -> None:
    described = attachments.describe(part(fields, body), Choice(types=("image/*",)))

    assert ("content" in described) is wanted
    assert described["size"] == len(body)


def test_two_files_of_one_name_are_told_whatever_the_case() -> None:
    described = [
        attachments.describe(part(f"Content-Type: application/pdf; name={name}", b"%PDF-"))
        for name in ("a.pdf", "A.PDF", "b.pdf")
    ]

    assert list(attachments.defects(described)) == ["attachment-name-repeated"]
