"""Tests of check as a process, on real servers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Run
from tests.servers.dovecot import Dovecot
from tests.servers.scripted import FakeImap, Start
from tests.servers.smtp import PASSWORD, USER, Authority, Scripted, Server, Talk


def found(result: Result, topic: str) -> list[dict[str, Any]]:
    return [one for one in result.records if one["topic"] == topic]


def wrong(result: Result) -> list[str]:
    return [f"{one['topic']}: {one['detail']}" for one in result.records if one["state"] == "fail"]


@pytest.fixture
def config(
    tmp_path: Path, dovecot: Dovecot, user: str, authority: Authority, smtpd: Callable[..., Server]
) -> Path:
    """An account on a real Dovecot and a real SMTP server, both with TLS."""
    password = tmp_path / "smtp.password"
    password.write_text(PASSWORD)
    password.chmod(0o600)
    server = smtpd(starttls=True, auth=True)
    account = (
        "    from: Vehicle desk <mail-api@example.com>\n"
        f"    smtp: {{url: '{server.url(user=USER, host='localhost')}', "
        f"password: {{file: {password}}}, ca: {authority.ca}}}\n"
    )
    return dovecot.config(tmp_path / "config.yaml", user, tls=True, account=account)


def test_an_account_that_works_is_told_so(config: Path, run: Run, dovecot: Dovecot, user: str) -> None:
    before = dovecot.folders(user)

    result = run(["check", "--json", "--config", str(config)])

    assert (wrong(result), result.status, result.stderr) == ([], 0, "")
    assert found(result, "imap: login")[0]["state"] == "ok"
    assert found(result, "imap: tls")[0]["detail"].startswith("TLSv1.")
    assert "good until" in found(result, "imap: tls")[1]["detail"]
    assert "UIDPLUS, CONDSTORE, IDLE" in found(result, "imap: extensions")[0]["detail"]
    assert found(result, "smtp: login")[0]["detail"].endswith(f"logged in as {USER}")
    assert found(result, "smtp: sender")[0]["detail"] == "mail-api@example.com may send"
    assert dovecot.folders(user) == before


def test_prepare_makes_what_is_missing_and_leaves_nothing_behind(
    config: Path, run: Run, dovecot: Dovecot, user: str
) -> None:
    result = run(["check", "--json", "--prepare", "--config", str(config), "partners"])

    assert (wrong(result), result.status) == ([], 0)
    assert {"processed", "failed"} <= dovecot.folders(user)
    assert [one["state"] for one in found(result, "imap: write")] == ["ok"]
    assert [one["state"] for one in found(result, "clock")] == ["ok"]
    assert dovecot.list(user) == dovecot.list(user, "processed") == []
    again = run(["check", "--json", "--config", str(config)])
    assert found(again, "imap: claims")[0]["state"] == "ok"


def test_people_get_lines_with_what_to_do(config: Path, run: Run) -> None:
    text = run(["check", "--config", str(config)]).stdout.decode()

    assert "ok    config: " in text
    wanted = "WARN  smtp: extensions: the server has no PIPELINING\n      -> without it each message takes"
    assert wanted in text


def test_no_secret_is_shown(config: Path, run: Run, dovecot: Dovecot) -> None:
    result = run(["check", "--json", "--prepare", "--config", str(config)])

    for secret in (PASSWORD, dovecot.password):
        assert secret not in result.stdout.decode() + result.stderr


def test_a_wrong_password_is_found_and_the_rest_looked_at(config: Path, run: Run) -> None:
    config.with_suffix(".password").write_text("wrong")

    result = run(["check", "--json", "--config", str(config)])

    assert result.status == 77
    assert len(wrong(result)) == 1
    assert "refuses the login" in wrong(result)[0]
    assert found(result, "smtp: login")[0]["state"] == "ok"


def test_a_secret_that_others_can_read_is_found(config: Path, run: Run) -> None:
    config.with_suffix(".password").chmod(0o644)

    result = run(["check", "--json", "--config", str(config)])

    [finding] = found(result, "secrets")
    assert (finding["state"], finding["todo"].startswith("chmod 600")) == ("fail", True)


def test_a_certificate_that_is_not_trusted_is_found(config: Path, run: Run, authority: Authority) -> None:
    lines = config.read_text().splitlines()
    config.write_text("\n".join(lines).replace(f"ca: {authority.ca}", f"ca: {config.parent / 'none.pem'}"))

    result = run(["check", "--json", "--config", str(config)])

    assert result.status == 78
    assert "none.pem holds no certificates" in wrong(result)[0]


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        ("accounts: {partners: {imapp: x}}", 78, "unknown field"),
        ("{}", 78, "no account is configured"),
        ("accounts: {a: {imap: {url: 'imap://u@127.0.0.1:1', password: {env: HOME}}}}", 75, "127.0.0.1:1"),
        ("accounts: {a: {imap: {url: 'maildir:absent'}}}", 66, "is not there"),
        ("accounts: {a: {smtp: {url: 'sendmail:/absent/sendmail'}}}", 69, "cannot be run"),
        ("accounts: {a: {smtp: {url: 'smtp://u@127.0.0.1:1'}}}", 78, "no password is configured for u"),
    ],
)
def test_what_is_wrong_has_its_status(tmp_path: Path, run: Run, text: str, status: int, said: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text)

    result = run(["check", "--json", "--config", str(path)], cwd=tmp_path)

    assert result.status == status
    assert said in " ".join(wrong(result))


def test_rules_and_vocabulary_are_looked_at(tmp_path: Path, run: Run) -> None:
    (tmp_path / "config.yaml").write_text(
        "vocabulary: words.yaml\naccounts: {a: {imap: {url: 'maildir:in'}}}\n"
    )
    (tmp_path / "words.yaml").write_text("values: {status: {done: [fait]}}")
    (tmp_path / "good.yaml").write_text("rules: [{outcome: processed}]")
    (tmp_path / "bad.yaml").write_text("rules: [{name: a, outcome: processed}, {name: b, run: [./absent]}]")
    (tmp_path / "late.yaml").write_text("rules: [{name: a, stop: true}, {name: b, stop: true}]")
    (tmp_path / "hook.yaml").write_text(
        "secret: {env: NOT_SET}\nrules: [{post: 'https://hooks.example.com/'}]"
    )
    (tmp_path / "in" / "new").mkdir(parents=True)
    named = [part for name in ("good", "bad", "late", "hook") for part in ("--rules", f"{name}.yaml")]

    result = run(["check", "--json", "--config", "config.yaml", *named], cwd=tmp_path)

    assert result.status == 78
    assert found(result, "vocabulary")[0]["detail"].endswith("words.yaml: 3 words")
    said = " ".join(wrong(result))
    assert "good.yaml" not in said
    for part in (
        "absent: No such file",
        "rule 'b' can never be met",
        "NOT_SET is not set",
        "has no cur, new and tmp",
    ):
        assert part in said


def test_a_reader_that_goes_away_is_no_failure(config: Path, sh: Any) -> None:
    result = sh(f"mailpipe check --config {config} | head -n 1")

    assert (result.status, result.stderr) == (0, "")


def test_a_sender_that_the_server_refuses_is_found(
    tmp_path: Path, run: Run, scripted: Callable[..., Scripted]
) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 mx.example.net ESMTP")
        while command := talk.hear():
            verb = command[:4].upper()
            talk.say({b"EHLO": "250 mx.example.net", b"MAIL": "553 5.7.1 not yours"}.get(verb, "250 Ok"))

    server = scripted(script)
    path = tmp_path / "config.yaml"
    path.write_text(f"accounts: {{a: {{from: desk@example.com, smtp: {{url: '{server.url}'}}}}}}")

    result = run(["check", "--json", "--config", str(path)])

    assert (result.status, len(wrong(result))) == (77, 1)
    assert wrong(result)[0].startswith("smtp: sender: desk@example.com is refused: 553 5.7.1 not yours")
    assert [one["detail"] for one in found(result, "smtp: extensions")][1:] == [
        "the server has no PIPELINING",
        "the server has no SMTPUTF8",
    ]
    assert b"RCPT" not in server.octets
    assert b"DATA" not in server.octets


def test_a_poor_server_and_a_wrong_clock_are_found(tmp_path: Path, run: Run, fake_imap: Start) -> None:
    def newest(tag: str, _rest: str) -> bytes:
        item = b'* 1 FETCH (INTERNALDATE "20-Nov-2099 09:00:00 +0100")\r\n'
        return item + f"{tag} OK done\r\n".encode()

    server = fake_imap(FakeImap({1: b"x"}, {"FETCH": newest}, capabilities="IMAP4rev1 AUTH=PLAIN SASL-IR"))
    path = tmp_path / "config.yaml"
    path.write_text(f"accounts: {{a: {{imap: {{url: '{server.url()}', password: {{env: KEY}}}}}}}}")

    result = run(["check", "--json", "--config", str(path)], env={"KEY": "secret"})

    assert (wrong(result), result.status) == ([], 0)
    lacking = [one["detail"] for one in found(result, "imap: extensions") if one["state"] == "warn"]
    assert lacking == [f"the server has no {name}" for name in ("UIDPLUS", "CONDSTORE", "IDLE")]
    [clock] = found(result, "clock")
    assert (clock["state"], clock["todo"]) == ("warn", "let NTP set the clock of this computer")
    assert not [line for line in server.log if line.split()[1] in ("CREATE", "APPEND", "STORE", "SELECT")]
