"""mailpipe send as a process, on real servers."""

import json
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailpipe.errors import Exit
from tests.conftest import MAILPIPE, Run, Shell
from tests.send.outgoing import message, outgoing
from tests.servers.smtp import (
    HOST,
    REFUSALS,
    Postfix,
    Recorder,
    Scripted,
    Sink,
    Start,
    Talk,
    UnixSocketLmtp,
    free_port,
    polite,
)

Sinks = Callable[..., Sink]
Scripts = Callable[[Callable[[Talk], None]], Scripted]


def test_a_message_arrives_as_it_was_given(run: Run, smtpd: Start) -> None:
    server = smtpd()

    result = run(["send", "--via", server.url()], stdin=[outgoing()])

    assert result.status == 0, result.stderr
    assert [mail.content for mail in server.mails] == [message()]
    assert server.mails[0].recipients == ("garage@example.net",)


def test_the_receipt_has_the_shape_of_a_jmap_delivery_status(run: Run, smtpd: Start) -> None:
    server = smtpd()

    record = run(["send", "--via", server.url()], stdin=[outgoing(order=7)]).records[0]

    assert record["deliveryStatus"] == {
        "garage@example.net": {
            "delivered": "queued",
            "smtpReply": "250 2.0.0 queued as A1B2C3",
            "action": "relayed",
            "status": "2.0.0",
            "reason": None,
            "hard": False,
            "queueId": "A1B2C3",
        }
    }
    assert record["order"] == 7
    assert "raw" not in record


def test_keep_raw_keeps_what_sent_needs(run: Run, smtpd: Start) -> None:
    given = outgoing()

    record = run(["send", "--keep-raw", "--via", smtpd().url()], stdin=[given]).records[0]

    assert record["raw"] == given["raw"]


def test_a_second_run_sends_nothing_and_tells_the_same(run: Run, smtpd: Start) -> None:
    server = smtpd()
    first = run(["send", "--via", server.url()], stdin=[outgoing(1), outgoing(2)])

    second = run(["send", "--via", server.url()], stdin=[outgoing(1), outgoing(2)])

    assert len(server.mails) == 2
    assert second.records == [{**record, "replayed": True} for record in first.records]
    assert second.status == 0


def test_an_idempotency_key_outlives_a_new_rendering(run: Run, smtpd: Start) -> None:
    server = smtpd()
    run(["send", "--via", server.url()], stdin=[outgoing(1, idempotencyKey="order-7", text="x")])

    again = run(["send", "--via", server.url()], stdin=[outgoing(2, idempotencyKey="order-7", text="x")])

    assert len(server.mails) == 1
    assert again.records[0]["replayed"] is True


def test_the_same_key_with_other_content_is_an_error(run: Run, smtpd: Start) -> None:
    server = smtpd()
    run(["send", "--via", server.url()], stdin=[outgoing(idempotencyKey="order-7", text="one")])

    result = run(["send", "--via", server.url()], stdin=[outgoing(idempotencyKey="order-7", text="two")])

    assert result.status == Exit.FAILED
    assert result.records[0]["error"]["type"] == "key-reused"
    assert len(server.mails) == 1


def test_the_same_message_twice_in_one_stream_goes_out_once(run: Run, smtpd: Start) -> None:
    server = smtpd()

    result = run(["send", "--via", server.url()], stdin=[outgoing(), outgoing()])

    assert len(server.mails) == 1
    assert [record.get("replayed", False) for record in result.records] == [False, True]


def test_copies_for_each_recipient_may_share_a_message_id(run: Run, smtpd: Start) -> None:
    server = smtpd()
    copies = [outgoing(1, raw=message(1, body=f"{n}\r\n"), to=[f"{n}@example.net"]) for n in "ab"]

    result = run(["send", "--via", server.url()], stdin=copies)

    assert result.status == 0, result.stderr
    assert [mail.recipients for mail in server.mails] == [("a@example.net",), ("b@example.net",)]


