"""Names that servers give to the messages they take, from their replies."""

import pytest

from mailpipe.mail.queued import message_id, queue_id
from mailpipe.mail.reply import Fate, local_reply


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("250 2.0.0 Ok: queued as 4XyZ1b2c3D", "4XyZ1b2c3D"),
        ("250 OK id=1sAbCd-0000Ef-2G", "1sAbCd-0000Ef-2G"),
        ("250 ok 1700000000 qp 12345", "12345"),
        ("250 2.0.0 OK  1700000000 a1-20020a05600c.12 - gsmtp", "a1-20020a05600c.12"),
        ("250 2.0.0 3AKA0b1c012345 Message accepted for delivery", "3AKA0b1c012345"),
        ("250 Ok 0102018bd1e2f3a4-5b6c7d8e-9f00-1122-3344-556677889900-000000",
         "0102018bd1e2f3a4-5b6c7d8e-9f00-1122-3344-556677889900-000000"),
        ("250 2.0.0 Ok", None),
        ("250 Great success", None),
    ],
)  # fmt: skip
def test_the_queue_id_is_found(text: str, found: str | None) -> None:
    assert queue_id(text) == found


def test_a_message_id_of_the_servers_own_is_found() -> None:
    text = "250 2.6.0 <AM6PR01@prod.example.com> [InternalId=1, Hostname=x.example.com] Queued mail"

    assert message_id(text) == "AM6PR01@prod.example.com"
    assert message_id("250 2.0.0 Ok: queued as 4XyZ") is None


def test_the_names_are_in_the_delivery_status_of_what_was_taken() -> None:
    taken = Fate("relayed", local_reply(250, "2.6.0 <a@example.com> queued as B7")).delivery_status()
    refused = Fate("failed", local_reply(550, "5.1.1 <a@example.com> no such mailbox")).delivery_status()

    assert (taken["queueId"], taken["messageId"]) == ("B7", "a@example.com")
    assert "messageId" not in refused
