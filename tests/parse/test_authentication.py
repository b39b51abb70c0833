"""Who is believed about the author of a message."""

from pathlib import Path
from time import perf_counter
from typing import Any

import pybase64
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe.mail.headers import Header
from mailpipe.parse import authentication, authresults
from mailpipe.parse.authentication import Trust
from tests.conftest import Run

OURS = Trust(("mx.example.com",))
RECEIVED = Header("Received", "from out.example.net (unknown [192.0.2.1]) by mx.example.com with ESMTPS id 1")
FOREIGN = Header("Received", "from desk by out.example.net with ESMTPA id 2")
FROM = Header("From", "Dupont <dupont@example.net>")
AUTHOR = "dupont@example.net"
PASS = "mx.example.com; dmarc=pass header.from=example.net"


def result(value: str) -> Header:
    return Header("Authentication-Results", value)


def judge(*fields: Header, trust: Trust = OURS, authors: tuple[str, ...] = (AUTHOR,)) -> dict[str, Any]:
    return authentication.judge([*fields, FROM], authors, trust)


def test_what_our_server_says_counts() -> None:
    auth = judge(
        RECEIVED,
        result(
            "mx.example.com 1; spf=pass smtp.mailfrom=bounce@example.net; "
            'dkim=pass (2048-bit key) reason="good signature" header.d=example.net header.b="a=b/c"; '
            "dkim=fail header.d=example.org; dmarc=pass (p=reject) header.from=example.net; arc=none"
        ),
        FOREIGN,
    )

    assert auth == {
        "verified": True,
        "authservId": "mx.example.com",
        "fromDomain": "example.net",
        "spf": "pass",
        "spfDomain": "example.net",
        "spfAligned": True,
        "dkim": [
            {"domain": "example.net", "result": "pass", "aligned": True},
            {"domain": "example.org", "result": "fail", "aligned": False},
        ],
        "dmarc": "pass",
        "arc": "none",
        "evidence": [1],
    }


def test_nobody_is_believed_who_is_not_configured() -> None:
    auth = judge(RECEIVED, result(PASS), trust=Trust())

    assert auth["verified"] is None
    assert auth["untrusted"] == [{"index": 1, "authservId": "mx.example.com", "reason": "other-server"}]


def test_only_so_many_fields_are_read() -> None:
    auth = judge(RECEIVED, *[result("other.example.org; dmarc=pass")] * 500, result(PASS))

    assert auth["verified"] is False
    assert len(auth["untrusted"]) == authentication.MAX_UNTRUSTED


def test_a_message_that_no_server_speaks_of_is_not_verified() -> None:
    assert judge(RECEIVED) == {"verified": False, "reason": "no-trusted-field"}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("mx.example.com.attacker.example.org; dmarc=pass", "other-server"),
        ("attacker.example.org (mx.example.com); dmarc=pass", "other-server"),
        ('"attacker.example.org; mx.example.com"; dmarc=pass', "other-server"),
        ("dmarc=pass header.from=example.net", "other-server"),
        ("mx.example.com 2; dmarc=pass", "malformed"),
        ("mx.example.com (never closed; dmarc=pass", "malformed"),
        ('mx.example.com; dmarc="pass', "malformed"),
        ('mx.example.com; "dmarc=pass"', "malformed"),
        ("mx.example.com; dmarc", "malformed"),
        ("mx.example.com x; dmarc=pass", "malformed"),
    ],
)
def test_a_field_of_another_server_or_shape_is_listed_and_not_believed(value: str, problem: str) -> None:
    auth = judge(RECEIVED, result(value))

    assert auth["verified"] is False
    assert [each["reason"] for each in auth["untrusted"]] == [problem]


@pytest.mark.parametrize(
    "value",
    [
        "mx.example.com; none",
        "mx.example.com; dmarc=none (dmarc=pass)",
        "mx.example.com; (x; dmarc=pass) dkim=fail header.d=example.net",
        'mx.example.com; spf=fail smtp.mailfrom="x; dmarc=pass"@example.org',
        'mx.example.com; spf=fail reason="y; dmarc=pass header.from=example.net"',
        "mx.example.com; dkim=fail dmarc=pass header.d=example.net",
        "mx.example.com; dmarc/2=pass header.from=example.net",
        "mx.example.com; dkim=pass header.d=attacker.example.org",
        "mx.example.com; dkim=pass header.d=example.net.attacker.example.org",
        "mx.example.com; dkim=pass header.d=mail.example.net",
        "mx.example.com; dkim=pass header.d=net",
        "mx.example.com; dkim=pass",
        "mx.example.com; spf=pass smtp.helo=example.net",
        "mx.example.com; spf=softfail smtp.mailfrom=example.net",
        "mx.example.com; dmarc=fail header.from=example.net; dkim=pass header.d=example.net",
        "mx.example.com; dmarc=pass header.from=example.org",
        "mx.example.com; dmarc=bestguesspass header.from=example.net",
    ],
)
def test_nothing_but_an_aligned_pass_verifies(value: str) -> None:
    auth = judge(RECEIVED, result(value))

    assert auth["verified"] is False
    assert auth["reason"]