def test_partial_refusal_is_told_for_each_recipient_and_by_the_status(run: Run, smtpd: Start) -> None:
    server = smtpd()
    record = outgoing(
        to=["garage@example.net", "nobody@example.net", "full@example.net", "later@example.net"]
    )

    result = run(["send", "--via", server.url()], stdin=[record])

    statuses = result.records[0]["deliveryStatus"]
    told = {
        address: (status["delivered"], status["action"], status["reason"], status["hard"])
        for address, status in statuses.items()
    }
    assert told == {
        "garage@example.net": ("queued", "relayed", None, False),
        "nobody@example.net": ("no", "failed", "bad_mailbox", True),
        "full@example.net": ("no", "failed", "mailbox_full", False),
        "later@example.net": ("no", "delayed", "system", False),
    }
    error = result.records[0]["error"]
    assert (error["type"], error["retryable"]) == ("partly-refused", True)
    assert result.status == Exit.FAILED
    assert server.mails[0].recipients == ("garage@example.net",)


def test_after_a_partial_refusal_only_those_put_off_are_tried_again(
    run: Run, smtpd: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = smtpd()
    record = outgoing(to=["garage@example.net", "nobody@example.net", "later@example.net"])
    run(["send", "--via", server.url()], stdin=[record])
    monkeypatch.delitem(REFUSALS, "later")
    monkeypatch.delitem(REFUSALS, "nobody")

    again = run(["send", "--via", server.url()], stdin=[record])

    assert [mail.recipients for mail in server.mails] == [("garage@example.net",), ("later@example.net",)]
    statuses = again.records[0]["deliveryStatus"]
    assert {address: status["action"] for address, status in statuses.items()} == {
        "garage@example.net": "relayed",
        "nobody@example.net": "failed",
        "later@example.net": "relayed",
    }


def test_a_refused_message_goes_out_again_on_request_only(run: Run, smtpd: Start) -> None:
    server = smtpd(recorder=Recorder(answer="554 5.7.1 not today"))
    send = ["send", "--via", server.url()]
    refused = run(send, stdin=[outgoing()])
    server.recorder.answer = "250 2.0.0 Ok"

    held = run(send, stdin=[outgoing()])
    resent = run([*send, "--on-refused", "resend"], stdin=[outgoing()])

    assert [result.status for result in (refused, held, resent)] == [1, 1, 0]
    assert held.records[0]["replayed"] is True
    assert "--on-refused resend" in held.stderr
    assert len(server.mails) == 1


def test_a_message_put_off_after_the_dot_is_retryable(run: Run, smtpd: Start) -> None:
    server = smtpd(recorder=Recorder(answer="451 4.3.0 disk full"))

    result = run(["send", "--via", server.url()], stdin=[outgoing()])

    error = result.records[0]["error"]
    assert (result.status, error["type"], error["retryable"]) == (Exit.FAILED, "deferred", True)


def test_neighbours_of_a_refused_message_are_sent(run: Run, smtpd: Start) -> None:
    server = smtpd()
    records = [outgoing(1), outgoing(2, to=["nobody@example.net"]), outgoing(3)]

    result = run(["send", "--via", server.url()], stdin=records)

    assert ["error" in record for record in result.records] == [False, True, False]
    assert len(server.mails) == 2


def test_recipients_are_asked_once_however_they_are_written(run: Run, smtpd: Start) -> None:
    server = smtpd()
    record = outgoing(to=["garage@example.net", "Garage@EXAMPLE.net", "garage@example.net"])

    run(["send", "--via", server.url()], stdin=[record])

    assert server.mails[0].recipients == ("garage@example.net",)


def test_lmtp_has_a_verdict_for_each_recipient(run: Run, smtpd: Start) -> None:
    server = smtpd(lmtp=True)

    record = run(["send", "--via", server.url("lmtp")], stdin=[outgoing()]).records[0]

    status = record["deliveryStatus"]["garage@example.net"]
    assert (status["delivered"], status["action"]) == ("yes", "delivered")


def test_lmtp_verdicts_are_not_mixed_up(run: Run, scripted: Scripts) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 mx LMTP")
        talk.hear()
        talk.say("250-mx", "250 PIPELINING")
        for _ in range(4):
            talk.hear()
        talk.say("250 ok", "250 ok", "250 ok", "354 go")
        talk.hear(b"\r\n.\r\n")
        talk.say("250 2.0.0 stored", "452 4.2.2 over quota")

    server = scripted(script)
    record = outgoing(to=["a@example.net", "b@example.net"])

    result = run(["send", "--via", f"lmtp://{HOST}:{server.port}"], stdin=[record])

    statuses = result.records[0]["deliveryStatus"]
    assert {address: (status["action"], status["reason"]) for address, status in statuses.items()} == {
        "a@example.net": ("delivered", None),
        "b@example.net": ("delayed", "mailbox_full"),
    }
    assert b"LHLO " in server.octets


def test_mail_reaches_a_mailbox_through_postfix(run: Run, postfix_mail: Postfix) -> None:
    records = [outgoing(1), outgoing(2, to=["garage@example.net", "nobody@example.net"])]

    result = run(["send", "--via", postfix_mail.url], stdin=records)

    assert len(postfix_mail.wait(2)) == 2
    assert [record.get("error", {}).get("type") for record in result.records] == [None, "partly-refused"]
    assert "queued as" in result.records[0]["deliveryStatus"]["garage@example.net"]["smtpReply"]


def test_a_server_that_is_not_there_ends_the_stage(run: Run) -> None:
    result = run(["send", "--via", f"smtp://{HOST}:{free_port()}"], stdin=[outgoing()])

    assert result.status == Exit.TEMPORARY
    assert [record["error"]["type"] for record in result.records] == ["deferred", "try-later"]
    assert "Connection refused" in result.stderr.splitlines()[-1]


def test_a_connection_lost_before_the_dot_is_retryable_and_tried_once_more(run: Run, sink: Sinks) -> None:
    server = sink("-q", "DATA")

    result = run(["send", "--via", server.url], stdin=[outgoing()])

    error = result.records[0]["error"]
    assert (error["type"], error["retryable"]) == ("deferred", True)


def test_a_connection_lost_after_the_dot_is_unknown_and_held_by_ten_runs(run: Run, sink: Sinks) -> None:
    server = sink("-q", ".")
    send = ["send", "--via", server.url]

    results = [run(send, stdin=[outgoing()]) for _ in range(11)]

    assert {result.records[0]["error"]["type"] for result in results} == {"unknown"}
    assert {result.records[0]["deliveryStatus"]["garage@example.net"]["delivered"] for result in results} == {
        "unknown"
    }
    assert all("--on-unknown resend" in result.stderr for result in results)
    assert {result.status for result in results} == {Exit.FAILED}
    assert len(server.dumps) == 1


def test_an_unknown_message_is_sent_again_on_request(run: Run, sink: Sinks, smtpd: Start) -> None:
    run(["send", "--via", sink("-q", ".").url], stdin=[outgoing()])
    server = smtpd()

    held = run(["send", "--via", server.url()], stdin=[outgoing()])
    resent = run(["send", "--via", server.url(), "--on-unknown", "resend"], stdin=[outgoing()])

    assert (held.status, resent.status) == (1, 0)
    assert len(server.mails) == 1


@pytest.mark.parametrize("code", ["-r", "-f"], ids=["4xx", "5xx"])
@pytest.mark.parametrize("command", ["MAIL", "RCPT", "DATA", "."])
def test_a_refusal_at_any_command_is_no_doubt(run: Run, sink: Sinks, code: str, command: str) -> None:
    server = sink(code, command)

    result = run(["send", "--via", server.url], stdin=[outgoing()])

    error = result.records[0]["error"]
    assert (error["type"], error["retryable"]) == (("deferred", True) if code == "-r" else ("refused", False))


@pytest.mark.parametrize("command", ["EHLO", "MAIL", "RCPT", "DATA"])
def test_a_hang_up_before_the_dot_is_no_doubt(run: Run, sink: Sinks, command: str) -> None:
    server = sink("-q", command)

    result = run(["send", "--via", server.url], stdin=[outgoing()])

    assert result.records[-1]["error"]["retryable"] is True
    assert result.records[-1]["error"]["type"] in ("deferred", "try-later")
    assert not server.dumps


def test_an_answer_that_comes_too_late_is_unknown(run: Run, sink: Sinks) -> None:
    server = sink("-W", ".:4")

    result = run(["send", "--via", server.url, "--dot-timeout", "1"], stdin=[outgoing()])

    assert result.records[0]["error"]["type"] == "unknown"


def waits(talk: Talk) -> None:
    talk.hear()


def test_a_silent_server_is_given_up(run: Run, scripted: Scripts) -> None:
    server = scripted(waits)

    result = run(["send", "--via", server.url, "--command-timeout", "0.5"], stdin=[outgoing()], timeout=20)

    assert result.status == Exit.TEMPORARY


def test_many_messages_on_several_connections_arrive_once_each_and_receipts_stay_in_order(
    run: Run, sink: Sinks
) -> None:
    server = sink()
    records = [outgoing(number, n=number) for number in range(300)]

    result = run(["send", "--via", server.url, "--connections", "4"], stdin=records)

    assert result.status == 0, result.stderr
    assert [record["n"] for record in result.records] == list(range(300))
    assert len(server.dumps) == 300


def test_a_server_without_extensions_is_spoken_to_step_by_step(run: Run, sink: Sinks) -> None:
    server = sink("-e")  # no ESMTP at all

    result = run(
        ["send", "--via", server.url], stdin=[outgoing(1), outgoing(2, to=["a@example.net", "b@example.net"])]
    )

    assert result.status == 0, result.stderr
    assert len(server.dumps) == 2


def test_a_message_larger_than_the_server_takes_is_refused_before_data(run: Run, smtpd: Start) -> None:
    server = smtpd(data_size_limit=1000)
    large = outgoing(raw=message(body="x" * 70 + "\r\n" * 800))

    result = run(["send", "--via", server.url()], stdin=[large, outgoing(2)])

    assert result.records[0]["deliveryStatus"]["garage@example.net"]["reason"] == "too_big"
    assert len(server.mails) == 1


def test_one_raw_message_is_sent_by_its_header_and_loses_its_bcc(run: Run, smtpd: Start) -> None:
    server = smtpd()
    raw = (
        b"From: Desk <desk@example.com>\nTo: One <one@example.net>,\n two@example.net\n"
        b"Bcc: three@example.net\nSubject: raw\nMessage-ID: <raw@example.com>\n\n.hello\n.\nend\n"
    )

    result = run(["send", "--via", server.url()], stdin=raw)

    assert result.status == 0, result.stderr
    mail = server.mails[0]
    assert mail.recipients == ("one@example.net", "two@example.net", "three@example.net")
    assert b"three" not in mail.content
    assert mail.content.endswith(b"\r\n\r\n.hello\r\n.\r\nend\r\n")
    assert b"\r\nDate: " in mail.content


def test_bcc_of_a_record_is_never_on_the_wire(run: Run, smtpd: Start) -> None:
    server = smtpd()
    raw = message().replace(
        b"Subject:",
        b"BCC: secret@example.net,\r\n other@example.net\r\nResent-Bcc: x@example.net\r\nSubject:",
    )

    run(
        ["send", "--via", server.url()],
        stdin=[outgoing(raw=raw, to=["garage@example.net", "secret@example.net"])],
    )

    assert server.mails[0].content == message()
    assert "secret@example.net" in server.mails[0].recipients


def test_non_ascii_addresses_and_domains(run: Run, smtpd: Start) -> None:
    server = smtpd()

    run(["send", "--via", server.url()], stdin=[outgoing(to=["jürgen@straße.example"])])
    run(["send", "--via", server.url()], stdin=[outgoing(2, to=["jose@exämple.com"])])

    assert server.mails[0].recipients == ("jürgen@xn--strae-oqa.example",)
    assert "SMTPUTF8" in server.mails[0].options
    assert server.mails[1].recipients == ("jose@xn--exmple-cua.com",)
    assert "SMTPUTF8" not in server.mails[1].options


def test_a_reader_that_goes_after_one_line_leaves_a_ledger_that_is_right(
    sh: Shell, run: Run, sink: Sinks, tmp_path: Path
) -> None:
    server = sink()
    records = [outgoing(number) for number in range(300)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))

    left = sh(f"( mailpipe send --via {server.url} < in.jsonl; echo $? > status ) | head -n 1")
    rest = run(["send", "--via", server.url], stdin=records)

    assert (tmp_path / "status").read_text().strip() == str(int(Exit.CLOSED_PIPE))
    assert left.stderr == ""
    assert rest.status == 0, rest.stderr
    assert len(server.dumps) == 300


