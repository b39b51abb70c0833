"""Address lists as they come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail import addresses, limits

Pairs = list[tuple[str | None, str]]


def read(field: str) -> tuple[Pairs, list[str]]:
    defects: list[str] = []
    return [(found.name, found.email) for found in addresses.parse(field, defects)], defects


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("a@example.com", [(None, "a@example.com")]),
        ("Bob <b@example.com>", [("Bob", "b@example.com")]),
        ('"Doe, John" <j@example.com>', [("Doe, John", "j@example.com")]),
        ('"say \\"hi\\"" <j@example.com>', [('say "hi"', "j@example.com")]),
        (
            "a@example.com, B <b@example.com>; c@example.com",
            [(None, "a@example.com"), ("B", "b@example.com"), (None, "c@example.com")],
        ),
        ("=?utf-8?q?Ren=C3=A9?= <r@example.com>", [("René", "r@example.com")]),
        ("=?utf-8?Q?Doe,_John?= <j@example.com>", [("Doe, John", "j@example.com")]),
        ('"=?utf-8?q?Ren=C3=A9?=" <r@example.com>', [("René", "r@example.com")]),
        ("René Łoś <r@example.com>", [("René Łoś", "r@example.com")]),
        ("undisclosed-recipients:;", []),
        (
            "Garages: A <a@example.com>, b@example.com;, c@example.net",
            [("A", "a@example.com"), (None, "b@example.com"), (None, "c@example.net")],
        ),
        ('"a b"@example.com', [(None, '"a b"@example.com')]),
        ('"x@example.net y"@example.com', [(None, '"x@example.net y"@example.com')]),
        ("a@[192.0.2.1]", [(None, "a@[192.0.2.1]")]),
        ("<@relay.example.net:c@example.com>", [(None, "c@example.com")]),
        ("a @ example . com", [(None, "a@example.com")]),
        ("<mailto:a@example.com>", [(None, "a@example.com")]),
        ("<<a@example.com>>", [(None, "a@example.com")]),
        ("a@example.com,, ,", [(None, "a@example.com")]),
        ("B (at work (really)) <b@example.com>", [("B", "b@example.com")]),
        ("jose@exämple.com", [(None, "jose@exämple.com")]),
    ],
)
def test_every_legal_form_and_some_others_are_read_without_defect(field: str, wanted: Pairs) -> None:
    assert read(field) == (wanted, [])


@pytest.mark.parametrize(
    ("field", "wanted", "defect"),
    [
        ("Doe, John <j@example.com>", [("Doe, John", "j@example.com")], "address-comma-in-name"),
        (
            "<a@example.com> <b@example.com>",
            [(None, "a@example.com"), (None, "b@example.com")],
            "address-separator-missing",
        ),
        (
            "a@example.com b@example.com",
            [(None, "a@example.com"), (None, "b@example.com")],
            "address-separator-missing",
        ),
        ("Bob <b@example.com", [("Bob", "b@example.com")], "address-bracket-missing"),
        ("Bob b@example.com", [("Bob", "b@example.com")], "address-bracket-missing"),
        ("root", [(None, "root")], "address-without-domain"),
        ("MAILER-DAEMON <MAILER-DAEMON>", [("MAILER-DAEMON", "MAILER-DAEMON")], "address-without-domain"),
    ],
)
def test_a_wrong_form_is_read_with_a_defect(field: str, wanted: Pairs, defect: str) -> None:
    found, defects = read(field)

    assert (found, set(defects)) == (wanted, {defect})


@pytest.mark.parametrize(
    "field",
    [
        "alice@example.org)bob@example.net",
        "alice@example.org )bob@example.net<bob@example.net>",
        "a@example.com@example.net",
        "<>",
        "=?utf-8?q?bob=40example.com?=",
        "=?utf-8?q?bob@example.com?=",
        "<=?utf-8?q?bob=40example.com?=>",
    ],
)
def test_what_may_mean_two_things_is_no_address(field: str) -> None:
    assert read(field) == ([], ["address-invalid"])


@pytest.mark.parametrize(
    ("field", "name"),
    [
        ("=?utf-8?q?=3Cceo=40example.com=3E?= <other@example.net>", "<ceo@example.com>"),
        ('"ceo@example.com" <other@example.net>', "ceo@example.com"),
        ("ceo@example.com <other@example.net>", "ceo@example.com"),
    ],
)
def test_an_address_in_a_name_is_never_the_address(field: str, name: str) -> None:
    assert read(field) == ([(name, "other@example.net")], ["address-in-name"])


def test_a_name_that_repeats_the_address_is_no_defect() -> None:
    assert read("'a@example.com' <a@example.com>")[1] == []


def test_a_comment_is_kept_but_is_no_name() -> None:
    [found] = addresses.parse("j@example.com (John =?utf-8?q?Do=C3=A9?=)", [])

    assert found == (None, "j@example.com", "John Doé")


def test_more_addresses_than_the_limit_are_left_out() -> None:
    found, defects = read("a@example.com," * (limits.ADDRESSES + 10))

    assert (len(found), defects) == (limits.ADDRESSES, ["limit:addresses"])


names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=12)
mailboxes = st.tuples(
    names.filter(lambda name: "@" not in name and "=?" not in name and name.isprintable()),
    st.from_regex(r"[a-z0-9.+_-]{1,10}@[a-z0-9]{1,8}\.example\.com", fullmatch=True),
)


@given(st.lists(mailboxes, min_size=1, max_size=5))
def test_quoted_names_come_back(boxes: list[tuple[str, str]]) -> None:
    field = ", ".join(
        '"{}" <{}>'.format(name.replace("\\", "\\\\").replace('"', '\\"'), email) for name, email in boxes
    )

    assert read(field)[0] == boxes


@given(st.text('ab@.<>(),;:"\\ =?q', max_size=60))
def test_no_field_fails_and_every_address_is_one_word_or_quoted(field: str) -> None:
    for _, email in read(field)[0]:
        assert email
        assert '"' in email or not set(email) & set(" <>(),;")


@pytest.mark.parametrize(
    "unit", ['"', "(", "<", ",", '"\\', "=?a?q?", "a ", "a:", "a@b ", "(a)", "x<a@b>", '<"', "\\("]
)
def test_no_repetition_costs_more_than_its_length(unit: str) -> None:
    read(unit * (limits.HEADER // len(unit)))
