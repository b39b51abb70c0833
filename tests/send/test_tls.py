"""Secrets and mail go out in TLS only: mailpipe send against good and bad servers."""

import json
import ssl
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from mailpipe.errors import Exit
from tests.conftest import Result, Run
from tests.send.outgoing import outgoing
from tests.servers.smtp import HOST, PASSWORD, USER, Authority, Scripted, Start, Talk

Scripts = Callable[[Callable[[Talk], None]], Scripted]
Send = Callable[..., Result]


@pytest.fixture
def send(run: Run, tmp_path: Path) -> Send:
    """Run send with an account that has a password, and perhaps an authority to trust."""

    def call(
        url: str, *more: str, ca: Path | None = None, secret: str = PASSWORD, kind: str = "password"
    ) -> Result:
        (tmp_path / "secret").write_text(secret + "\n")
        (tmp_path / "secret").chmod(0o600)
        server = {"url": url, kind: {"file": "secret"}, **({"ca": str(ca)} if ca else {})}
        (tmp_path / "config.yaml").write_text(json.dumps({"accounts": {"desk": {"smtp": server}}}))
        args = ["send", "--config", str(tmp_path / "config.yaml"), "--command-timeout", "5", *more]
        return run(args, stdin=[outgoing()])

    return call


def no_secret(*texts: bytes) -> bool:
    plain = PASSWORD.encode()
    forms = [plain, b64encode(plain), b64encode(f"\0{USER}\0{PASSWORD}".encode())]
    return not any(form in text for text in texts for form in forms)


def test_starttls_and_login(send: Send, smtpd: Start) -> None:
    server = smtpd(starttls=True, auth=True)

    result = send(server.url(user=USER, host="localhost"), ca=server.ca)

    assert result.status == 0, result.stderr
    assert [(mail.tls, mail.user) for mail in server.mails] == [(True, USER)]


def test_tls_from_the_start_and_login(send: Send, smtpd: Start) -> None:
    server = smtpd(tls=True, auth=True)

    result = send(server.url("smtps", user=USER, host="localhost"), ca=server.ca)

    assert result.status == 0, result.stderr
    assert [mail.user for mail in server.mails] == [USER]


def test_login_by_the_mechanism_login(send: Send, smtpd: Start) -> None:
    server = smtpd(starttls=True, auth=True, auth_exclude_mechanism=["PLAIN"])

    result = send(server.url(user=USER, host="localhost"), ca=server.ca)

    assert result.status == 0, result.stderr
    assert [mail.user for mail in server.mails] == [USER]


def test_wrong_credentials_are_status_77(send: Send, smtpd: Start) -> None:
    server = smtpd(starttls=True, auth=True)

    result = send(server.url(user=USER, host="localhost"), ca=server.ca, secret="wrong-horse")

    assert result.status == Exit.NO_PERMISSION
    assert "wrong-horse" not in result.stderr
    assert b"wrong-horse" not in result.stdout


def test_a_pinned_certificate_is_the_only_one(send: Send, smtpd: Start, authority: Authority) -> None:
    server = smtpd(starttls=True)
    url = server.url(host="localhost")
    colons = ":".join(authority.fingerprint[i : i + 2] for i in range(0, 64, 2)).upper()

    other = send(url, "--tls-pin", "0" * 64, ca=server.ca)
    pinned = send(url, "--tls-pin", colons, ca=server.ca)

    assert (other.status, pinned.status) == (Exit.UNAVAILABLE, 0)


def server_context(names: list[str], **limits: ssl.TLSVersion) -> tuple[ssl.SSLContext, trustme.CA]:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context, authority


def starttls(context: ssl.SSLContext) -> Callable[[Talk], None]:
    """A server that agrees to STARTTLS and would take a login."""

    def script(talk: Talk) -> None:
        talk.say("220 mx")
        while command := talk.hear():
            if command.startswith(b"EHLO"):
                talk.say("250-mx", "250-STARTTLS", "250 AUTH PLAIN")
            elif command.startswith(b"STARTTLS"):
                talk.say("220 go")
                talk.link = context.wrap_socket(talk.link, server_side=True)
            elif command.startswith(b"AUTH"):
                talk.say("235 welcome")
            else:
                talk.say("250 ok")

    return script


