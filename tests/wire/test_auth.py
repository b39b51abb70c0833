"""SASL mechanisms against the examples of their RFCs."""

from base64 import b64decode

import pytest

from mailpipe.errors import UnavailableError
from mailpipe.wire.auth import Credentials, choose

TIM = Credentials("tim", password=lambda: "tanstaaftanstaaf")


def test_plain_is_that_of_rfc_4616() -> None:
    assert choose(["LOGIN", "plain"], TIM).first == b"\0tim\0tanstaaftanstaaf"


def test_cram_md5_is_that_of_rfc_2195() -> None:
    exchange = choose(["CRAM-MD5"], TIM)

    challenge = b64decode("PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+")
    assert exchange.answers[0](challenge) == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_login_answers_with_user_and_password() -> None:
    exchange = choose(["LOGIN"], TIM)

    assert exchange.first is None
    assert [answer(b"") for answer in exchange.answers] == [b"tim", b"tanstaaftanstaaf"]


def test_oauthbearer_is_that_of_rfc_7628() -> None:
    who = Credentials("user@example.com", token=lambda: "vF9dft4qmT", host="server.example.com", port=587)

    assert choose(["XOAUTH2", "OAUTHBEARER"], who).first == (
        b"n,a=user@example.com,\1host=server.example.com\1port=587\1auth=Bearer vF9dft4qmT\1\1"
    )


def test_a_user_that_is_no_saslname_is_escaped() -> None:
    who = Credentials("a,b=c", token=lambda: "t")

    assert (choose(["OAUTHBEARER"], who).first or b"").startswith(b"n,a=a=2Cb=3Dc,")


def test_a_password_that_is_not_ascii() -> None:
    assert choose(["PLAIN"], Credentials("ü", password=lambda: "pässwörd")).first == "\0ü\0pässwörd".encode()


@pytest.mark.parametrize("offered", [[], ["GSSAPI"], ["XOAUTH2"]])
def test_no_common_mechanism_is_told(offered: list[str]) -> None:
    with pytest.raises(UnavailableError, match="no usable way to log in"):
        choose(offered, TIM)


def test_secrets_are_not_in_what_is_shown() -> None:
    exchange = choose(["PLAIN"], TIM)

    assert "tanstaaf" not in repr(TIM) + repr(exchange)
