"""Whatever a body holds, it stays one message at every receiver, strict or lax."""

from collections.abc import Callable, Iterator
from itertools import product

import pytest

from tests.conftest import Run
from tests.send.outgoing import Record, message, outgoing
from tests.servers.smtp import Postfix, Scripted, Start, Talk

Scripts = Callable[[Callable[[Talk], None]], Scripted]

ENDS = ["\n", "\r", "\r\n", "\r\r\n", "\n\r", "\r\n\n"]
FORMS = [f"{before}.{after}" for before, after in product(ENDS, ENDS)]
FORMS += ["\n..\n", "\r\n.\r", "\n\n.\n\n", "\n.\n\n"]
FORMS = list(dict.fromkeys(FORMS))
SECOND = "MAIL FROM:<smuggler@example.com>\r\nRCPT TO:<boss@example.net>\r\nDATA\r\n\r\nsmuggled\r\n.\r\n"


def smuggling() -> list[Record]:
    """One message for each way to end it early, with a second message behind that end."""
    return [
        outgoing(number, raw=message(number, body=f"first{form}{SECOND}"), form=form)
        for number, form in enumerate(FORMS)
    ]


def sent(records: list[Record]) -> list[Record]:
    return [record for record in records if "error" not in record]


def only_whole_line_ends(octets: bytes) -> bool:
    rest = octets.replace(b"\r\n", b"")
    return b"\r" not in rest and b"\n" not in rest


def lax(talk: Talk) -> None:
    """A server that takes a line feed alone, or a carriage return alone, for a line end."""
    talk.say("220 mx")
    while command := talk.hear():
        if command.startswith(b"EHLO"):
            talk.say("250-mx", "250 PIPELINING")
        elif command == b"DATA\r\n":
            talk.say("354 go on")
            body = talk.hear(b"\r\n.\r\n")
            ends = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n.\n")
            assert ends == 1, "a second message would have begun"
            talk.say("250 2.0.0 taken")
        else:
            talk.say("250 ok")


def test_only_whole_line_ends_go_on_the_wire(run: Run, scripted: Scripts) -> None:
    server = scripted(lax)

    result = run(["send", "--via", server.url], stdin=smuggling())

    assert only_whole_line_ends(server.octets)
    assert server.octets.count(b"DATA\r\n") - server.octets.count(b"\r\nRCPT TO:<boss") == len(
        sent(result.records)
    )
    assert {
        record["deliveryStatus"]["garage@example.net"]["smtpReply"] for record in sent(result.records)
    } == {"250 2.0.0 taken"}


def test_a_carriage_return_alone_is_refused_and_all_else_is_sent(run: Run, smtpd: Start) -> None:
    server = smtpd()

    result = run(["send", "--via", server.url()], stdin=smuggling())

    refused = {record["form"] for record in result.records if "error" in record}
    assert refused == {form for form in FORMS if "\r" in form.replace("\r\n", "")}
    assert {record["error"]["type"] for record in result.records if "error" in record} == {"bad-message"}
    assert len(server.mails) == len(FORMS) - len(refused)
    assert {mail.sender for mail in server.mails} == {"desk@example.com"}


def test_postfix_gets_one_message_for_each(run: Run, postfix_mail: Postfix) -> None:
    result = run(["send", "--via", postfix_mail.url], stdin=smuggling())

    delivered = postfix_mail.wait(len(sent(result.records)))
    assert len(delivered) == len(sent(result.records)) > 10
    assert all(b"\nMAIL FROM:<smuggler" in mail for mail in delivered)


def bodies() -> Iterator[str]:
    yield from (".", "..", ".\r\n", "a\r\n.", "a\r\n..\r\n.b\r\n", "", "\r\n", "\r\n\r\n.\r\n\r\n", "no end")


@pytest.mark.parametrize("body", list(bodies()))
def test_dots_survive_the_way(run: Run, smtpd: Start, body: str) -> None:
    server = smtpd()

    run(["send", "--via", server.url()], stdin=[outgoing(raw=message(body=body))])

    wanted = body if body.endswith("\r\n") or not body else body + "\r\n"
    assert server.mails[0].content == message(body=wanted)


@pytest.mark.parametrize(
    "address",
    [
        "b@x.example> NOTIFY=NEVER <c",
        "b@example.net\r\nRCPT TO:<c@example.net>",
        "b@example.net\n",
        "<b@example.net>",
        "b c@example.net",
        '"b c"@example.net',
        "b@example.net\0",
        "b@exa\u200bmple.net",
        "-oQ/tmp",
        "b",
        "@example.net",
        "b@",
        "b@" + "x" * 250 + ".net",
        "b" * 65 + "@example.net",
        "b@ex ample.net",
        "b@@example.net",
        "a@example.com; b@example.com",
        "",
    ],
)
def test_an_address_that_is_none_is_refused_before_anybody_is_connected_to(
    run: Run, scripted: Scripts, address: str
) -> None:
    server = scripted(lax)
    records = [outgoing(to=[address]), outgoing(sender=address or " ")]

    result = run(["send", "--via", server.url], stdin=records)

    assert all("error" in record for record in result.records)
    assert not any(record["error"]["retryable"] for record in result.records)
    assert server.connections == 0
