"""Which parts a message has, and what type each of them is."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mailpipe.errors import ConfigError
from mailpipe.record import Record
from mailpipe.render.attachments import kind_of, method_of
from tests.render.conftest import Render, message, part, raw

One = Callable[..., Record]

INVITATION = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//EN\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\n"
    b"UID:1@example.com\r\nDTSTART:20261127T090000Z\r\nSUMMARY:Check\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def kinds(record: Record) -> list[str]:
    return [each.get_content_type() for each in message(record).walk()]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("alternative", ["multipart/alternative", "text/plain", "application/json", "text/html"]),
        (
            "attachment",
            ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/json"],
        ),
        ("none", ["multipart/alternative", "text/plain", "text/html"]),
    ],
)
def test_data_go_where_the_author_or_a_flag_puts_them(one: One, where: str, expected: list[str]) -> None:
    by_author = one("x", {"a": 1}, front=f"to: a@example.net\ndata: {{part: {where}}}")
    by_flag = one("x", {"a": 1}, front="to: a@example.net\ndata: json", overrides={"part": [where]})

    assert kinds(by_author) == kinds(by_flag) == expected


def test_markdown_on_request_is_what_the_author_wrote_with_inert_values(one: One) -> None:
    record = one(
        "# Hi **{{ a }}**\n\n- [x](https://example.com/{{ b }})\n- `{{ c }}`\n\nCode:\n\n    {{ d }}\n",
        {"a": "*b* [x](http://e) <b>\nz", "b": "a) [b](c", "c": "a`b", "d": "x\n# y"},
        front="to: a@example.net\nmarkdown: true",
    )

    assert kinds(record)[:3] == ["multipart/alternative", "text/plain", "text/markdown"]
    assert part(record, "text/markdown").get_content().replace("\r\n", "\n") == (
        "# Hi **\\*b\\* \\[x\\]\\(http://e\\) \\<b\\>\\\nz**\n\n"
        "- [x](https://example.com/a%29%20%5Bb%5D%28c)\n- `aˋb`\n\nCode:\n\n    x\n    # y\n"
    )


def test_only_markdown_is_sent_as_markdown(render: Render) -> None:
    with pytest.raises(ConfigError, match="in Markdown"):
        render("x", {}, front="to: a@example.net\nmarkdown: yes", name="t.html")


def test_an_invitation_says_its_method_where_calendars_look(one: One, tmp_path: Path) -> None:
    (tmp_path / "invite.ics").write_bytes(INVITATION)
    record = one("x", {}, front="to: a@example.net\ndata: none\nattachments: invite.ics")
    calendar = part(record, "text/calendar")

    assert kinds(record) == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/calendar",
        "text/html",
        "application/ics",
    ]
    assert (calendar.get_param("method"), calendar.get_content_charset()) == ("REQUEST", "utf-8")
    assert calendar.get_payload(decode=True) == INVITATION
    assert part(record, "application/ics").get_filename() == "invite.ics"


@pytest.mark.parametrize(
    ("raw", "method"),
    [
        (INVITATION, "REQUEST"),
        (INVITATION.replace(b"\r\n", b"\n").replace(b"REQUEST", b"cancel"), "CANCEL"),
        (INVITATION.replace(b"METHOD:REQUEST\r\n", b""), ""),
        (INVITATION.replace(b"REQUEST", b"REQUEST; charset=x"), ""),
        (INVITATION.replace(b"REQUEST", b"EVIL"), ""),
        (
            INVITATION.replace(b"METHOD:REQUEST\r\n", b"").replace(b"SUMMARY:", b"METHOD:REPLY\r\nSUMMARY:"),
            "",
        ),
        (b"", ""),
    ],
)
def test_a_method_is_that_of_the_whole_calendar(raw: bytes, method: str) -> None:
    assert method_of(raw) == method


@pytest.mark.parametrize(
    ("name", "raw", "kind"),
    [
        ("track.geojson", b'{"type": "Point"}', "application/geo+json"),
        ("place.kml", b"<kml/>", "application/vnd.google-earth.kml+xml"),
        ("place.kmz", b"PK\x03\x04", "application/vnd.google-earth.kmz"),
        ("way.gpx", b"<gpx/>", "application/gpx+xml"),
        ("scan", b"%PDF-1.7", "application/pdf"),
        ("scan.bin1", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("photo.png", b"<html>", "application/octet-stream"),
        ("photo.png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("sheet.xlsx", b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ("tool.pdf", b"\x7fELF", "application/octet-stream"),
    ],
)
def test_a_type_is_that_of_name_and_content(name: str, raw: bytes, kind: str) -> None:
    assert kind_of(name, raw) == kind


def test_a_one_click_unsubscription_stays_as_it_is(one: One) -> None:
    url = f"https://example.com/u/{'x' * 120}?a={{{{ id }}}}"
    front = (
        f"to: a@example.net\nheaders:\n  List-Unsubscribe: '<{url}>, <mailto:u@example.com?subject=out>'\n"
        "  List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    )
    head = raw(one("x", {"id": "é" * 0 + "7"}, front=front)).partition(b"\r\n\r\n")[0]

    assert b"List-Unsubscribe: <https://example.com/u/" in head.replace(
        b"List-Unsubscribe:\r\n ", b"List-Unsubscribe: "
    )
    assert b"?a=7>,\r\n <mailto:u@example.com?subject=out>\r\n" in head
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head + b"\r\n"
    assert b"=?" not in head


@pytest.mark.parametrize(
    "value", ["https://example.com/u", "<a b>", "<a>, b", "<https://example.com/{{ id }}>"]
)
def test_what_is_not_a_list_of_urls_is_refused(refusal: Callable[..., str], value: str) -> None:
    front = f"to: a@example.net\nheaders:\n  List-Unsubscribe: '{value}'"

    assert refusal("x", {"id": "a> <b"}, front=front).startswith("bad-header: ")


def test_a_header_is_there_once(render: Render, one: One) -> None:
    with pytest.raises(ConfigError, match="twice"):
        render("x", {}, front="to: a@example.net\nheaders: {X-A: b, x-a: c}")
    front = "to: a@example.net\nref: '7'\nheaders: {References: <a@example.com>, In-Reply-To: b@example.com}"
    record = one("x", {}, front=front)

    assert len(message(record).get_all("References", [])) == 1
    assert record["references"][1:] == ["a@example.com"]
    assert record["inReplyTo"] == ["b@example.com"]


def test_a_key_for_the_ledger_is_filled_like_every_value(one: One) -> None:
    front = "to: a@example.net\nidempotencyKey: 'check {{ id }}'"

    assert one("x", {"id": 7}, front=front)["idempotencyKey"] == "check 7"
    assert "idempotencyKey" not in one("x", {})