def test_a_sender_killed_after_the_dot_never_sends_twice(
    run: Run, scripted: Scripts, smtpd: Start, home_env: Mapping[str, str]
) -> None:
    dotted = threading.Event()

    def script(talk: Talk) -> None:
        talk.say("220 mx")
        while command := talk.hear():
            talk.say("354 go on" if command == b"DATA\r\n" else "250 mx")
            if command == b"DATA\r\n":
                talk.hear(b"\r\n.\r\n")
                dotted.set()

    server = scripted(script)
    with subprocess.Popen(
        [MAILPIPE, "send", "--via", server.url],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=home_env,
    ) as process:
        assert process.stdin
        process.stdin.write(json.dumps(outgoing()).encode() + b"\n")
        process.stdin.flush()
        assert dotted.wait(20)
        process.send_signal(signal.SIGKILL)
    other = smtpd()

    again = run(["send", "--via", other.url()], stdin=[outgoing()])

    assert again.records[0]["error"]["type"] == "unknown"
    assert not other.mails


def test_runs_at_once_send_each_message_once(
    sink: Sinks, home_env: Mapping[str, str], tmp_path: Path
) -> None:
    server = sink()
    lines = "".join(json.dumps(outgoing(number)) + "\n" for number in range(100)).encode()
    command = [MAILPIPE, "send", "--via", server.url]

    def one(_: int) -> bytes:
        return subprocess.run(command, input=lines, capture_output=True, env=home_env, check=False).stdout

    with ThreadPoolExecutor(6) as pool:
        outputs = list(pool.map(one, range(6)))

    assert len(server.dumps) == 100
    types = {json.loads(line).get("error", {}).get("type") for out in outputs for line in out.splitlines()}
    assert types <= {None, "in-flight"}


