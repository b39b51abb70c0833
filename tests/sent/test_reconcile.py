"""Copies that a provider keeps for each recipient become one message, on plain IMAP and as with Gmail."""

import base64
import re
from collections.abc import Callable, Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from mailpipe.record import Record
from mailpipe.sent.canonical import canonical, tokens, with_people
from tests.conftest import Result, Run
from tests.servers.dovecot import Dovecot
from tests.servers.gmail import ALL, SENT, TRASH, Gmail, behind
from tests.servers.scripted import Tap

TEMPLATE = """\
---
from: Vehicle desk <desk@example.com>
to: [a@example.net, b@example.net]
bcc: Prüfer <c@example.org>
subject: "Check {{ id }}"
---
Please check **{{ id }}** at the café.
"""
Sent = Callable[..., list[Record]]


@pytest.fixture
def sent(run: Run, tmp_path: Path) -> Sent:
    """Records of a tracked message as `send --keep-raw` writes them; all runs share one key."""

    def call(*ids: str, track: bool = True, unsubscribe: bool = False) -> list[Record]:
        front = "track: {unsubscribe: true}\n" if unsubscribe else ""
        (tmp_path / "check.md").write_text(TEMPLATE.replace("subject:", front + "subject:"), encoding="utf-8")
        args = ["--track", "https://t.example.com"] if track else []
        rendered = run(["render", "check.md", *args], stdin=[{"id": one} for one in ids]).records
        return [{**record, "deliveryStatus": accepted(record)} for record in rendered]

    return call


def accepted(record: Record) -> Record:
    return {one["email"]: {"delivered": "queued"} for one in record["envelope"]["rcptTo"]}


def raw(record: Record) -> bytes:
    return base64.b64decode(record["raw"])


