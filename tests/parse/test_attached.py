"""What is attached, packed into something, cut into pieces, or elsewhere."""

import base64
import binascii
import json
from typing import Any

import pybase64
import pytest

from mailpipe.mail import limits
from mailpipe.parse import core
from mailpipe.parse.attachments import Choice
from mailpipe.parse.core import Options
from tests.mail import tnefs

NESTED = Options(nested=True)


def parse(raw: bytes, options: Options = core.DEFAULT) -> dict[str, Any]:
    [parsed] = core.parse([{"raw": pybase64.b64encode_as_string(raw)}], options)
    return parsed


def mixed(*parts: bytes, fields: bytes = b"") -> bytes:
    inner = b"".join(b"--b\n%b\n" % part for part in parts)
    return b"From: a@example.com\n%bContent-Type: multipart/mixed; boundary=b\n\n%b--b--\n" % (fields, inner)


INNER = b'From: inner@example.com\nSubject: inner\nContent-Type: application/json\n\n{"plate": "EVIL"}'


def wrapped(times: int) -> bytes:
    raw = b"Subject: 0\n\nthe innermost"
    for number in range(1, times + 1):
        raw = b"Subject: %d\nContent-Type: message/rfc822\n\n%b" % (number, raw)
    return raw


def test_an_attached_message_is_read_on_request_and_never_leaks() -> None:
    raw = mixed(b"\nhello", b"Content-Type: message/rfc822\n\n" + INNER)

    parsed = parse(raw, NESTED)
    [attachment] = parsed["attachments"]

    assert (parsed["text"], parsed["data"], parsed["subject"]) == ("hello", None, None)
    assert attachment["nested"]["subject"] == "inner"
    assert attachment["nested"]["data"] == {"plate": "EVIL"}
    assert {"ref", "auth"} & attachment["nested"].keys() == set()
    assert "EVIL" not in json.dumps({**parsed, "attachments": []}, default=str)
    assert "nested" not in parse(raw)["attachments"][0]


def test_a_nested_record_replaces_the_content_and_holds_the_octets_on_request() -> None:
    raw = mixed(b"Content-Type: message/rfc822\n\n" + INNER)

    [attachment] = parse(raw, NESTED)["attachments"]
    [kept] = parse(raw, Options(nested=True, keep_raw=True))["attachments"]

    assert "content" not in attachment
    assert base64.b64decode(kept["nested"]["raw"]) == INNER


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64",
        b"Content-Type: message/global\nContent-Transfer-Encoding: base64",
        b"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: base64",
        b'Content-Type: application/octet-stream; name="x.EML"\nContent-Transfer-Encoding: base64',
    ],
)
def test_a_message_is_known_by_its_type_or_its_name(fields: bytes) -> None:
    raw = mixed(b"\nhello", fields + b"\n\n" + base64.encodebytes(INNER))

    assert parse(raw, NESTED)["attachments"][0]["nested"]["subject"] == "inner"


def test_messages_in_messages_are_read_up_to_a_depth() -> None:
    record = parse(wrapped(limits.NESTED + 5), NESTED)
    subjects = []
    while record["attachments"] and "nested" in record["attachments"][0]:
        record = record["attachments"][0]["nested"]
        subjects.append(record["subject"])

    assert len(subjects) == limits.NESTED
    assert "limit:nested" in record["defects"]
    assert record["attachments"][0]["type"] == "message/rfc822"


def test_a_thousand_messages_in_one_another_are_one_record() -> None:
    assert parse(wrapped(1500), NESTED)["subject"] == "1500"


def uuencoded(data: bytes) -> bytes:
    return b"begin 644 plan.pdf\n" + binascii.b2a_uu(data) + b"`\nend\n"


def test_a_file_in_the_text_becomes_an_attachment_and_leaves_the_text() -> None:
    parsed = parse(b"Subject: x\n\nSee this:\n" + uuencoded(b"%PDF-1.4") + b"Bye\n")
    [attachment] = parsed["attachments"]

    assert (parsed["text"], parsed["hasAttachment"]) == ("See this:\nBye\n", True)
    assert (attachment["name"], attachment["type"], attachment["packedIn"]) == (
        "plan.pdf",
        "application/pdf",
        "1",
    )
    assert base64.b64decode(attachment["content"]) == b"%PDF-1.4"
    assert "uuencode-in-text" in parsed["defects"]


