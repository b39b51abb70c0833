"""Why a delivery has failed, in one word, whatever the server's words."""

import pytest

from mailpipe.mail.reasons import is_about_sender, is_hard, name


@pytest.mark.parametrize(
    ("status", "said", "why"),
    [
        ("", "550 No such user here", "bad_mailbox"),
        ("5.0.0", "The recipient account is blocked", "bad_mailbox"),
        ("5.7.13", "", "bad_mailbox"),
        ("5.1.1", "550 5.1.1 blocked, see our policy", "policy"),
        ("5.6.0", "552 5.6.0 headers too large", "policy"),
        ("5.0.0", "550 message size exceeds limit", "too_big"),
        ("5.0.0", "552 over quota", "mailbox_full"),
        ("4.3.1", "452 4.3.1 insufficient system storage", "system"),
        ("4.4.5", "452 4.4.5 insufficient disk space", "system"),
        ("", "521 host.example.org does not accept mail", "bad_domain"),
        ("5.4.4", "host unknown", "bad_domain"),
        ("4.4.7", "deferred: host lookup failure", "system"),
        ("4.2.0", "421 service refused, please try later", "system"),
        ("", "good bye", "unknown"),
    ],
)
def test_the_words_of_a_server_are_more_exact_than_a_vague_code(status: str, said: str, why: str) -> None:
    assert name(status, said) == why


def test_a_temporary_failure_is_never_hard() -> None:
    assert is_hard("bad_mailbox", "failed", "5.1.1")
    assert not is_hard("bad_mailbox", "failed", "4.2.1")
    assert not is_hard("bad_mailbox", "delayed", "4.2.1")


def test_a_refused_sender_is_no_bad_recipient() -> None:
    assert is_about_sender("(in reply to MAIL FROM command)")
    assert not is_about_sender("(in reply to RCPT TO command)")
