"""Envelopes are checked before anybody is connected to."""

from typing import Any

import pytest

from mailpipe.errors import RecordError
from mailpipe.send.envelope import envelope

TO = [{"email": "garage@example.net"}]


def given(rcpt: Any = None, sender: Any = None) -> dict[str, Any]:
    return {"mailFrom": sender or {"email": "desk@example.com"}, "rcptTo": TO if rcpt is None else rcpt}


def test_addresses_go_on_the_wire_with_ascii_domains_and_are_told_as_they_were_given() -> None:
    found = envelope(given([{"email": "jose@exämple.com"}]))

    assert found.recipients == ("jose@xn--exmple-cua.com",)
    assert found.given == {"jose@xn--exmple-cua.com": "jose@exämple.com"}


def test_a_domain_is_that_of_idna_2008() -> None:
    assert envelope(given([{"email": "a@straße.de"}])).recipients == ("a@xn--strae-oqa.de",)


def test_the_null_sender_is_a_sender() -> None:
    assert envelope(given(sender={"email": ""})).sender == ""


def test_each_recipient_once() -> None:
    rcpt = [{"email": "a@example.net"}, {"email": "A@Example.NET"}, {"email": "b@example.net"}]

    assert envelope(given(rcpt)).recipients == ("a@example.net", "b@example.net")


def test_parameters_for_delivery_reports_are_kept_by_recipient() -> None:
    rcpt = [
        {
            "email": "a@example.net",
            "parameters": {"NOTIFY": "SUCCESS,FAILURE", "orcpt": "rfc822;b@example.net"},
        }
    ]
    sender = {"email": "desk@example.com", "parameters": {"RET": "HDRS", "ENVID": "order=7"}}

    assert envelope(given(rcpt, sender)).parameters == {
        "": {"RET": "HDRS", "ENVID": "order=7"},
        "a@example.net": {"NOTIFY": "SUCCESS,FAILURE", "ORCPT": "rfc822;b@example.net"},
    }


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "not an object"),
        ([], "not an object"),
        ({}, "rcptTo names nobody"),
        (given([]), "rcptTo names nobody"),
        (given("a@example.net"), "rcptTo names nobody"),
        (given([{"name": "A"}]), r"rcptTo\[0\] has no email"),
        (given([{"email": 5}]), r"rcptTo\[0\] has no email"),
        ({"rcptTo": TO}, "mailFrom has no email"),
        (given([{"email": "a@example.net"}] * 10_001), "the limit is 10000"),
        (given([{"email": "a@example.net", "parameters": {"NOTIFY": "ALWAYS"}}]), "parameters.NOTIFY"),
        (given([{"email": "a@example.net", "parameters": {"NOTIFY": "NEVER\r\nX"}}]), "parameters.NOTIFY"),
        (given([{"email": "a@example.net", "parameters": {"SIZE": "1"}}]), "parameters.SIZE"),
        (given([{"email": "a@example.net", "parameters": []}]), "parameters is not an object"),
    ],
)
def test_what_is_wrong_is_named(value: Any, why: str) -> None:
    with pytest.raises(RecordError, match=why):
        envelope(value)
