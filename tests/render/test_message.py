"""The message around the content: recipients, header fields, parts, identity, envelope."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mailpipe.errors import ConfigError
from mailpipe.exact import loads
from mailpipe.mail.identity import Found, Identity
from mailpipe.record import Record
from mailpipe.render.message import Sender
from tests.render.conftest import Render, message, part, raw

One = Callable[..., Record]
Refusal = Callable[..., str]

LOGO = Path(__file__).parents[2] / "examples" / "vehicle-check" / "logo.png"
UUID = "a74e22bb-3313-4dc4-af28-6c2bd1351c0f"


def head(record: Record) -> str:
    return raw(record).partition(b"\r\n\r\n")[0].decode()


@pytest.mark.parametrize(
    "value",
    [
        "victim@example.org, evil@example.org",
        "victim@example.org; evil@example.org",
        "victim@example.org evil@example.org",
        "victim@example.org\nBcc: evil@example.org",
        "victim@example.org>\r\nRCPT TO:<evil@example.org",
        "=?utf-8?q?a=0D=0ABcc=3A_evil=40example.org?= <victim@example.org>",
        '"x" <a@example.org>, evil@example.org',
        "alice@example.org)bob@example.net",
        "team: a@example.org, b@example.org;",
        "a@exa\u200bmple.com",
        12,
        {"mail": "a@example.org"},
        ["a@example.org, b@example.org"],
    ],
)
def test_a_value_is_at_most_the_one_recipient_it_names(refusal: Refusal, value: Any) -> None:
    assert refusal("x", {"to": value}, front='to: "{{ to }}"').startswith("bad-address: to: ")


@pytest.mark.parametrize(
    "name", ["Widgets, Inc.", "Evil <e@example.org>", "=?x", 'a" <e@example.org>, "b', "Zoë; Ł"]
)
def test_a_name_from_data_stays_a_name_whatever_it_has(one: One, name: str) -> None:
    front = 'to: "{{ name }} <{{ mail }}>"'
    record = one("x", {"name": name, "mail": "w@example.net"}, front=front)

    assert record["to"] == [{"name": name, "email": "w@example.net"}]
    assert [(each.display_name, each.addr_spec) for each in message(record)["To"].addresses] == [
        (name, "w@example.net")
    ]


def test_an_address_in_the_place_of_an_address_is_exactly_one(refusal: Refusal) -> None:
    front = 'to: "{{ name }} <{{ mail }}>"'

    assert refusal("x", {"name": "a", "mail": "a@b.com>, <e@x.com"}, front=front).startswith("bad-address")


def test_a_list_stays_a_list_and_null_is_nobody(one: One) -> None:
    people = [{"name": "A, B", "email": "a@example.net"}, "C <c@example.net>", "A@example.net"]
    record = one(
        "x", {"to": people, "cc": None}, front='to: "{{ to }}"\ncc: "{{ cc }}"\nbcc: [d@example.net]'
    )

    assert record["to"] == [
        {"name": "A, B", "email": "a@example.net"},
        {"name": "C", "email": "c@example.net"},
    ]
    assert "cc" not in record
    assert [each["email"] for each in record["envelope"]["rcptTo"]] == [
        "a@example.net",
        "c@example.net",
        "d@example.net",
    ]


def test_a_blind_copy_is_in_the_envelope_and_never_in_the_message(one: One) -> None:
    record = one("x", {}, front="to: a@example.net\nbcc: secret@example.org")

    assert {"email": "secret@example.org"} in record["envelope"]["rcptTo"]
    assert b"secret@example.org" not in raw(record)


def test_a_message_needs_a_recipient(refusal: Refusal) -> None:
    assert refusal("x", {"to": []}, front='to: "{{ to }}"').startswith("no-recipient: ")


def test_a_missing_sender_says_what_to_configure(render: Render) -> None:
    with pytest.raises(ConfigError, match="set from in the account"):
        render("x", {}, sender=Sender())


@pytest.mark.parametrize(
    "value", ["a\r\nBcc: e@example.org", "a\nb", "a\x0bb", "a\x85b", "a\u2028b", "a\rb", "\x00"]
)
@pytest.mark.parametrize(
    "front", ['subject: "{{ it }}"', 'headers: {X-Order: "{{ it }}"}', 'lang: "{{ it }}"']
)
def test_a_line_end_in_data_never_makes_a_header(refusal: Refusal, front: str, value: str) -> None:
    assert refusal("x", {"it": value}, front=f"to: a@example.net\n{front}").startswith("bad-header: ")


def test_an_encoded_line_end_in_data_is_refused(refusal: Refusal) -> None:
    value = "=?utf-8?q?a=0D=0ABcc=3A_e=40example.org?="

    assert refusal("x", {"it": value}, front='to: a@example.net\nsubject: "{{ it }}"').startswith(
        "bad-header: "
    )


@pytest.mark.parametrize(
    "front",
    [
        'headers: {"X-A: 1\\r\\nBcc": x}',
        "headers: {Bcc: x@example.org}",
        "headers: {bcc: x@example.org}",
        "headers: {Subject: x}",
        "headers: {Content-Type: x}",
        "headers: {Resent-Bcc: x}",
        "headers: {X Y: x}",
        "headers: {Größe: x}",
        "headers: [a]",
        "sing: yes",
        "tO: a@example.net",
        "subject: a\nsubject: b",
        "subject: [a, b]",
        "to: {{ a }}",
        "to: {a: b}",
        "subject: '{{ a'",
        "subject: a: b",
        "data: xml",
        "data: {form: json}",
        "base: '{{ a }}'",
    ],
)
def test_a_mistake_in_the_front_matter_names_the_file(render: Render, front: str) -> None:
    with pytest.raises(ConfigError, match=r"template\.md"):
        render("x", {}, front=front)


def test_an_unknown_key_says_which_one_may_be_meant(render: Render) -> None:
    with pytest.raises(ConfigError, match=r"unknown key 'reply-to'.*did you mean 'replyTo'"):
        render("x", {}, front="to: a@example.net\nreply-to: b@example.net")


def test_own_headers_are_added_and_identifiers_are_never_encoded(one: One) -> None:
    url = "https://example.com/" + "u" * 100
    ids = [f"<{letter * 70}@example.com>" for letter in "abc"]
    front = (
        f'to: a@example.net\nheaders:\n  List-Unsubscribe: "<{url}>, <mailto:u@example.com>"\n'
        f'  References: "{" ".join(ids)}"\n  In-Reply-To: "{ids[0]}"\n  X-Größe: ""\n'
    ).replace("X-Größe", "X-Empty")
    unfolded = head(one("x", {}, front=front)).replace("\r\n ", " ")

    assert f"List-Unsubscribe: <{url}>, <mailto:u@example.com>\r\n" in unfolded
    assert f"References: {' '.join(ids)}\r\n" in unfolded
    assert f"In-Reply-To: {ids[0]}\r\n" in unfolded
    assert "X-Empty" not in unfolded


def test_a_ref_is_in_reply_to_in_the_subject_and_in_references(one: One) -> None:
    record = one("x", {"id": UUID}, front='to: a@example.net\nsubject: Check\nref: "{{ id }}"')
    identity = Identity("mail-api", "example.com", (b"key",))

    assert record["ref"] == {"id": UUID}
    assert record["subject"] == "[a74e22bb] Check"
    assert record["replyTo"][0]["name"] == "Vehicle desk"
    assert identity.find_address(record["replyTo"][0]["email"]) == Found(UUID, True)
    assert identity.find_anchor(record["references"][0]) == Found(UUID, True)
    assert message(record)["References"] == f"<{record['references'][0]}>"
    assert re.fullmatch(r"mail-api-[0-9a-f-]{36}@example\.com", record["messageId"][0])


def test_an_own_reply_to_is_left_alone_and_a_ref_may_be_a_number_or_null(one: One, render: Render) -> None:
    front = 'to: a@example.net\nreplyTo: desk@example.com\nref: "{{ id }}"'

    assert one("x", {"id": 1234}, front=front)["replyTo"] == [{"name": None, "email": "desk@example.com"}]
    assert "ref" not in one("x", {"id": None}, front=front)
    assert render("x", {"id": {}}, front=front)[0]["error"]["type"] == "bad-ref"


def test_the_parts_are_text_then_data_then_html_with_its_pictures(one: One, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(LOGO.read_bytes())
    record = one("![Us](logo.png)", {"é": loads(b"1.10")})
    kinds = [each.get_content_type() for each in message(record).walk()]
    data = part(record, "application/json")

    assert kinds == [
        "multipart/alternative",
        "text/plain",
        "application/json",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    assert data.get_param("charset") is None
    assert data.get_filename() == "data.json"
    assert loads(data.get_content()) == {"é": loads(b"1.10")}
    assert f'src="cid:{part(record, "image/png")["Content-ID"].strip("<>")}"' in record["html"]


@pytest.mark.parametrize(
    ("option", "kind", "content"),
    [
        ("data: yaml", "application/yaml", b'a: 1.10\nb: "NO"\nc: plain words\nd: "0123"\n'),
        ("data: {fields: [d, nothing]}", "application/json", b'{\n  "d": "0123"\n}\n'),
    ],
)
def test_data_may_be_yaml_or_a_few_members(one: One, option: str, kind: str, content: bytes) -> None:
    data = loads(b'{"a": 1.10, "b": "NO", "c": "plain words", "d": "0123"}')
    record = one("x", data, front=f"to: a@example.net\n{option}")

    assert part(record, kind).get_content().replace(b"\r\n", b"\n") == content


def test_data_may_stay_at_home(one: One) -> None:
    record = one("x", {"a": "secret"}, front="to: a@example.net\ndata: none")

    assert [each.get_content_type() for each in message(record).walk()][1:] == ["text/plain", "text/html"]
    assert record["data"] == {"a": "secret"}


@pytest.mark.parametrize(
    "path", ["../outside.png", "/etc/hostname", "missing.png", "link.png", "text.png", "a\0b.png"]
)
def test_a_picture_comes_from_the_templates_folder_or_not_at_all(
    render: Render, tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside.png").write_bytes(LOGO.read_bytes())
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link.png").symlink_to(tmp_path / "outside.png")
    (folder / "text.png").write_text("not a picture")
    (folder / "base.html").write_text(f'{{{{ content }}}}<img src="{path}">')

    with pytest.raises(ConfigError, match="picture"):
        render("x", {}, front="to: a@example.net\nbase: base.html", name="folder/template.md")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/a b?c=d&e=é", "https://example.com/a%20b?c=d&amp;e=%C3%A9"),
        ("HTTP://EXAMPLE.com", "HTTP://EXAMPLE.com"),
        ("mailto:a@example.com", "mailto:a@example.com"),
        ("https://exämple.com/", "https://xn--exmple-cua.com/"),
    ],
)
def test_a_link_from_data_is_a_link_if_its_scheme_is_allowed(one: One, url: str, expected: str) -> None:
    assert f'href="{expected}"' in one("[x]({{ url }})", {"url": url})["html"]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "javascript:123",
        "vbscript:x",
        "data:text/html;base64,PHNjcmlwdD4=",
        "//evil.example.org",
        "/path",
        "evil.example.org",
        "https:evil",
        "https://",
        "https://user@evil.example.org",
        "https:\\\\evil.example.org",
        "cid",
        "",
    ],
)
def test_a_link_from_data_with_another_scheme_is_refused(refusal: Refusal, url: str) -> None:
    assert refusal("[x]({{ url }})", {"url": url}).startswith("bad-url: ")


def test_a_value_inside_a_link_cannot_leave_its_place(one: One) -> None:
    record = one("[x](https://example.com/v/{{ id }}?q={{ id }}#f)", {"id": "../a?b=c&d#e f\"'<>é"})
    expected = "https://example.com/v/../a%3Fb%3Dc%26d%23e%20f%22%27%3C%3E%C3%A9?q=..%2Fa%3Fb%3Dc%26d%23e%20f%22%27%3C%3E%C3%A9#f"

    assert f'href="{expected.replace("&", "&amp;")}"' in record["html"]
    assert record["text"] == f"x <{expected}>\n"


def test_a_host_from_data_is_only_a_host(one: One, refusal: Refusal) -> None:
    body = "[x](https://{{ host }}/a)"

    assert 'href="https://example.com/a"' in one(body, {"host": "example.com"})["html"]
    assert refusal(body, {"host": "user@evil.example.org"}).startswith("bad-url: ")
    assert refusal(body, {"host": "evil.example.org/b?"}).startswith("bad-url: ")


@pytest.mark.parametrize("body", ["[x](//example.com)", "[x](page.html)", "![x](//example.com/a.png)"])
def test_a_link_of_the_author_without_a_scheme_is_his_mistake(render: Render, body: str) -> None:
    with pytest.raises(ConfigError, match="no scheme"):
        render(body, {})


def test_html_of_the_author_passes_the_allow_list_only(one: One) -> None:
    body = (
        '<b onclick="x">b</b><script>alert(1)</script><p style="position:fixed" class="c">p</p>'
        "<iframe src=x></iframe>[x](javascript:alert(1))<form><input></form>"
    )
    html = one(body, {})["html"].partition('class="content"')[2]

    assert "<b>b</b>" in html
    assert not re.search(r"onclick|script|position|iframe|form|input|alert", html)


@pytest.mark.parametrize(
    ("base", "says"),
    [
        ("<p>no place</p>", "prints no content"),
        ("{{ content }}<script>x</script>", "<script>"),
        ("{{ content }}<p onclick='x'>y</p>", "onclick"),
        ("{{ content }}<!-- {{ subject }} -->", "in a comment"),
        ("<style>@media print {p { color: {{ subject }}}}</style>{{ content }}", "in a style sheet"),
        ("{{ content }}<p {{ subject }}=x>y</p>", "in a tag"),
        ("{{ content }}<p {{ subject }}>y</p>", "in a tag"),
        ("{{ content }}<img srcset='{{ subject }}'>", "in srcset="),
        ("{{ content }}\ue000", "reserved"),
        ("{{ content }}{{", "base.html, line 1"),
    ],
)
def test_a_base_prints_values_only_where_they_are_safe(
    render: Render, tmp_path: Path, base: str, says: str
) -> None:
    (tmp_path / "base.html").write_text(base)

    with pytest.raises(ConfigError, match=says):
        render("x", {}, front="to: a@example.net\nsubject: red\nbase: base.html")


def test_a_style_takes_plain_values_only(one: One, refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "base.html").write_text("{{ content }}<p style='color: {{ colour }}'>x</p>")
    front = "to: a@example.net\nbase: base.html"

    assert 'style="color: #ff0000;"' in one("x", {"colour": "#ff0000"}, front=front)["html"].replace(
        '0"', '0;"'
    )
    assert refusal("x", {"colour": "red;background:url(//e)"}, front=front).startswith("bad-style: ")


def test_style_sheets_are_inlined_and_rules_for_media_stay(one: One, tmp_path: Path) -> None:
    style = "<style>p { margin: 1px } a{#id{} @media print { p { margin: 0 } }</style>"
    (tmp_path / "base.html").write_text(f"<html><head>{style}</head><body>{{{{ content }}}}</body></html>")
    html = one("x", {}, front="to: a@example.net\nbase: base.html")["html"]

    assert '<p style="margin: 1px;">x</p>' in html


@pytest.mark.parametrize(
    "where", ["file://{}/own.css", "{}/own.css", "own.css", "https://example.com/own.css"]
)
def test_no_file_and_no_server_is_read_for_a_style_sheet(
    render: Render, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "own.css").write_text("p { color: green }")
    monkeypatch.chdir(tmp_path)
    link = f'<link rel="stylesheet" href="{where.format(tmp_path)}">'
    (tmp_path / "base.html").write_text(f"<html><head>{link}</head><body>{{{{ content }}}}</body></html>")

    with pytest.raises(ConfigError, match="style sheet"):
        render("x", {}, front="to: a@example.net\nbase: base.html")


def test_lines_have_at_most_998_octets_and_end_with_crlf(one: One) -> None:
    octets = raw(one("{{ a }} {{ b }}", {"a": "x" * 5000, "b": "é" * 3000, "c": "y" * 5000}))

    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", octets)
    assert max(map(len, octets.split(b"\r\n"))) <= 998


def test_a_boundary_never_occurs_in_the_content(one: One) -> None:
    first = one("{{ a }}", {"a": "x"})
    boundary = message(first).get_boundary()
    assert boundary is not None
    again = one("{{ a }}", {"a": f"--{boundary}"})

    assert part(again, "text/plain").get_content().strip() == f"--{boundary}"
    assert len(list(message(again).walk())) == len(list(message(first).walk()))


def test_the_same_input_makes_the_same_octets(render: Render) -> None:
    records = [{"id": number % 2} for number in range(4)]
    first = render("{{ id }}", records, front='to: a@example.net\nref: "{{ id }}"')

    assert first == render("{{ id }}", records, front='to: a@example.net\nref: "{{ id }}"')
    assert len({record["messageId"][0] for record in first}) == 4


def test_flags_override_the_front_matter(one: One) -> None:
    front = "to: a@example.net\ncc: c@example.net\nsubject: x\nfrom: old@example.org"
    overrides = {
        "to": ["me@example.com"],
        "cc": [],
        "subject": ["Test {{ n }}"],
        "from": ["New <n@example.org>"],
    }
    record = one("x", {"n": 5}, front=front, overrides=overrides)

    assert record["from"] == [{"name": "New", "email": "n@example.org"}]
    assert [record["subject"], [each["email"] for each in record["envelope"]["rcptTo"]]] == [
        "Test 5",
        ["me@example.com"],
    ]


def test_a_template_includes_files_of_its_own_folder_only(one: One, refusal: Refusal, tmp_path: Path) -> None:
    (tmp_path / "sign.md").write_text("Regards *{{ who }}*")
    (tmp_path.parent / "outside.md").write_text("outside")

    assert one("{% include 'sign.md' %}", {"who": "<Us>"})["text"] == "Regards <Us>\n"
    assert refusal("{% include '../outside.md' %}", {}).startswith("template-failed: template.md, line 4")


def test_another_language_has_a_template_of_its_own_that_says_only_what_differs(
    render: Render, tmp_path: Path
) -> None:
    (tmp_path / "template.fr.md").write_text("---\nsubject: Contrôle {{ n }}\n---\nBonjour {{ n }}")
    (tmp_path / "template.pt-BR.md").write_text("Olá {{ n }}")
    front = 'to: a@example.net\nlang: "{{ lang }}"\nsubject: Check {{ n }}'
    data = [
        {"n": number, "lang": tag} for number, tag in enumerate(["en", "fr", "fr-CA", "pt-br", "pt", None])
    ]
    records = render("Hello {{ n }}", data, front=front)

    assert [record["text"].split()[0] for record in records] == [
        "Hello",
        "Bonjour",
        "Bonjour",
        "Olá",
        "Hello",
        "Hello",
    ]
    assert [record["subject"] for record in records][1:4] == ["Contrôle 1", "Contrôle 2", "Check 3"]
    assert "Content-Language: fr-CA\r\n" in head(records[2])


def test_a_mistake_in_a_variant_names_its_file(render: Render, tmp_path: Path) -> None:
    (tmp_path / "template.fr.md").write_text("---\nsubject: '{{ a'\n---\nBonjour")

    with pytest.raises(ConfigError, match=r"template\.fr\.md, line 2"):
        render("x", {})


def test_html_and_plain_text_are_templates_too(one: One) -> None:
    html = one("<h1>{{ a }}</h1><p>b</p>", {"a": "<x>"}, name="t.html")
    text = one("*{{ a }}* <b>\n\n- x\n", {"a": "<x>"}, name="t.txt")

    assert (html["text"], text["text"]) == ("<x>\n\nb\n", "*<x>* <b>\n\n- x\n")
    assert "<p>*&lt;x&gt;* &lt;b&gt;</p>" in re.sub(r' style="[^"]*"', "", text["html"])
