"""What a server's answer means, in JMAP's and RFC 3464's words."""

import pytest

from mailpipe.mail.reply import Fate, Reply, local_reply, reason, refusal


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (Reply(250, ("2.0.0 Ok: queued as A1",)), "250 2.0.0 Ok: queued as A1"),
        (
            Reply(550, ("5.7.1 Our system has", "5.7.1 found you wanting")),
            "550 5.7.1 Our system has found you wanting",
        ),
        (Reply(550, ("first", "second")), "550 first second"),
        (Reply(354, ("",)), "354"),
        (Reply(250, ()), "250"),
    ],
)
def test_the_text_is_one_line(reply: Reply, text: str) -> None:
    assert reply.text() == text


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        (Reply(550, ("5.1.1 no such user",)), "5.1.1"),
        (Reply(250, ("2.0.0",)), "2.0.0"),
        (Reply(550, ("no such user",)), "5.1.1"),
        (Reply(452, ("4.2.2 over quota",)), "4.2.2"),
        (Reply(550, ("4.2.2 out of step",)), "5.1.1"),
        (Reply(554, ("5.1.11111 nonsense",)), "5.0.0"),
        (Reply(421, ("bye",)), "4.3.2"),
        (Reply(250, ("Ok",)), "2.0.0"),
    ],
)
def test_the_status_is_the_servers_own_or_what_the_code_says(reply: Reply, status: str) -> None:
    assert reply.status() == status


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        ("5.1.1", "550 5.1.1 no such user", "bad_mailbox"),
        ("5.1.1", "550 relay not permitted", "policy"),
        ("5.0.0", "554 blocked as spam", "policy"),
        ("5.0.0", "554 no", "unknown"),
        ("5.1.2", "", "bad_domain"),
        ("5.1.10", "", "bad_domain"),
        ("4.2.2", "", "mailbox_full"),
        ("5.2.3", "", "too_big"),
        ("5.3.4", "", "too_big"),
        ("5.7.26", "", "policy"),
        ("4.3.0", "", "system"),
        ("4.4.2", "", "system"),
        ("5.6.3", "", "policy"),
    ],
)
def test_the_reason_is_one_word(status: str, text: str, why: str) -> None:
    assert reason(status, text) == why


def test_only_a_5xx_has_failed_for_good() -> None:
    hard = refusal(local_reply(550, "5.1.1 no")).delivery_status()
    soft = refusal(local_reply(451, "4.3.0 later")).delivery_status()

    assert (hard["delivered"], hard["action"], hard["hard"]) == ("no", "failed", True)
    assert (soft["delivered"], soft["action"], soft["hard"]) == ("no", "delayed", False)


def test_nobody_knows_is_a_fate_too() -> None:
    status = Fate(None, local_reply(451, "4.4.2 lost")).delivery_status()

    assert (status["delivered"], status["action"], status["hard"]) == ("unknown", None, False)


@pytest.mark.parametrize(
    ("code", "said", "is_hard"),
    [
        (550, "5.1.1 no such user", True),
        (550, "5.1.2 host unknown", True),
        (556, "domain does not accept mail", True),
        (552, "5.2.2 mailbox full", False),
        (554, "5.7.1 spam", False),
        (450, "4.1.1 no such user, for now", False),
    ],
)
def test_only_a_mailbox_or_domain_that_is_not_there_is_hard(code: int, said: str, is_hard: bool) -> None:
    assert refusal(local_reply(code, said)).delivery_status()["hard"] is is_hard