def test_a_json_file_in_a_winmail_dat_is_data_like_any_other() -> None:
    winmail = tnefs.stream(tnefs.file("data.json", b'{"plate": "AB-123"}'), tnefs.file("a.pdf", b"%PDF-1"))
    raw = mixed(
        b"\nhello",
        b"Content-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(winmail),
    )

    parsed = parse(raw)

    assert [(a["partId"], a["name"], a.get("packedIn")) for a in parsed["attachments"]] == [
        ("2", "winmail.dat", None),
        (None, "data.json", "2"),
        (None, "a.pdf", "2"),
    ]
    assert (parsed["data"], parsed["text"]) == ({"plate": "AB-123"}, "hello")


def test_a_body_that_is_only_in_a_winmail_dat_is_the_text() -> None:
    winmail = tnefs.stream(tnefs.body("plate: AB-123\r\nstatus: done"))
    raw = (
        b"From: a@example.com\nContent-Type: application/ms-tnef\nContent-Transfer-Encoding: base64\n\n"
        + base64.encodebytes(winmail)
    )

    parsed = parse(raw)

    assert parsed["text"] == "plate: AB-123\nstatus: done"
    assert parsed["data"] == {"plate": "AB-123", "status": "done"}
    assert "text-from-tnef" in parsed["defects"]


def test_a_piece_of_a_message_is_told() -> None:
    [attachment] = parse(
        b'Content-Type: message/partial; id="x@example.com"; number=2; total=3\n\nSubject: x\n\npiece'
    )["attachments"]

    assert attachment["partial"] == {"id": "x@example.com", "number": 2, "total": 3}


def test_content_elsewhere_is_described_and_not_fetched() -> None:
    raw = mixed(
        b"Content-Type: message/external-body; access-type=URL;\n"
        b'\tURL="http://127.0.0.1:9/a\n\tb.pdf"; size=5\n'
        b"\n"
        b"Content-Type: application/pdf\n\n"
    )

    parsed = parse(raw)

    assert parsed["attachments"][0]["external"] == {
        "access-type": "URL",
        "url": "http://127.0.0.1:9/ab.pdf",
        "size": "5",
        "type": "application/pdf",
    }
    assert "external-body" in parsed["defects"]


def test_archives_are_not_opened() -> None:
    bomb = b"PK\3\4" + bytes(1000)
    raw = mixed(
        b"Content-Type: application/zip\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(bomb)
    )

    [attachment] = parse(raw)["attachments"]

    assert (attachment["size"], attachment["sniffedType"]) == (len(bomb), "application/zip")


def test_labels_that_lie_are_told() -> None:
    raw = mixed(b"\nhi", b"Content-Type: image/png; name=logo.png\n\n<html><script>alert(1)</script>")

    parsed = parse(raw)

    assert parsed["attachments"][0]["sniffedType"] == "text/html"
    assert "attachment-type-differs" in parsed["defects"]


def test_content_of_other_types_is_left_out() -> None:
    raw = mixed(
        b"Content-Type: application/pdf\n\n%PDF-1", b"Content-Type: text/csv; name=a.csv\n\na,b", b"\ntext"
    )

    parsed = parse(raw, Options(files=Choice(types=("application/pdf",))))

    assert ["content" in attachment for attachment in parsed["attachments"]] == [True, False]
    assert parsed["attachments"][1]["size"] == 3


def test_the_number_of_nested_messages_is_limited() -> None:
    parsed = parse(mixed(*[b"Content-Type: message/rfc822\n\nSubject: x\n\ny"] * 300), NESTED)

    nested = ["nested" in attachment for attachment in parsed["attachments"]]
    assert nested == [True] * limits.NESTED_COUNT + [False] * (300 - limits.NESTED_COUNT)
    assert "limit:nested" in parsed["defects"]