def test_output_comes_before_the_end_of_input(smtpd: Start, home_env: Mapping[str, str]) -> None:
    server = smtpd()
    with subprocess.Popen(
        [MAILPIPE, "send", "--via", server.url()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=home_env
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(outgoing()).encode() + b"\n")
        process.stdin.flush()

        line = process.stdout.readline()

        assert json.loads(line)["deliveryStatus"]
        process.stdin.close()
        assert process.wait(10) == 0


def test_lmtp_through_a_unix_socket(run: Run, tmp_path: Path) -> None:
    recorder = Recorder()
    controller = UnixSocketLmtp(recorder, str(tmp_path / "lmtp"))
    controller.start()
    try:
        result = run(["send", "--via", f"lmtp://{tmp_path}/lmtp"], stdin=[outgoing()])
    finally:
        controller.stop()

    assert result.status == 0, result.stderr
    assert [mail.content for mail in recorder.mails] == [message()]


def test_a_program_as_transport(run: Run, tmp_path: Path) -> None:
    program = tmp_path / "sendmail"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/got\n")
    program.chmod(0o755)

    first = run(["send", "--via", f"sendmail:{program}"], stdin=[outgoing()])
    second = run(["send", "--via", f"sendmail:{program}"], stdin=[outgoing()])

    assert (first.status, second.records[0]["replayed"]) == (0, True)
    assert (tmp_path / "got").read_bytes() == message().replace(b"\r\n", b"\n")


def test_what_lies_in_a_folder_has_not_been_sent_to_the_world(run: Run, smtpd: Start) -> None:
    server = smtpd()
    run(["send", "--via", "maildir:out"], stdin=[outgoing()])

    result = run(["send", "--via", server.url()], stdin=[outgoing()])

    assert "replayed" not in result.records[0]
    assert len(server.mails) == 1


def test_nowhere_to_send_to_says_what_to_do(run: Run) -> None:
    result = run(["send"], stdin=[outgoing()])

    assert result.status == Exit.USAGE
    assert "--via maildir:out" in result.stderr


def test_the_environment_may_say_where(run: Run, smtpd: Start) -> None:
    server = smtpd()

    result = run(["send"], stdin=[outgoing()], env={"MAILPIPE_SEND_VIA": server.url()})

    assert result.status == 0, result.stderr
    assert len(server.mails) == 1


def test_replies_in_single_octets_are_understood(run: Run, scripted: Scripts) -> None:
    class Slow(Talk):
        def say(self, *lines: str) -> None:
            for octet in "".join(line + "\r\n" for line in lines).encode():
                self.link.sendall(bytes([octet]))

    server = scripted(lambda talk: polite(Slow(talk.link, server), "PIPELINING"))

    result = run(["send", "--via", server.url], stdin=[outgoing(1), outgoing(2)])

    assert result.status == 0, result.stderr


@pytest.mark.parametrize("flood", ["220-x\r\n", "2", "hello\r\n"], ids=["lines", "one line", "no SMTP"])
def test_a_banner_without_end_is_an_error_and_not_a_wait(run: Run, scripted: Scripts, flood: str) -> None:
    server = scripted(lambda talk: talk.link.sendall(flood.encode() * (10_000_000 // len(flood))))

    result = run(["send", "--via", server.url], stdin=[outgoing()], timeout=20)

    assert result.status in (Exit.TEMPORARY, Exit.PROTOCOL)


def few(talk: Talk, bodies: list[bytes], *, closing: str = "", each: int = 1) -> None:
    """A server that takes so many messages on one connection, then says so or just closes."""
    talk.say("220 mx")
    taken = 0
    while command := talk.hear():
        if taken == each:
            if closing:
                talk.say(closing)
            return
        if command.startswith(b"EHLO"):
            talk.say("250-mx", "250 PIPELINING")
        elif command == b"DATA\r\n":
            talk.say("354 go on")
            bodies.append(talk.hear(b"\r\n.\r\n"))
            talk.say("250 2.0.0 taken")
            taken += 1
        else:
            talk.say("250 ok")


@pytest.mark.parametrize("closing", ["", "421 4.7.0 too many messages on this connection"])
@pytest.mark.parametrize("connections", ["1", "3"])
def test_a_server_that_closes_between_messages_gets_all_of_them_once(
    run: Run, scripted: Scripts, closing: str, connections: str
) -> None:
    bodies: list[bytes] = []
    server = scripted(lambda talk: few(talk, bodies, closing=closing))
    records = [outgoing(number, n=number) for number in range(6)]

    result = run(["send", "--via", server.url, "--connections", connections], stdin=records)

    assert result.status == 0, result.stderr
    assert [record["n"] for record in result.records] == list(range(6))
    assert sorted(bodies) == [message(number) + b".\r\n" for number in range(6)]


def test_a_server_that_says_421_each_time_puts_the_message_off(run: Run, scripted: Scripts) -> None:
    server = scripted(lambda talk: few(talk, [], closing="421 4.7.0 go away", each=0))

    result = run(["send", "--via", server.url], stdin=[outgoing()])

    assert result.status == Exit.TEMPORARY
    assert "go away" in result.stderr


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_a_ledger_that_is_right(
    run: Run, sink: Sinks, home_env: Mapping[str, str], tmp_path: Path, signum: signal.Signals
) -> None:
    server = sink()
    records = [outgoing(number) for number in range(2000)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    with (
        (tmp_path / "in.jsonl").open("rb") as given,
        subprocess.Popen(
            [MAILPIPE, "send", "--via", server.url, "--connections", "3"],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=home_env,
        ) as process,
    ):
        assert process.stdout
        process.stdout.readline()
        process.send_signal(signum)
        process.communicate(timeout=20)

    rest = run(["send", "--via", server.url], stdin=records)

    assert process.returncode == 128 + signum
    assert rest.status == 0, rest.stderr
    assert len(server.dumps) == 2000
