"""One text is one mailbox, or it is refused: what goes out never goes to somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.errors import RecordError
from mailpipe.mail import encode, mailbox
from mailpipe.mail.mailbox import Mailbox


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a@example.com", Mailbox(None, "a@example.com")),
        (" Garage Dupont <atelier@example.net> ", Mailbox("Garage Dupont", "atelier@example.net")),
        ("<a@example.com>", Mailbox(None, "a@example.com")),
        ('"Widgets, Inc." <w@example.com>', Mailbox("Widgets, Inc.", "w@example.com")),
        ('"a \\"b\\" c" <w@example.com>', Mailbox('a "b" c', "w@example.com")),
        ("Zoë Łoś <z@example.com>", Mailbox("Zoë Łoś", "z@example.com")),
        ("a+b.c_d-e@sub.example.com", Mailbox(None, "a+b.c_d-e@sub.example.com")),
        ('"x@y z"@example.org', Mailbox(None, '"x@y z"@example.org')),
        ("jose@exämple.com", Mailbox(None, "jose@xn--exmple-cua.com")),
        ("josé@example.com", Mailbox(None, "josé@example.com")),
        ("a@straße.de", Mailbox(None, "a@xn--strae-oqa.de")),
        ("a@[192.0.2.1]", Mailbox(None, "a@[192.0.2.1]")),
        ("a@[IPv6:2001:db8::1]", Mailbox(None, "a@[IPv6:2001:db8::1]")),
        ("root@localhost", Mailbox(None, "root@localhost")),
    ],
)
def test_a_mailbox_is_read(text: str, expected: Mailbox) -> None:
    assert mailbox.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not an address",
        "Widgets, Inc. <w@example.com>",
        "a@example.com, b@example.com",
        "a@example.com; b@example.com",
        "a@example.com b@example.com",
        "a@b@example.com",
        "group: a@example.com;",
        "alice@example.org )bob@example.net<bob@example.net>",
        "alice@example.org)bob@example.net",
        "a@example.com>\r\nRCPT TO:<e@example.net",
        "a@example.com\n@example.net",
        "a@example.com\nBcc: e@example.net",
        "b@example.com> NOTIFY=NEVER <c",
        "Evil\r\nBcc: x <a@example.com>",
        "A\u2028B <a@example.com>",
        "a\u202eb <a@example.com>",
        "=?utf-8?q?Bcc=3A_x?= <a@example.com>",
        "a@exa\u200bmple.com",
        "a\u00a0b@example.com",
        "a@example\u3002com",
        "a@ｅxample.com",
        "a@-example.com",
        "a@example..com",
        "a@xn--a.com",
        ".a@example.com",
        "a..b@example.com",
        "a.@example.com",
        "a b@example.com",
        "a@[192.0.2.999]",
        "a@[example]",
        "a@\ud83d.com",
        "x" * 65 + "@example.com",
        "a@" + "x" * 64 + ".com",
        "a@" + ".".join(["x" * 60] * 5) + ".com",
    ],
)
def test_what_is_not_exactly_one_mailbox_is_refused(text: str) -> None:
    with pytest.raises(RecordError) as caught:
        mailbox.parse(text)

    assert caught.value.case == "bad-address"


def test_a_name_of_its_own_may_have_any_visible_character() -> None:
    assert (
        mailbox.named("Widgets, Inc. <ceo@example.org>", "w@example.com").name
        == "Widgets, Inc. <ceo@example.org>"
    )


def test_capitals_do_not_make_another_mailbox() -> None:
    assert mailbox.parse("A@Example.COM").key == mailbox.parse("a@example.com").key


@given(st.text(max_size=30), st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?@[a-z]{1,8}\.com", fullmatch=True))
def test_what_is_written_is_read_back_by_an_independent_parser(name: str, email: str) -> None:
    from email import message_from_bytes
    from email.policy import default

    try:
        made = mailbox.named(name, email)
    except RecordError:
        return
    read = message_from_bytes(encode.addresses("To", [made, Mailbox(None, "z@example.com")]), policy=default)

    addresses = read["To"].addresses
    assert [each.addr_spec for each in addresses] == [email, "z@example.com"]
    assert " ".join(addresses[0].display_name.split()) == " ".join((made.name or "").split())
