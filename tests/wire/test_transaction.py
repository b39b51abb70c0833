"""One transaction, step by step, without a socket."""

from collections.abc import Sequence

import pytest

from mailpipe.mail.parcel import Parcel
from mailpipe.mail.reply import Reply
from mailpipe.wire.esmtp import LMTP, SMTP, Dialect
from mailpipe.wire.transaction import LARGE, Ended, Fates, Last, Terms, Want, transaction
from tests.wire.test_esmtp import parcel

TWO = ("a@example.net", "b@example.net")


def played(
    given: Parcel, codes: Sequence[int], *extensions: str, dialect: Dialect = SMTP, ended: Ended | None = None
) -> tuple[list[str], dict[str, str | None], Ended]:
    """What was sent (LAST before what ends it), and the action for each recipient."""
    ended = ended or Ended()
    steps = transaction(
        given, Terms(dialect, {name: ["9"] if name == "SIZE" else [] for name in extensions}), ended
    )
    replies = iter(codes)
    said: list[str] = []
    try:
        step = next(steps)
        while True:
            if isinstance(step, bytes):
                said.append(step.decode())
                step = next(steps)
            elif isinstance(step, Last):
                said.append(f"LAST {step.octets.decode()}")
                step = next(steps)
            elif isinstance(step, Want):
                said.append(step.name)
                step = next(steps)
            else:
                step = steps.send([Reply(next(replies), ("x",)) for _ in range(step)])
    except StopIteration as end:
        fates: Fates = end.value
        assert next(replies, None) is None, "a reply was left"
        return said, {address: fate.action for address, fate in fates.items()}, ended


def test_with_pipelining_everything_up_to_data_is_one_write() -> None:
    said, fates, _ = played(parcel(recipients=TWO), [250, 250, 250, 354, 250], "PIPELINING")

    assert said == [
        "MAIL FROM:<a@example.com>\r\nRCPT TO:<a@example.net>\r\nRCPT TO:<b@example.net>\r\nDATA\r\n",
        "LAST From: a@example.com\r\n\r\nx\r\n.\r\n",
    ]
    assert set(fates.values()) == {"relayed"}


def test_the_end_of_a_long_message_waits_until_the_rest_is_on_its_way() -> None:
    long = b"From: a@example.com\r\n\r\n" + b"x\r\n" * LARGE

    said, _, _ = played(parcel(long), [250, 250, 354, 250], "PIPELINING")

    assert said[1:] == [long.decode(), "WRITTEN", "LAST .\r\n"]


def test_without_pipelining_each_command_waits_for_the_last() -> None:
    said, _, _ = played(parcel(), [250, 250, 354, 250])

    assert said[:3] == ["MAIL FROM:<a@example.com>\r\n", "RCPT TO:<b@example.net>\r\n", "DATA\r\n"]


@pytest.mark.parametrize(
    ("codes", "actions", "reset"),
    [
        ([550, 503, 503, 503], ["failed", "failed"], True),
        ([451, 503, 503, 503], ["delayed", "delayed"], True),
        ([250, 550, 450, 503], ["failed", "delayed"], True),
        ([250, 550, 250, 354, 250], ["failed", "relayed"], False),
        ([250, 250, 250, 451], ["delayed", "delayed"], True),
        ([250, 250, 250, 250], ["delayed", "delayed"], True),
        ([250, 250, 250, 354, 554], ["failed", "failed"], False),
        ([250, 550, 550, 354, 554], ["failed", "failed"], False),
        ([250, 354, 250, 354, 250], ["delayed", "relayed"], False),
    ],
)
def test_each_recipient_has_its_own_fate(codes: list[int], actions: list[str], reset: bool) -> None:
    _, fates, ended = played(parcel(recipients=TWO), codes, "PIPELINING")

    assert [fates[address] for address in TWO] == actions
    assert ended.reset is reset


def test_a_server_that_took_nobody_and_wants_data_gets_an_empty_message_without_leave() -> None:
    said, _, _ = played(parcel(), [250, 550, 354, 554], "PIPELINING")

    assert said[1:] == [".\r\n"]


def test_a_transaction_left_open_is_reset_first() -> None:
    ended = Ended()
    played(parcel(), [250, 550, 503], "PIPELINING", ended=ended)

    said, _, _ = played(parcel(), [250, 250, 250, 354, 250], "PIPELINING", ended=ended)

    assert said[0].startswith("RSET\r\nMAIL FROM:")


def test_lmtp_answers_for_each_accepted_recipient() -> None:
    codes = [250, 250, 550, 250, 354, 250, 452]
    three = parcel(recipients=(*TWO, "c@example.net"))

    _, fates, _ = played(three, codes, "PIPELINING", dialect=LMTP)

    assert fates == {"a@example.net": "delivered", "b@example.net": "failed", "c@example.net": "delayed"}


def test_a_refusal_before_a_lost_answer_is_still_known() -> None:
    _, fates, _ = played(parcel(recipients=TWO), [250, 250, 550, 354, 0], "PIPELINING")

    assert fates == {"a@example.net": None, "b@example.net": "failed"}


@pytest.mark.parametrize(
    ("given", "extensions"),
    [
        (parcel(), ["SIZE"]),
        (parcel(utf8=True), ["8BITMIME"]),
        (parcel(eight_bit=True), ["SMTPUTF8"]),
    ],
    ids=["size", "utf8", "eight bit"],
)
def test_what_the_server_cannot_take_is_not_offered_to_it(given: Parcel, extensions: list[str]) -> None:
    said, fates, _ = played(given, [], *extensions)

    assert said == []
    assert fates == {"b@example.net": "failed"}
