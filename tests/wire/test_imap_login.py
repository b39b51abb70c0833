"""Login: the mechanism fits the server, secrets of any kind arrive, and a loopback is a loopback."""

from base64 import b64decode

import pytest

from mailpipe.config import Secret, Server
from mailpipe.errors import NotPermittedError, ProtocolError, TemporaryError, UnavailableError, UsageError
from mailpipe.wire.imap_login import open_session
from mailpipe.wire.location import address, of_url
from mailpipe.wire.loopback import is_loopback
from tests.servers.scripted import FakeImap, Start


def server(fake: FakeImap, *, token: bool = False) -> Server:
    secret = Secret(env="SECRET")
    return Server(url=fake.url(), token=secret if token else None, password=None if token else secret)


def commands(fake: FakeImap) -> list[str]:
    return [line.partition(" ")[2] for line in fake.log]


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "pässwörd")


def test_plain_goes_with_the_command_where_the_server_allows_it(fake_imap: Start) -> None:
    fake = fake_imap(FakeImap(capabilities="IMAP4rev1 AUTH=PLAIN SASL-IR"))

    open_session(server(fake)).close()

    [line] = [line for line in commands(fake) if line.startswith("AUTHENTICATE PLAIN ")]
    assert b64decode(line.split()[2]).decode() == "\0joe\0pässwörd"


def test_plain_waits_for_the_go_ahead_where_it_has_to(fake_imap: Start) -> None:
    def authenticate(_tag: str, rest: str) -> bytes:
        assert rest == "AUTHENTICATE PLAIN"
        return b"+ \r\n"

    fake = FakeImap(capabilities="IMAP4rev1 AUTH=PLAIN", replies={"AUTHENTICATE": authenticate})
    fake.replies[""] = lambda tag, rest: fake.usual(tag, rest) if " " not in tag and rest else b"m2 OK\r\n"
    fake_imap(fake)

    open_session(server(fake)).close()

    assert b64decode(fake.log[2]).decode() == "\0joe\0pässwörd"


def test_login_quotes_what_it_can(fake_imap: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", 'a"b\\c')
    fake = fake_imap(FakeImap(capabilities="IMAP4rev1"))

    open_session(server(fake)).close()

    assert 'LOGIN "joe" "a\\"b\\\\c"' in commands(fake)


@pytest.mark.parametrize(("capability", "mark"), [("LITERAL+", "+"), ("", "")])
def test_a_password_with_line_ends_cannot_be_a_command(
    fake_imap: Start, monkeypatch: pytest.MonkeyPatch, capability: str, mark: str
) -> None:
    password = 'x"\r\nX1 DELETE INBOX'
    monkeypatch.setenv("SECRET", password)
    fake = fake_imap(FakeImap(capabilities=f"IMAP4rev1 {capability}"))

    open_session(server(fake)).close()

    assert f"LOGIN {{3{mark}}}joe {{{len(password)}{mark}}}{password}" in commands(fake)


@pytest.mark.parametrize(
    ("capability", "wanted"),
    [
        ("AUTH=OAUTHBEARER AUTH=XOAUTH2", b"n,a=joe,\x01auth=Bearer p\xc3\xa4ssw\xc3\xb6rd\x01\x01"),
        ("AUTH=XOAUTH2", b"user=joe\x01auth=Bearer p\xc3\xa4ssw\xc3\xb6rd\x01\x01"),
    ],
)
def test_a_token_is_used_as_the_server_wants_it(fake_imap: Start, capability: str, wanted: bytes) -> None:
    fake = fake_imap(FakeImap(capabilities=f"IMAP4rev1 SASL-IR {capability}"))

    open_session(server(fake, token=True)).close()

    [line] = [line for line in commands(fake) if line.startswith("AUTHENTICATE")]
    assert b64decode(line.split()[2]) == wanted


def test_a_refused_token_is_answered_and_told(fake_imap: Start) -> None:
    fake = FakeImap(capabilities="IMAP4rev1 SASL-IR AUTH=XOAUTH2")
    fake.replies["AUTHENTICATE"] = lambda _tag, _rest: b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"
    fake.replies[""] = lambda tag, rest: fake.usual(tag, rest) if rest else b"m2 NO bad token\r\n"
    fake_imap(fake)

    with pytest.raises(NotPermittedError, match="bad token"):
        open_session(server(fake, token=True))


def test_a_server_without_any_token_mechanism_is_told(fake_imap: Start) -> None:
    fake = fake_imap(FakeImap(capabilities="IMAP4rev1 AUTH=PLAIN"))

    with pytest.raises(UnavailableError, match="neither OAUTHBEARER nor XOAUTH2"):
        open_session(server(fake, token=True))


def test_too_many_connections_are_temporary(fake_imap: Start) -> None:
    fake = fake_imap(FakeImap())
    fake.replies["AUTHENTICATE"] = lambda tag, _rest: f"{tag} NO [LIMIT] too many\r\n".encode()

    with pytest.raises(TemporaryError):
        open_session(server(fake))


def test_capabilities_are_read_again_after_the_login(fake_imap: Start) -> None:
    fake = fake_imap(FakeImap())
    fake.replies["AUTHENTICATE"] = lambda tag, _rest: _more(fake, tag)

    session = open_session(server(fake))
    session.close()

    assert session.offers("MOVE")


def _more(fake: FakeImap, tag: str) -> bytes:
    fake.capabilities += " MOVE"
    return f"{tag} OK done\r\n".encode()


def test_what_is_no_imap_server_is_told(fake_imap: Start) -> None:
    with pytest.raises(ProtocolError):
        open_session(server(fake_imap(FakeImap(capabilities="POP3"))))


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("mail.example.com", False),
        ("10.0.0.1", False),
    ],
)
def test_only_a_loopback_address_is_private(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("imap://joe@mail.example.com", "imap://joe@mail.example.com:143"),
        ("imaps://joe%40example.com@MAIL.example.com/", "imaps://joe@example.com@mail.example.com:993"),
        ("imaps://joe@[2001:db8::1]:1993", "imaps://joe@[2001:db8::1]:1993"),
    ],
)
def test_a_url_has_one_canonical_form(url: str, canonical: str) -> None:
    assert of_url(url).url == canonical


@pytest.mark.parametrize(
    "url", ["imap://", "imap://joe@", "imap://joe:pw@host", "imap://joe@host:x", "imap://j@h/x"]
)
def test_an_unusable_url_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError):
        address(url)