def parsed(octets: bytes) -> EmailMessage:
    message = message_from_bytes(octets, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def told(result: Result) -> list[tuple[bool, str | None, int | None]]:
    copies = [record["sentCopy"] for record in result.records]
    return [(copy["appended"], copy.get("reason"), copy.get("removed")) for copy in copies]


@pytest.fixture
def reconcile(run: Run) -> Callable[..., Result]:
    def call(config: Path, records: Sequence[Record], *args: str) -> Result:
        result = run(["sent", "--config", str(config), "--wait", "0", *args], stdin=records)
        assert result.status == 0
        return result

    return call


OTHERS = [
    b"Message-ID: <other@example.com>\r\nSubject: not ours\r\n\r\nx\r\n",
    b"Subject: without identifier\r\n\r\nx\r\n",
]


@pytest.fixture
def plain(dovecot: Dovecot, user: str, tmp_path: Path) -> Path:
    """An account on a server that files copies into Sent, where other mail lies, some of it flagged."""
    with dovecot.client(user) as client:
        client.create("Sent")
    dovecot.add(user, *OTHERS, mailbox="Sent")
    dovecot.flag(user, 2, "\\Deleted", "Sent")
    return dovecot.config(tmp_path / "config.yaml", user)


def test_copies_become_one_message_as_its_author_wrote_it(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any, run: Run
) -> None:
    records = sent("a7")
    dovecot.add(user, *map(raw, records), mailbox="Sent")

    result = reconcile(plain, records)

    *others, one = dovecot.list(user, "Sent")
    assert told(result) == [(True, None, 3), (False, "already-there", None), (False, "already-there", None)]
    assert [message.raw for message in others] == OTHERS
    assert tokens(one.raw) == []
    assert "\\Seen" in one.flags
    message, copy = parsed(one.raw), parsed(raw(records[0]))
    assert message["Bcc"] == "Prüfer <c@example.org>"
    for name in ("From", "To", "Subject", "Message-ID", "Date", "References"):
        assert message[name] == copy[name]
    html = message.get_body(("html",))
    assert html is not None
    assert html.get_content().replace("\r\n", "\n") == records[0]["html"]
    # Whoever parses it gets the same as from a copy.
    again = run(["parse"], stdin=[{"raw": base64.b64encode(one.raw).decode()}]).records[0]
    assert again["data"] == {"id": "a7"}


def test_a_second_run_changes_nothing(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    records = sent("a7", "b8")
    dovecot.add(user, *map(raw, records), mailbox="Sent")
    reconcile(plain, records)
    before = dovecot.list(user, "Sent")

    result = reconcile(plain, records)

    assert told(result) == [(False, "already-there", None)] * 6
    assert dovecot.list(user, "Sent") == before
    assert len(before) == 4


def test_copies_that_come_late_are_found_by_the_next_record(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    records = sent("a7")
    dovecot.add(user, raw(records[0]), mailbox="Sent")
    reconcile(plain, records[:1])
    dovecot.add(user, *map(raw, records[1:]), mailbox="Sent")

    result = reconcile(plain, records[1:])

    assert told(result) == [(False, "already-there", 2), (False, "already-there", None)]
    assert len(dovecot.list(user, "Sent")) == 3


def test_a_copy_that_is_filed_while_we_wait_is_found(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, run: Run
) -> None:
    import threading

    [record, *_] = sent("a7")
    filing = threading.Timer(2.0, lambda: dovecot.add(user, raw(record), mailbox="Sent"))
    filing.start()

    result = run(["sent", "--config", str(plain), "--wait", "20"], stdin=[record])
    filing.join()

    assert told(result) == [(True, None, 1)]


def test_the_people_are_those_that_the_provider_has_kept(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    records = sent("a7")
    changed = raw(records[0]).replace(
        b"From: Vehicle desk <desk@example.com>", b"From: Desk\r\n <new@example.com>"
    )
    dovecot.add(user, changed, mailbox="Sent")

    reconcile(plain, records[:1])

    one = parsed(dovecot.list(user, "Sent")[-1].raw)
    assert one["From"] == "Desk <new@example.com>"
    assert one["To"] == "a@example.net, b@example.net"


def test_every_folder_for_sent_mail_is_looked_into(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    records = sent("a7")
    with dovecot.client(user) as client:
        client.create('"Sent Items"')
        client.create("Gesendet")
        client.create("Elsewhere")
    for record, folder in zip(records, ("Sent Items", "Gesendet", "Elsewhere"), strict=True):
        dovecot.add(user, raw(record), mailbox=folder)

    result = reconcile(plain, records[:1], "--folder", "Gesendet")

    assert told(result) == [(True, None, 2)]
    assert [len(dovecot.list(user, name)) for name in ("Sent", "Sent Items", "Gesendet", "Elsewhere")] == [
        2,
        0,
        1,
        1,
    ]
    assert tokens(dovecot.list(user, "Gesendet")[0].raw) == []


@pytest.mark.parametrize("change", ["identifier", "key", "no pixel", "answer"])
def test_what_is_not_certainly_ours_stays(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any, change: str
) -> None:
    [record, *_] = sent("a7")
    identifier = record["messageId"][0].encode()
    alike = {
        "identifier": raw(record).replace(identifier, identifier + b".more"),
        "key": re.sub(rb"/o/[A-Za-z0-9_-]{20}", b"/o/" + b"A" * 20, raw(record).replace(b"=\r\n", b"")),
        "no pixel": re.sub(rb"<img[^>]*>", b"", raw(record).replace(b"=\r\n", b"")),
        "answer": raw(record).replace(b"Message-ID: <", b"Message-ID: <re-1@example.net>\r\nIn-Reply-To: <"),
    }[change]
    dovecot.add(user, alike, mailbox="Sent")

    reconcile(plain, [record])

    assert alike in [message.raw for message in dovecot.list(user, "Sent")]


@pytest.mark.parametrize("identifier", ["", "<>", '<x" OR ALL "@b>', "<a@b> <c@d>", "<a\\@b>"])
def test_an_identifier_that_finds_others_removes_nothing(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any, identifier: str
) -> None:
    records = sent("a7", "b8")
    dovecot.add(user, *map(raw, records), mailbox="Sent")
    [victim, *_] = sent("c9")
    head = re.sub(rb"Message-ID: .*\r\n", f"Message-ID: {identifier}\r\n".encode(), raw(victim))
    before = [message.raw for message in dovecot.list(user, "Sent")]

    reconcile(plain, [{**victim, "raw": base64.b64encode(head).decode()}], "--mode", "reconcile")

    assert [message.raw for message in dovecot.list(user, "Sent")][: len(before)] == before


def test_mail_that_is_not_tracked_is_left_as_it_is(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    [record] = sent("a7", track=False)
    dovecot.add(user, raw(record), mailbox="Sent")

    assert told(reconcile(plain, [record], "--mode", "reconcile")) == [(False, "already-there", None)]
    assert len(dovecot.list(user, "Sent")) == 3


@pytest.mark.parametrize(
    ("mode", "count", "reason"), [("append", 0, "already-there"), ("skip", 0, "skipped")]
)
def test_the_other_modes_remove_nothing(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any, mode: str, count: int, reason: str
) -> None:
    records = sent("a7")
    dovecot.add(user, *map(raw, records), mailbox="Sent")

    result = reconcile(plain, records, "--mode", mode)

    assert told(result) == [(False, reason, None)] * 3
    assert len(dovecot.list(user, "Sent")) == 5 + count


def test_what_is_appended_has_no_pixel_and_no_recipients_own_link(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    records = sent("a7", unsubscribe=True)
    assert b"List-Unsubscribe" in raw(records[0])

    assert told(reconcile(plain, records, "--mode", "append"))[0] == (True, None, None)

    one = dovecot.list(user, "Sent")[-1].raw
    assert tokens(one) == []
    assert b"List-Unsubscribe" not in one


def test_a_server_that_cannot_remove_single_messages_is_a_warning(
    dovecot: Dovecot, user: str, plain: Path, sent: Sent, reconcile: Any
) -> None:
    records = sent("a7")
    dovecot.add(user, *map(raw, records), mailbox="Sent")

    def without(mine: bool, octets: bytes) -> bytes:
        return octets if mine else octets.replace(b" UIDPLUS", b"").replace(b" STARTTLS", b"")

    with Tap(dovecot.port, without) as tap:
        behind(plain, dovecot.port, tap.port)

        result = reconcile(plain, records[:1])

    assert told(result) == [(True, "not-removed", None)]
    assert "UIDPLUS" in result.stderr
    assert len(dovecot.list(user, "Sent")) == 6
    assert [message.uid for message in dovecot.list(user, "Sent") if "\\Deleted" in message.flags] == [2]


def test_on_gmail_copies_are_deleted_in_the_trash(
    gmail: Gmail, user: str, tmp_path: Path, sent: Sent, reconcile: Any
) -> None:
    config = gmail.config(tmp_path / "config.yaml", user)
    records = sent("a7")
    gmail.file(user, OTHERS[0], *map(raw, records))
    gmail.dovecot.add(user, OTHERS[1], mailbox=TRASH)

    result = reconcile(config, records)

    assert told(result) == [(True, None, 3), (False, "already-there", None), (False, "already-there", None)]
    assert [message.raw for message in gmail.list(user, TRASH)] == [OTHERS[1]]
    other, one = gmail.list(user, SENT)
    assert other.raw == OTHERS[0]
    assert (tokens(one.raw), parsed(one.raw)["Bcc"]) == ([], "Prüfer <c@example.org>")
    assert [message.raw for message in gmail.list(user, ALL)] == [OTHERS[0], one.raw]


def test_on_gmail_a_second_run_changes_nothing(
    gmail: Gmail, user: str, tmp_path: Path, sent: Sent, reconcile: Any
) -> None:
    config = gmail.config(tmp_path / "config.yaml", user)
    records = sent("a7")
    gmail.file(user, *map(raw, records))
    reconcile(config, records)
    before = [gmail.list(user, folder) for folder in (SENT, ALL, TRASH)]

    assert told(reconcile(config, records)) == [(False, "already-there", None)] * 3
    assert [gmail.list(user, folder) for folder in (SENT, ALL, TRASH)] == before


def test_on_gmail_a_run_that_ended_between_is_completed(
    gmail: Gmail, user: str, tmp_path: Path, sent: Sent, reconcile: Any
) -> None:
    config = gmail.config(tmp_path / "config.yaml", user)
    records = sent("a7")
    gmail.dovecot.add(user, *map(raw, records), mailbox=TRASH)

    result = reconcile(config, records[:1])

    assert told(result) == [(True, None, 3)]
    assert gmail.list(user, TRASH) == []


def test_on_gmail_a_copy_of_mail_that_is_not_tracked_is_good(
    gmail: Gmail, user: str, tmp_path: Path, sent: Sent, reconcile: Any
) -> None:
    config = gmail.config(tmp_path / "config.yaml", user)
    [record] = sent("a7", track=False)
    gmail.file(user, raw(record))

    assert told(reconcile(config, [record], "--mode", "reconcile")) == [(False, "already-there", None)]
    assert [message.raw for message in gmail.list(user, ALL)] == [raw(record)]
    assert not [command for command in gmail.commands if "STORE" in command or "MOVE" in command]


def test_the_emulation_is_no_pushover(gmail: Gmail, user: str) -> None:
    """Whoever only expunges in Sent Mail deletes nothing."""
    import imaplib

    gmail.file(user, OTHERS[0])
    with imaplib.IMAP4("127.0.0.1", gmail.port) as client:
        client.login(user, gmail.dovecot.password)
        client.select(f'"{SENT}"')
        client.store("1", "+FLAGS", "\\Deleted")
        client.expunge()

    assert [message.raw for message in gmail.list(user, ALL)] == [OTHERS[0]]
    assert gmail.list(user, SENT) == []


PAGE = b"From: a@example.com\r\nTo: b@example.net\r\nContent-Type: text/html\r\n\r\n<p>x</p>\r\n"


def test_a_message_without_pixel_and_bcc_stays_as_it_is() -> None:
    assert canonical(PAGE, []) == PAGE
    assert canonical(PAGE, ["nonsense", {"email": 1}, {"email": "no address"}]) == PAGE


def test_people_are_taken_only_from_a_copy_that_has_a_sender() -> None:
    assert with_people(PAGE, b"To: x@example.net\r\n\r\n") == PAGE
    assert with_people(PAGE, PAGE) is PAGE
    changed = with_people(PAGE, PAGE.replace(b"a@example.com", b"n@example.com"))
    assert changed == PAGE.replace(b"a@example.com", b"n@example.com")
