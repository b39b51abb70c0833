"""Messages in, JMAP Email objects out."""

import json
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from typing import Any

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe import jsonl
from mailpipe.mail import limits
from mailpipe.mail.identity import Identity
from mailpipe.parse import core
from mailpipe.parse.core import Options
from tests.parse.messages import ALL, BOUNCE, HTML_ONLY, PLAIN, RICH


def record(raw: bytes, **more: Any) -> dict[str, Any]:
    return {**more, "raw": pybase64.b64encode_as_string(raw)}


def parse(raw: bytes, options: Options = core.DEFAULT, **more: Any) -> dict[str, Any]:
    [parsed] = core.parse([record(raw, **more)], options)
    return parsed


def test_a_plain_message_becomes_its_jmap_properties() -> None:
    parsed = parse(PLAIN)

    wanted = {
        "id": "sha256:" + sha256(PLAIN).hexdigest(),
        "size": len(PLAIN),
        "from": [{"name": "Garage André", "email": "atelier@example.net"}],
        "to": [
            {"name": "Vehicle desk", "email": "mail-api+42@example.com"},
            {"name": None, "email": "b@example.org"},
        ],
        "cc": [],
        "subject": "Ré: contrôle AB-123",
        "sentAt": "2026-11-20T09:12:44+01:00",
        "messageId": ["x1@example.net"],
        "inReplyTo": ["mail-api-1@example.com"],
        "references": ["mail-api-ref-42@example.com", "mail-api-1@example.com"],
        "html": None,
        "attachments": [],
        "hasAttachment": False,
        "data": {"immatriculation": "AB-123", "statut": "fait"},
        "dataSource": "lines",
        "auth": {"verified": None},
        "defects": [],
    }
    assert {name: parsed[name] for name in wanted} == wanted


def test_the_text_is_taken_apart_and_nothing_is_lost() -> None:
    parsed = parse(PLAIN)

    assert parsed["reply"].startswith("Terminé ! Le véhicule est au 12 rue de la Paix.")
    assert parsed["quoted"] == "> Please check vehicle AB-123."
    assert parsed["signature"] == "-- \nAndré"
    assert all(parsed[piece] in parsed["text"] for piece in ("reply", "quoted", "signature"))


def test_a_rich_message_becomes_text_html_data_and_attachments() -> None:
    parsed = parse(RICH)

    assert (parsed["text"], parsed["html"]) == ("plate: AB-123", "<p>plate: <b>AB-123</b></p>")
    assert (parsed["dataSource"], str(parsed["data"]["price"])) == ("json", "1.10")
    assert [(a["partId"], a["type"], a["name"], a["cid"]) for a in parsed["attachments"]] == [
        ("1.2", "application/json", None, None),
        ("1.3.2", "image/png", "logo.png", "logo@example.com"),
        ("2", "application/pdf", "état.pdf", None),
        ("3", "message/rfc822", None, None),
        ("4", "text/plain", "log.txt", None),
    ]
    assert parsed["hasAttachment"] is True


def test_text_of_html_has_its_lines_and_leaves_out_what_is_hidden() -> None:
    parsed = parse(HTML_ONLY)

    assert parsed["text"].strip() == "plate: АВ-1"
    assert parsed["data"] == {"plate": "АВ-1"}


def test_nothing_of_an_attached_message_or_file_becomes_our_own() -> None:
    assert "EVIL" not in json.dumps({k: v for k, v in parse(RICH).items() if k != "attachments"}, default=str)


def test_a_bounce_is_called_one() -> None:
    parsed = parse(BOUNCE)

    assert (parsed["auto"]["class"], parsed["text"]) == ("bounce", "It did not work.")
    assert parsed["deliveryStatus"]["x@example.net"]["status"] == "5.1.1"


def test_a_forwarded_message_is_taken_apart() -> None:
    raw = (
        b"From: a@example.com\nSubject: Fwd: offer\n\nSee below.\n\n---------- Forwarded message ---------\n"
        b"From: Ada <ada@example.net>\nDate: Fri, 20 Nov 2026 09:12\nSubject: offer\n"
        b"To: a@example.com\n\nThe offer.\n"
    )

    parsed = parse(raw)

    assert parsed["reply"] == "See below."
    assert (parsed["forwarded"]["from"], parsed["forwarded"]["text"]) == (
        [{"name": "Ada", "email": "ada@example.net"}],
        "The offer.",
    )


def test_what_fetch_has_said_is_kept() -> None:
    source = {"account": "partners", "uid": 4827}

    parsed = parse(PLAIN, id="sha256:of-fetch", source=source, keywords={"$seen": True}, other=1)

    assert (parsed["id"], parsed["source"], parsed["keywords"], parsed["other"]) == (
        "sha256:of-fetch",
        source,
        {"$seen": True},
        1,
    )
    assert "raw" not in parsed


def test_raw_is_kept_on_request() -> None:
    assert parse(PLAIN, Options(keep_raw=True))["raw"] == record(PLAIN)["raw"]


@pytest.mark.parametrize(
    ("bad", "kind"),
    [
        ({"a": 1}, "no-raw"),
        ({"raw": None}, "no-raw"),
        ({"raw": "?"}, "bad-raw"),
        ({"raw": 5}, "bad-raw"),
        ({"raw": "é"}, "bad-raw"),
    ],
)
def test_a_record_without_a_message_is_a_bad_record(bad: dict[str, Any], kind: str) -> None:
    [failed] = core.parse([bad])

    assert failed["error"]["type"] == kind
    assert {name: failed[name] for name in bad} == bad


