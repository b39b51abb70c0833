"""Attachments as the record describes them."""

from hashlib import sha256

import pytest

from mailpipe.mail import mime
from mailpipe.parse import attachments


def part(fields: str, body: bytes = b"data") -> mime.Part:
    return mime.read(fields.encode() + b"\n\n" + body).root


def test_an_attachment_is_described_as_in_jmap() -> None:
    found = part(
        "Content-Type: text/csv; charset=utf-8\nContent-ID: <1@example.com>\n"
        'Content-Disposition: attachment; filename="a.csv"'
    )

    assert attachments.describe(found, b"data", content=True, keep=None) == {
        "partId": "1",
        "blobId": "sha256:" + sha256(b"data").hexdigest(),
        "size": 4,
        "name": "a.csv",
        "type": "text/csv",
        "charset": "utf-8",
        "disposition": "attachment",
        "cid": "1@example.com",
        "content": "ZGF0YQ==",
    }


def test_content_is_left_out_or_kept_elsewhere() -> None:
    found = part("Content-Type: image/png")

    left_out = attachments.describe(found, b"data", content=False, keep=None)
    kept = attachments.describe(
        found, b"data", content=True, keep=lambda digest, data: f"{digest[:4]}/{len(data)}"
    )

    assert {"content", "path"} & left_out.keys() == set()
    assert (kept["path"], "content" in kept) == (sha256(b"data").hexdigest()[:4] + "/4", False)


def test_an_unsafe_name_is_made_safe_and_kept_as_given() -> None:
    found = part('Content-Disposition: attachment; filename="../../etc/cron.d/x"')

    described = attachments.describe(found, b"", content=False, keep=None)

    assert (described["name"], described["namesGiven"]) == ("x", ["../../etc/cron.d/x"])
    assert list(attachments.name_defects(found)) == ["attachment-name-unsafe"]


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
    found = attachments.data_part(part(fields), b"{}")

    assert (found.type if found else None) == kind
