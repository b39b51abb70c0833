"""Putting off, looking, trying again: mailpipe send as a process, on real servers."""

import json
import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from mailpipe.errors import Exit
from tests.conftest import MAILPIPE, Run, Shell
from tests.send.outgoing import message, outgoing
from tests.servers.smtp import HOST, REFUSALS, Recorder, Start, free_port

LATER = "451 4.7.1 greylisted, come again"


def state(home_env: Mapping[str, str]) -> Path:
    return Path(home_env["XDG_STATE_HOME"]) / "mailpipe"


def test_what_is_put_off_is_listed_and_tried_again_with_what_it_was(
    run: Run, smtpd: Start, home_env: Mapping[str, str]
) -> None:
    server = smtpd(recorder=Recorder(answer=LATER))
    send = ["send", "--via", server.url()]
    run(send, stdin=[outgoing(1, order=7), outgoing(2)])
    listed = run(["send", "--status"]).records
    server.recorder.answer = "250 2.0.0 Ok"

    retried = run([*send, "--retry", "all"])

    assert [record["messageId"] for record in listed] == [["1@example.com"], ["2@example.com"]]
    assert {record["send"]["state"] for record in listed} == {"deferred"}
    assert listed[0]["deliveryStatus"]["garage@example.net"]["smtpReply"] == LATER
    assert listed[0]["send"]["nextAttempt"] > listed[0]["send"]["lastAttempt"]
    assert {record.get("order") for record in retried.records} == {7, None}
    assert sorted(mail.content for mail in server.mails) == [message(1), message(2)]
    assert (retried.status, run(["send", "--status"]).stdout) == (0, b"")
    assert not list((state(home_env) / "postponed").iterdir())


def test_retry_takes_what_is_due_and_says_what_is_not(run: Run, smtpd: Start) -> None:
    server = smtpd(recorder=Recorder(answer=LATER))
    send = ["send", "--via", server.url()]
    run(send, stdin=[outgoing()])

    result = run([*send, "--retry"])

    assert (result.stdout, result.status) == (b"", 0)
    assert "1 put off, not to be tried before" in result.stderr


def test_what_one_server_has_put_off_is_not_given_to_another(run: Run, smtpd: Start) -> None:
    run(["send", "--via", smtpd(recorder=Recorder(answer=LATER)).url()], stdin=[outgoing()])
    other = smtpd()

    result = run(["send", "--via", other.url(), "--retry", "all"])

    assert (result.stdout, other.mails) == (b"", [])


def test_a_retry_that_is_put_off_again_waits_longer(run: Run, smtpd: Start) -> None:
    server = smtpd(recorder=Recorder(answer=LATER))
    send = ["send", "--via", server.url()]
    run(send, stdin=[outgoing()])
    for _ in range(4):
        run([*send, "--retry", "all"])

    (listed,) = run(["send", "--status"]).records

    assert listed["send"]["attempts"] == 5
    assert server.recorder.mails == []


def test_only_those_put_off_get_it_again(run: Run, smtpd: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    server = smtpd()
    send = ["send", "--via", server.url()]
    run(send, stdin=[outgoing(to=["garage@example.net", "nobody@example.net", "later@example.net"])])
    monkeypatch.delitem(REFUSALS, "later")
    monkeypatch.delitem(REFUSALS, "nobody")

    (record,) = run([*send, "--retry", "all"]).records

    assert [mail.recipients for mail in server.mails] == [("garage@example.net",), ("later@example.net",)]
    assert {a: status["action"] for a, status in record["deliveryStatus"].items()} == {
        "garage@example.net": "relayed",
        "nobody@example.net": "failed",
        "later@example.net": "relayed",
    }


def test_what_was_put_off_is_for_its_owner_alone(run: Run, smtpd: Start, home_env: Mapping[str, str]) -> None:
    before = os.umask(0)
    try:
        run(["send", "--via", smtpd(recorder=Recorder(answer=LATER)).url()], stdin=[outgoing()])
    finally:
        os.umask(before)
    folder = state(home_env) / "postponed"

    modes = [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())]

    assert modes == [0o700, 0o600]