def test_the_ref_is_found_with_the_marks_of_the_account_that_was_fetched() -> None:
    asked: list[str | None] = []

    def identity(account: str | None) -> Identity:
        asked.append(account)
        return Identity("mail-api", "example.com")

    parsed = parse(PLAIN, Options(identity=identity), source={"account": "partners"})

    assert parsed["ref"] == {"id": "42", "by": "address", "verified": None}
    assert asked == ["partners"]


def test_a_part_of_a_large_message_is_read_and_the_cut_is_named() -> None:
    parsed = parse(PLAIN + b"x" * 1000, Options(max_size=len(PLAIN)))

    assert parsed["subject"] == "Ré: contrôle AB-123"
    assert parsed["size"] == len(PLAIN) + 1000
    assert "limit:message" in parsed["defects"]


def test_a_long_text_is_cut_and_the_cut_is_named() -> None:
    parsed = parse(b"Subject: x\n\n" + b"x" * (limits.TEXT + 1))

    assert (len(parsed["text"]), parsed["isTruncated"], "limit:text" in parsed["defects"]) == (
        limits.TEXT,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("field", "member", "value", "defect"),
    [
        (
            b"From: a@example.com\nFrom: b@example.com",
            "from",
            [{"name": None, "email": "a@example.com"}],
            "duplicate-header",
        ),
        (b"Subject: a\nSubject: b", "subject", "a", "duplicate-header"),
        (b"Subject: =?utf-8?q?a=0D=0ABcc:_x?=", "subject", "a Bcc: x", "control-in-header"),
        (b"Date: junk", "sentAt", None, "date-invalid"),
        (b"Message-ID: <>", "messageId", [], "from-missing"),
        (b"Reply-To: <>", "replyTo", [], "address-invalid"),
        (
            b"To: a@example.com\nTo: b@example.com",
            "to",
            [{"name": None, "email": "a@example.com"}, {"name": None, "email": "b@example.com"}],
            "duplicate-header",
        ),
    ],
)
def test_a_wrong_field_is_read_in_a_defined_way_and_named(
    field: bytes, member: str, value: Any, defect: str
) -> None:
    parsed = parse(field + b"\n\nbody")

    assert parsed[member] == value
    assert defect in parsed["defects"]


def test_headers_are_listed_in_order_decoded_where_that_cannot_mislead() -> None:
    raw = (
        b"From: =?utf-8?q?=3Cceo=40example.com=3E?= <x@example.net>\n"
        b"X-Note: =?utf-8?q?caf=C3=A9?=\nX-Note: b\n\n"
    )

    assert parse(raw)["headers"] == [
        {"name": "From", "value": "=?utf-8?q?=3Cceo=40example.com=3E?= <x@example.net>"},
        {"name": "X-Note", "value": "café"},
        {"name": "X-Note", "value": "b"},
    ]


def test_the_preview_is_what_a_person_reads_first() -> None:
    assert parse(b"\n" + b"one\n\n two " * 500)["preview"] == ("one two " * 50)[:256]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=["Cs"]), max_size=80)
data = st.dictionaries(
    st.text("abcé", min_size=1, max_size=5), st.integers() | st.booleans() | texts, max_size=4
)


@given(texts, data, st.lists(st.binary(max_size=100), max_size=3))
def test_what_the_standard_library_builds_comes_back(
    text: str, value: dict[str, Any], files: list[bytes]
) -> None:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Zoë <z@example.com>"
    message.set_content(text)
    message.add_alternative(json.dumps(value).encode(), maintype="application", subtype="json")
    for number, octets in enumerate(files):
        message.add_attachment(
            octets, maintype="application", subtype="octet-stream", filename=f"{number}.bin"
        )

    parsed = parse(message.as_bytes())

    assert parsed["from"] == [{"name": "Zoë", "email": "z@example.com"}]
    assert parsed["text"].rstrip("\n") == text.rstrip("\n")
    assert parsed["data"] == value
    assert [pybase64.b64decode(a["content"]) for a in parsed["attachments"][1:]] == files


def cut(raw: bytes, start: int, end: int) -> bytes:
    return raw[:start] + raw[end:]


def doubled(raw: bytes, start: int, end: int) -> bytes:
    return raw[:end] + raw[start:]


def noisy(raw: bytes, start: int, end: int) -> bytes:
    return raw[:start] + bytes((octet * 7 + 13) % 256 for octet in raw[start:end]) + raw[end:]


@given(
    st.sampled_from(ALL),
    st.lists(
        st.tuples(st.sampled_from([cut, doubled, noisy]), st.integers(0, 1500), st.integers(0, 200)),
        max_size=6,
    ),
    st.sampled_from([b"\n", b"\r\n", b"\r", b"\n\r"]),
)
def test_no_damage_makes_a_message_fail(
    raw: bytes, damages: list[tuple[Callable[[bytes, int, int], bytes], int, int]], end: bytes
) -> None:
    for damage, start, length in damages:
        raw = damage(raw, start, start + length)

    parsed = parse(raw.replace(b"\n", end))

    assert "error" not in parsed
    assert json.loads(jsonl.encode(parsed))


@given(st.binary(max_size=300))
def test_no_octets_fail(raw: bytes) -> None:
    assert "error" not in parse(raw)