@pytest.mark.parametrize(
    "value",
    [
        PASS,
        "MX.Example.COM; DMARC=Pass header.from=Example.NET",
        '"mx.example.com"; dmarc=pass',
        "(c) mx.example.com (d (e)) 1 (f) ; (g) dmarc (h) = (i) pass (j) header (k) . (l) from = example.net",
        "mx.example.com; dkim/1=pass header.d=example.net",
        "mx.example.com; dkim=pass header.i=@example.net",
        "mx.example.com; dkim=fail header.d=example.org; dkim=pass header.d=example.net",
        'mx.example.com; spf=pass smtp.mailfrom="a b"@example.net',
        "mx.example.com; dmarc=none; spf=pass smtp.mailfrom=<x@example.net>",
        "mx.example.com; dmarc=temperror; dkim=pass header.d=example.net.",
    ],
)
def test_every_spelling_of_the_standard_is_read(value: str) -> None:
    assert judge(RECEIVED, result(value))["verified"] is True


def test_hosts_answer_for_each_other_only_below_a_configured_organization() -> None:
    value = result("mx.example.com; dkim=pass header.d=mail.example.net")

    assert judge(RECEIVED, value)["verified"] is False
    assert judge(RECEIVED, value, trust=OURS._replace(organizations=("example.net",)))["verified"] is True
    assert judge(RECEIVED, value, trust=OURS._replace(organizations=("example.org",)))["verified"] is False


@pytest.mark.parametrize("forged", [PASS, PASS + "; x=y"])
def test_a_field_below_a_foreign_server_is_forged(forged: str) -> None:
    auth = judge(RECEIVED, FOREIGN, result(forged))

    assert auth["verified"] is False
    assert [each["reason"] for each in auth["untrusted"]] == ["below-foreign-received"]


def test_a_field_that_the_sender_put_on_top_is_below_that_of_our_server() -> None:
    auth = judge(RECEIVED, result("mx.example.com; dmarc=fail header.from=example.net"), result(PASS))

    assert auth["verified"] is False
    assert auth["dmarc"] == "fail"
    assert [each["reason"] for each in auth["untrusted"]] == ["repeated"]


def test_a_field_further_down_is_not_the_topmost() -> None:
    own = result("mx.example.com; dkim=none")
    auth = judge(RECEIVED, own, Header("Subject", "hello"), result(PASS))

    assert auth["verified"] is False
    assert [each["reason"] for each in auth["untrusted"]] == ["not-topmost"]


def test_several_programs_of_one_server_each_write_a_field() -> None:
    auth = judge(
        result("mx.example.com; dmarc=pass header.from=example.net"),
        Header("Received-SPF", "pass"),
        result("mx.example.com; dkim=pass header.d=example.net"),
        RECEIVED,
    )

    assert (auth["verified"], auth["evidence"]) == (True, [0, 2])


def test_a_field_written_at_the_border_is_found_behind_an_inner_server() -> None:
    inner = Header("Received", "from mx.example.com by store.example.com with LMTP")

    assert judge(inner, RECEIVED, result(PASS))["verified"] is False
    assert judge(inner, RECEIVED, result(PASS), trust=OURS._replace(hosts=("example.com",)))["verified"]


def test_a_step_inside_a_server_is_no_border() -> None:
    inner = Header("Received", "by 2001:db8::7 with SMTP id abc; Fri, 20 Nov 2026 00:12:44 -0800")

    assert judge(inner, RECEIVED, result(PASS))["verified"] is True


@pytest.mark.parametrize(
    "received",
    [
        "from mx.example.com by out.example.net",
        "from by (by mx.example.com) by out.example.net",
        "from x (by mx.example.com) by out.example.net",
        "by out.example.net (Postfix, from userid 0)",
        "from x (unclosed by mx.example.com",
        "nonsense",
    ],
)
def test_a_foreign_server_cannot_pass_for_ours_by_a_comment(received: str) -> None:
    assert judge(Header("Received", received), result(PASS))["verified"] is False