@pytest.mark.parametrize(
    "names", [["localhost"], ["mx.example.com"]], ids=["unknown authority", "other name"]
)
def test_a_certificate_that_proves_nothing_ends_the_stage(
    send: Send, scripted: Scripts, tmp_path: Path, names: list[str], authority: Authority
) -> None:
    context, issuer = server_context(names)
    ca = authority.ca
    if names != ["localhost"]:
        ca = tmp_path / "issuer.pem"
        issuer.cert_pem.write_to_path(str(ca))
    server = scripted(starttls(context))

    result = send(f"smtp://{USER}@localhost:{server.port}", ca=ca)

    assert result.status == Exit.UNAVAILABLE
    assert "certificate is not trusted" in result.stderr
    assert no_secret(server.octets)


def test_an_old_tls_is_refused(send: Send, scripted: Scripts, tmp_path: Path) -> None:
    context, issuer = server_context(["localhost"])
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    issuer.cert_pem.write_to_path(str(tmp_path / "issuer.pem"))
    server = scripted(starttls(context))

    result = send(f"smtp://{USER}@localhost:{server.port}", ca=tmp_path / "issuer.pem")

    assert result.status == Exit.UNAVAILABLE
    assert no_secret(server.octets)


def test_a_server_without_starttls_hears_no_secret(
    send: Send, scripted: Scripts, authority: Authority
) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 mx")
        while talk.hear():
            talk.say("250-mx", "250 AUTH PLAIN LOGIN")

    server = scripted(script)

    result = send(f"smtp://{USER}@localhost:{server.port}", ca=authority.ca)

    assert result.status == Exit.UNAVAILABLE
    assert "STARTTLS" in result.stderr
    assert server.octets.startswith(b"EHLO")
    assert b"AUTH" not in server.octets
    assert b"MAIL" not in server.octets


def test_what_is_said_in_clear_before_the_handshake_is_never_believed(
    send: Send, scripted: Scripts, authority: Authority
) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 mx")
        talk.hear()
        talk.say("250-mx", "250 STARTTLS")
        talk.hear()
        talk.say("220 go", "250-mx", "250 AUTH PLAIN")
        talk.link = authority.context.wrap_socket(talk.link, server_side=True)
        talk.hear()

    server = scripted(script)

    result = send(f"smtp://{USER}@localhost:{server.port}", ca=authority.ca)

    assert result.status == Exit.PROTOCOL
    assert no_secret(server.octets)


def test_a_token_goes_by_xoauth2_and_its_refusal_is_status_77(send: Send, scripted: Scripts) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 mx")
        talk.hear()
        talk.say("250-mx", "250 AUTH XOAUTH2")
        for _ in range(2):  # the token is read anew once
            talk.hear()
            talk.say("334 " + b64encode(b'{"status":"401"}').decode())
            assert talk.hear() == b"\r\n"
            talk.say("535 5.7.8 expired")
        talk.hear()

    server = scripted(script)

    result = send(f"smtp://{USER}@{HOST}:{server.port}", secret="ya29.token", kind="token")

    assert result.status == Exit.NO_PERMISSION
    expected = b64encode(f"user={USER}\1auth=Bearer ya29.token\1\1".encode())
    assert server.octets.count(b"AUTH XOAUTH2 " + expected) == 2
    assert "ya29" not in result.stderr


def test_endless_challenges_are_ended(send: Send, scripted: Scripts) -> None:
    def script(talk: Talk) -> None:
        talk.say("220 mx")
        talk.hear()
        talk.say("250-mx", "250 AUTH PLAIN LOGIN CRAM-MD5")
        while talk.hear():
            talk.say("334 ")

    server = scripted(script)

    result = send(f"smtp://{USER}@{HOST}:{server.port}")

    assert result.status in (Exit.NO_PERMISSION, Exit.TEMPORARY)
    assert server.octets.count(b"\r\n") < 10


def test_a_password_in_a_url_is_refused_and_not_repeated(run: Run) -> None:
    result = run(["send", "--via", "smtp://desk:hunter2@mail.example.com"], stdin=[outgoing()])

    assert result.status == Exit.USAGE
    assert "hunter2" not in result.stderr
    assert b"hunter2" not in result.stdout


def test_a_password_from_the_environment_serves_a_bare_url(run: Run, smtpd: Start) -> None:
    server = smtpd(starttls=True, auth=True)
    args = ["send", "--via", server.url(user=USER, host="localhost"), "--tls-ca", str(server.ca)]

    result = run(args, stdin=[outgoing()], env={"MAILPIPE_SMTP_PASSWORD": PASSWORD})

    assert result.status == 0, result.stderr
    assert [mail.user for mail in server.mails] == [USER]
