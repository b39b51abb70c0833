"""One copy for each recipient: the same header, another pixel, and nothing without being asked."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from mailpipe.mail import compose, pixel
from mailpipe.record import Record
from mailpipe.render.tracking import Copier, Wanted
from tests.conftest import Run
from tests.render.conftest import message, part, raw

FRONT = """\
from: desk@example.com
to: [a@example.net, b@example.net]
cc: c@example.org
bcc: d@example.org
subject: "Check {{ id }}"
"""
BODY = "Please check **{{ id }}** at the café.\n"
URL = "https://t.example.com"


@pytest.fixture
def tracked(run: Run, tmp_path: Path) -> Any:
    """Render with some front matter and options; the records."""

    def call(
        *args: str, front: str = "", data: Any = None, env: dict[str, str] | None = None
    ) -> list[Record]:
        (tmp_path / "check.md").write_text(f"---\n{FRONT}{front}---\n{BODY}", encoding="utf-8")
        return run(["render", "check.md", *args], stdin=data or [{"id": "a7"}], env=env).records

    return call


def header(record: Record) -> bytes:
    return raw(record).partition(b"\r\n\r\n")[0]


def pixels(record: Record) -> list[str]:
    return pixel.tokens_in(part(record, "text/html").get_content())


def test_nothing_is_tracked_unless_it_is_asked_for(tracked: Any) -> None:
    [record] = tracked()

    assert (len(record["envelope"]["rcptTo"]), "track" in record) == (4, False)
    assert not pixels(record)


def test_each_recipient_gets_a_copy_with_the_same_header_and_a_pixel_of_its_own(tracked: Any) -> None:
    records = tracked("--track", URL)

    recipients = [[one["email"] for one in record["envelope"]["rcptTo"]] for record in records]
    assert recipients == [["a@example.net"], ["b@example.net"], ["c@example.org"], ["d@example.org"]]
    assert len({header(record) for record in records}) == 1
    assert len({token for record in records for token in pixels(record)}) == 4
    assert [record["track"]["recipient"] for record in records] == [one for [one] in recipients]
    for record in records:
        [token] = pixels(record)
        assert record["track"]["pixel"] == f"{URL}/o/{token}.gif"
        others = [one["track"]["pixel"] for one in records if one is not record]
        assert not any(other.encode() in raw(record) for other in others)


def test_a_copy_without_its_pixel_is_the_message_that_is_not_tracked(tracked: Any) -> None:
    [plain] = tracked()
    for copy in tracked("--track", URL):
        html = part(copy, "text/html").get_content()

        assert pixel.without_pixel(html) == part(plain, "text/html").get_content()
        assert copy["html"] == plain["html"]
        assert [p.get_content_type() for p in message(copy).walk()] == [
            p.get_content_type() for p in message(plain).walk()
        ]
        assert copy["size"] == len(raw(copy))


def test_the_token_tells_nothing_and_is_signed_with_the_key_of_the_configuration(
    tracked: Any, tmp_path: Path
) -> None:
    secret = tmp_path / "track.key"
    secret.write_text("new key\nold key\n")
    secret.chmod(0o600)
    (tmp_path / "config.yaml").write_text("track: {key: {file: track.key}}\n")

    record = tracked("--track", URL, env={"MAILPIPE_CONFIG": str(tmp_path / "config.yaml")})[0]

    [token] = pixels(record)
    assert pixel.read(token, [b"new key"]) == record["track"]["id"]
    assert pixel.read(token, [b"old key"]) is None
    assert not re.search(rb"a@example|a7|mailpipe-", base64.urlsafe_b64decode(token))


def test_the_key_is_made_once_for_its_owner_alone(tracked: Any, home_env: dict[str, str]) -> None:
    first, second = tracked("--track", URL)[0], tracked("--track", URL)[0]

    path = Path(home_env["XDG_STATE_HOME"]) / "mailpipe" / "track.key"
    assert path.stat().st_mode & 0o777 == 0o600
    key = path.read_text().strip().encode()
    assert [pixel.read(pixels(one)[0], [key]) for one in (first, second)] == [
        first["track"]["id"],
        second["track"]["id"],
    ]


def test_the_front_matter_can_ask_and_the_data_can_decline(tracked: Any) -> None:
    front = 'track: "{{ where }}"\n'

    records = tracked(
        front=front, data=[{"id": 1, "where": URL}, {"id": 2, "where": ""}, {"id": 3, "where": None}]
    )

    assert [len(record["envelope"]["rcptTo"]) for record in records] == [1, 1, 1, 1, 4, 4]


def test_those_who_have_not_agreed_get_a_copy_without_picture(tracked: Any) -> None:
    records = tracked(
        "--track", URL, front="track: {except: '{{ out }}'}\n", data=[{"id": 1, "out": ["B@example.net"]}]
    )

    assert [len(pixels(record)) for record in records] == [1, 0, 1, 1]
    assert ["track" in record for record in records] == [True, False, True, True]


def test_only_the_way_to_unsubscribe_differs_where_it_is_wanted(tracked: Any) -> None:
    records = tracked(front=f"track: {{url: '{URL}', unsubscribe: true}}\n")

    ways = [message(record)["List-Unsubscribe"] for record in records]
    assert ways == [f"<{record['track']['unsubscribe']}>" for record in records]
    assert len(set(ways)) == 4
    assert message(records[0])["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    rest = {re.sub(rb"List-Unsubscribe: <[^>]*>", b"", header(record)) for record in records}
    assert len(rest) == 1


@pytest.mark.parametrize(
    ("front", "told"),
    [
        ("track: t.example.com\n", "not the URL of a pixel server"),
        ("track: {uri: x}\n", "unknown key 'uri' in track"),
        ("track: {url: 'https://t.example.com', unsubscribe: maybe}\n", "unsubscribe is 'maybe'"),
    ],
)
def test_a_wrong_value_is_told_before_anything_is_rendered(tracked: Any, front: str, told: str) -> None:
    [record] = tracked(front=front)

    assert record["error"]["type"] == "config"
    assert told in record["error"]["detail"]


def test_a_wrong_url_in_the_data_is_that_records_error(tracked: Any) -> None:
    data = [{"id": 1, "where": "javascript:alert(1)"}, {"id": 2, "where": URL}]

    records = tracked(front='track: "{{ where }}"\n', data=data)

    assert [record.get("error", {}).get("type") for record in records] == ["bad-url", *[None] * 4]
    assert {"id": 1, "where": "javascript:alert(1)"}.items() <= records[0].items()


def test_the_same_input_makes_the_same_octets_where_time_stands_still(tracked: Any, tmp_path: Path) -> None:
    env = {"SOURCE_DATE_EPOCH": "1700000000"}

    assert tracked("--track", URL, env=env) == tracked("--track", URL, env=env)


def test_a_bcc_is_nowhere_in_the_message(tracked: Any) -> None:
    assert not any(b"d@example.org" in raw(record) for record in tracked("--track", URL))


def signed(record: Record, kind: str) -> Record:
    inner = raw(record)
    block = f"From: a@example.com\r\nContent-Type: {kind}; boundary=s\r\n\r\n--s\r\n".encode()
    return {**record, "raw": base64.b64encode(block + inner + b"\r\n--s--\r\n").decode()}


@pytest.mark.parametrize("kind", ["multipart/signed", "MULTIPART/Encrypted", "application/pkcs7-mime"])
def test_a_signature_is_not_broken(tracked: Any, kind: str) -> None:
    [plain] = tracked()
    copier = Copier(lambda _given: Wanted(URL, frozenset(), False), lambda: b"key", lambda _named: "0" * 32)

    [record] = copier.copies([{"id": 1}], lambda _given: signed(plain, kind), lambda _html: b"")

    assert record == {"id": 1, "error": record["error"]}
    assert record["error"]["type"] == "not-trackable"


def test_what_cannot_be_rendered_flows_on_once(tracked: Any) -> None:
    records = tracked("--track", URL, data=[{}, {"id": 2}])

    assert [record.get("error", {}).get("type") for record in records] == ["undefined", *[None] * 4]


def test_a_copy_costs_no_markdown(tracked: Any) -> None:
    """The skeleton is made once; each copy only writes its HTML part."""
    count = 0

    def step(_given: Record) -> Record:
        nonlocal count
        count += 1
        page = "<p>x</p>"
        octets = b"A: b\r\n\r\n" + compose.text_part("text/html", page)
        recipients = [{"email": f"{n}@example.net"} for n in range(50)]
        return {
            "html": page,
            "messageId": ["m@example.com"],
            "raw": base64.b64encode(octets).decode(),
            "envelope": {"mailFrom": {"email": "a@example.com"}, "rcptTo": recipients},
        }

    uniques = iter(range(50))
    copier = Copier(
        lambda _given: Wanted(URL, frozenset(), False), lambda: b"key", lambda _named: f"{next(uniques):032x}"
    )

    assert len(list(copier.copies([{}], step, lambda _html: b""))) == 50
    assert count == 1