def test_a_run_that_waits_delivers_when_the_server_has_changed_its_mind(run: Run, smtpd: Start) -> None:
    class Grey(Recorder):
        async def handle_DATA(self, *given: object) -> str:  # noqa: N802
            answer = await super().handle_DATA(*given)  # type: ignore[arg-type]
            self.answer = "250 2.0.0 Ok"
            return answer

    server = smtpd(recorder=Grey(answer=LATER))

    result = run(["send", "--via", server.url(), "--wait", "30s"], stdin=[outgoing()], timeout=40)

    assert result.status == 0, result.stderr
    assert "replayed" not in result.records[0]
    assert len(server.mails) == 1


def test_a_message_put_off_for_too_long_is_refused_for_good(run: Run, smtpd: Start) -> None:
    server = smtpd(recorder=Recorder(answer=LATER))
    send = ["send", "--via", server.url(), "--max-age", "0s"]
    first = run(send, stdin=[outgoing()])

    second = run([*send, "--retry", "all"])

    assert first.records[0]["error"]["type"] == "deferred"
    assert second.records[0]["deliveryStatus"]["garage@example.net"]["status"] == "4.4.7"
    assert second.records[0]["error"]["retryable"] is False
    assert run(["send", "--status"]).stdout == b""


def test_a_server_that_is_gone_has_put_off_what_is_in_hand(run: Run, smtpd: Start) -> None:
    port = free_port()
    send = ["send", "--via", f"smtp://{HOST}:{port}"]

    result = run(send, stdin=[outgoing(number) for number in range(3)])

    assert result.status == Exit.TEMPORARY
    assert [record["error"]["type"] for record in result.records] == ["deferred"] * 3 + ["try-later"]
    assert len(run(["send", "--status"]).records) == 3


def test_an_unknown_message_is_listed_and_kept_from_being_retried(
    run: Run, smtpd: Start, home_env: Mapping[str, str]
) -> None:
    server = smtpd(recorder=Recorder(answer=LATER))
    send = ["send", "--via", server.url()]
    run(send, stdin=[outgoing()])
    with sqlite3.connect(state(home_env) / "mailpipe.db") as db:
        db.execute("UPDATE sends SET state = 'unknown'")

    (listed,) = run(["send", "--status"]).records
    held = run([*send, "--retry", "all"])
    server.recorder.answer = "250 2.0.0 Ok"
    resent = run([*send, "--retry", "all", "--on-unknown", "resend"])

    assert listed["send"]["state"] == "unknown"
    assert held.records[0]["error"]["type"] == "unknown"
    assert (resent.status, len(server.mails)) == (0, 1)


def test_what_was_sent_is_forgotten_after_ninety_days(
    run: Run, smtpd: Start, home_env: Mapping[str, str]
) -> None:
    server = smtpd()
    send = ["send", "--via", server.url()]
    run(send, stdin=[outgoing(1), outgoing(2)])
    with sqlite3.connect(state(home_env) / "mailpipe.db") as db:
        db.execute("UPDATE sends SET at = at - 91 * 86400 WHERE key = '<1@example.com>'")
        db.execute("UPDATE upkeep SET at = at - 2 * 86400")
    run(send, stdin=[outgoing(3)])

    again = run(send, stdin=[outgoing(1), outgoing(2)])

    assert [record.get("replayed", False) for record in again.records] == [False, True]


def test_a_rate_is_kept_by_a_whole_run(run: Run, smtpd: Start) -> None:
    begun = time.monotonic()

    result = run(["send", "--via", smtpd().url(), "--rate", "4/s"], stdin=[outgoing(n) for n in range(9)])

    assert result.status == 0, result.stderr
    assert time.monotonic() - begun >= 2.0


@pytest.mark.parametrize(
    "option", [["--rate", "fast"], ["--rate", "0/min"], ["--wait", "soon"], ["--max-age", "-1d"]]
)
def test_a_time_or_rate_that_is_none_is_a_usage_error(run: Run, option: list[str]) -> None:
    result = run(["send", "--via", "maildir:out", *option], stdin=[outgoing()])

    assert result.status == Exit.USAGE
    assert "write" in result.stderr


def test_a_dry_run_says_who_would_get_it_and_sends_and_keeps_nothing(run: Run, smtpd: Start) -> None:
    server = smtpd()
    send = ["send", "--via", server.url()]
    records = [outgoing(1), outgoing(2, to=["a@example.net", "b@example.net"]), {"n": 3}]

    rehearsed = run([*send, "--dry-run"], stdin=records)
    real = run(send, stdin=records[:2])

    assert rehearsed.records[0]["dryRun"] == {
        "via": server.url(),
        "mailFrom": {"email": "desk@example.com"},
        "rcptTo": [{"email": "garage@example.net"}],
        "size": len(message(1)),
    }
    assert len(rehearsed.records[1]["dryRun"]["rcptTo"]) == 2
    assert rehearsed.records[2]["error"]["type"] == "missing-field"
    assert rehearsed.status == Exit.FAILED
    assert ["replayed" in record for record in real.records] == [False, False]
    assert len(server.mails) == 2


