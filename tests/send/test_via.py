"""Where messages go, as a URL."""

import pytest

from mailpipe.errors import UsageError
from mailpipe.send.via import Via, via


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("smtp://mail.example.com", Via(scheme="smtp", host="mail.example.com", port=25)),
        ("smtp://me@mail.example.com", Via(scheme="smtp", user="me", host="mail.example.com", port=587)),
        (
            "SMTP://me@mail.example.com:2525",
            Via(scheme="smtp", user="me", host="mail.example.com", port=2525),
        ),
        (
            "smtps://me%40example.com@mail.example.com",
            Via(scheme="smtps", user="me@example.com", host="mail.example.com", port=465),
        ),
        (
            "smtps://me@example.com@mail.example.com/",
            Via(scheme="smtps", user="me@example.com", host="mail.example.com", port=465),
        ),
        ("smtp://[::1]:25", Via(scheme="smtp", host="::1", port=25)),
        ("lmtp://localhost", Via(scheme="lmtp", host="localhost", port=24)),
        ("lmtp:///run/dovecot/lmtp", Via(scheme="lmtp", path="/run/dovecot/lmtp")),
        ("lmtp:/run/dovecot/lmtp", Via(scheme="lmtp", path="/run/dovecot/lmtp")),
        ("sendmail:", Via(scheme="sendmail", path="/usr/sbin/sendmail")),
        ("sendmail:///usr/lib/sendmail", Via(scheme="sendmail", path="/usr/lib/sendmail")),
        ("sendmail:/usr/lib/sendmail", Via(scheme="sendmail", path="/usr/lib/sendmail")),
        ("maildir:out/box", Via(scheme="maildir", path="out/box")),
    ],
)
def test_a_url_is_understood(url: str, found: Via) -> None:
    assert via(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example.com",
        "http://example.com",
        "smtp:",
        "smtp://",
        "smtp://a:99999",
        "smtp://h/path",
        "smtp://h?tls=no",
        "maildir:",
        "smtp://a b",
    ],
)
def test_a_url_that_says_nothing_is_refused_with_the_forms_there_are(url: str) -> None:
    with pytest.raises(UsageError, match="maildir:DIR"):
        via(url)


@pytest.mark.parametrize(
    "url",
    ["smtp://me:hunter2@example.com", "smtp://me:hunter2@exa mple.com", "smtpx://me:hunter2@example.com"],
)
def test_a_password_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        via(url)

    assert "hunter2" not in str(caught.value)