@pytest.mark.parametrize("trust", [OURS, Trust()])
def test_two_authors_are_nobody(trust: Trust) -> None:
    twice = authentication.judge([RECEIVED, result(PASS), FROM, FROM], [AUTHOR], trust)
    listed = authentication.judge([RECEIVED, result(PASS), FROM], [AUTHOR, "other@example.net"], trust)

    assert (twice["verified"], twice["reason"]) == (False, "from-ambiguous")
    assert (listed["verified"], listed["reason"]) == (False, "from-ambiguous")


def test_no_author_is_nobody() -> None:
    auth = authentication.judge([RECEIVED, result(PASS)], [], OURS)

    assert (auth["verified"], auth["reason"]) == (False, "from-missing")


def test_a_name_that_looks_like_an_address_is_not_the_author(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("accounts: {partners: {trust: {authservIds: [MX.example.com]}}}\n")
    raw = (
        b"Received: from a by mx.example.com\r\n"
        b"Authentication-Results: mx.example.com;\r\n\tdmarc=pass header.from=example.org\r\n"
        b'From: "boss@example.com" <someone@example.org>\r\n\r\nhello\r\n'
    )

    [record] = run(["parse"], env={"MAILPIPE_CONFIG": str(config)}, stdin=raw).records

    assert (record["auth"]["verified"], record["auth"]["fromDomain"]) == (True, "example.org")
    assert "address-in-name" in record["defects"]


def test_an_account_believes_its_own_border_only(run: Run, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(
        "accounts:\n  one: {trust: {authservIds: [mx.example.com]}}\n"
        "  two: {trust: {authservIds: [mx.example.org]}}\n"
    )
    raw = (
        b"Received: from a by mx.example.com\r\nAuthentication-Results: " + PASS.encode() + b"\r\n"
        b"From: dupont@example.net\r\n\r\nhello\r\n"
    )
    sources: list[dict[str, Any]] = [{"account": "one"}, {"account": "two"}, {}]
    records = [{"source": source, "raw": pybase64.b64encode_as_string(raw)} for source in sources]

    parsed = run(["parse"], env={"MAILPIPE_CONFIG": str(config)}, stdin=records).records
    named = run(
        ["parse", "--account", "one"], env={"MAILPIPE_CONFIG": str(config)}, stdin=records[2:]
    ).records

    assert [record["auth"]["verified"] for record in (*parsed, *named)] == [True, False, None, True]


@given(st.text(alphabet='a=;"(). \\/\t1', max_size=60))
def test_no_field_is_too_strange_to_be_read(value: str) -> None:
    authresults.read("mx.example.com; " + value)
    authresults.read(value)
    authresults.received_by(value)


@given(st.text(alphabet='dmrcpas=;"() \\', max_size=40))
def test_what_a_comment_or_a_quoted_string_says_changes_nothing(text: str) -> None:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("(", "\\(").replace(")", "\\)")
    plain = authresults.read("mx.example.com; spf=fail smtp.mailfrom=x")

    assert authresults.read(f"mx.example.com ({inner}); spf=fail ({inner}) smtp.mailfrom=x") == plain
    quoted = authresults.read(f'mx.example.com; spf=fail reason="{inner}"')
    assert quoted is not None
    assert [each.method for each in quoted.results] == ["spf"]


def test_a_header_of_any_size_is_judged_in_no_time() -> None:
    ours = Header("Received", "from x by mx.example.com")
    methods = [
        result("mx.example.com; " + "; ".join(f"m{number}x{each}=pass" for each in range(100)))
        for number in range(1000)
    ]
    headers = [
        [ours] * 2500 + [result(PASS)] * 2500,
        [ours, result(PASS)] * 2500,
        [*methods, RECEIVED],
        [ours, *methods],
    ]
    begun = perf_counter()
    for fields in headers:
        judge(*fields)

    assert perf_counter() - begun < 3


def test_a_field_of_any_length_is_read_in_no_time() -> None:
    for value in ("(" * 60_000, '"' * 60_000, "a=" * 30_000, "; a=b" * 12_000, "\\" * 60_000, "( " * 30_000):
        authresults.read("mx.example.com " + value)
        authresults.read(("mx.example.com " + value)[: authresults.MAX_FIELD])
        authresults.received_by(value)