def test_a_dry_run_tells_what_is_sent_already(run: Run, smtpd: Start) -> None:
    send = ["send", "--via", smtpd().url()]
    run(send, stdin=[outgoing()])

    (record,) = run([*send, "--dry-run"], stdin=[outgoing()]).records

    assert record["replayed"] is True
    assert "dryRun" not in record


def test_a_dry_run_needs_no_server(run: Run) -> None:
    result = run(["send", "--via", f"smtp://{HOST}:{free_port()}", "--dry-run"], stdin=[outgoing()])

    assert result.status == 0, result.stderr


def test_redirected_messages_come_to_me_with_their_header_and_may_still_be_sent(
    run: Run, smtpd: Start
) -> None:
    server = smtpd()
    send = ["send", "--via", server.url()]
    record = outgoing(to=["garage@example.net", "boss@example.net"])

    redirected = run([*send, "--redirect", "me@example.com"], stdin=[record])
    again = run([*send, "--redirect", "me@example.com"], stdin=[record])
    real = run(send, stdin=[record])

    assert [mail.recipients for mail in server.mails] == [
        ("me@example.com",),
        ("garage@example.net", "boss@example.net"),
    ]
    assert {mail.content for mail in server.mails} == {message()}
    assert list(redirected.records[0]["deliveryStatus"]) == ["me@example.com"]
    assert again.records[0]["replayed"] is True
    assert "replayed" not in real.records[0]


def test_only_allowed_domains_get_it_and_the_others_may_get_it_later(run: Run, smtpd: Start) -> None:
    server = smtpd()
    send = ["send", "--via", server.url()]
    record = outgoing(to=["a@example.com", "b@Example.NET", "c@sub.example.net", "d@notexample.net"])

    result = run([*send, "--allow-domain", "example.net", "--allow-domain", ".example.net"], stdin=[record])
    real = run(send, stdin=[record])

    statuses = result.records[0]["deliveryStatus"]
    told = {address: (status["action"], status["reason"]) for address, status in statuses.items()}
    assert told == {
        "a@example.com": ("failed", "policy"),
        "b@Example.NET": ("relayed", None),
        "c@sub.example.net": ("relayed", None),
        "d@notexample.net": ("failed", "policy"),
    }
    assert result.records[0]["error"]["type"] == "partly-refused"
    assert [len(mail.recipients) for mail in server.mails] == [2, 2]
    assert real.status == 0, real.stderr


def test_a_message_that_nobody_may_get_is_refused_without_a_server(run: Run) -> None:
    send = ["send", "--via", f"smtp://{HOST}:{free_port()}", "--allow-domain", "example.com"]

    result = run(send, stdin=[outgoing()])

    assert (result.status, result.records[0]["error"]["type"]) == (Exit.FAILED, "refused")
    assert "replayed" not in result.records[0]


@pytest.mark.parametrize("option", [["--redirect", "nobody"], ["--redirect", "a@b.c", "--allow-domain", "x"]])
def test_an_aim_that_is_none_is_a_usage_error(run: Run, option: list[str]) -> None:
    assert run(["send", "--via", "maildir:out", *option], stdin=[outgoing()]).status == Exit.USAGE


def test_a_merge_of_many_rows_reaches_the_server_once_each(sh: Shell, smtpd: Start, tmp_path: Path) -> None:
    server = smtpd()
    (tmp_path / "letter.md").write_text(
        '---\nfrom: desk@example.com\nto: "{{ mail }}"\nsubject: "Hello {{ n }}"\n---\nDear {{ n }}\n'
    )
    rows = [{"n": number, "mail": f"r{number}@example.net"} for number in range(500)]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    done = sh(
        f"{MAILPIPE} render letter.md < rows.jsonl"
        f" | {MAILPIPE} send --connections 4 --via {server.url()} > sent.jsonl"
    )

    assert done.status == 0, done.stderr
    assert sorted(mail.recipients for mail in server.mails) == sorted((row["mail"],) for row in rows)
