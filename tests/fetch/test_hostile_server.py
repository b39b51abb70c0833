"""fetch from servers that do what real ones do at their worst: never a cut message, never a hang."""

import base64
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailpipe.errors import ProtocolError, TemporaryError, UnavailableError, WorldError
from mailpipe.mail.stored import Stored, Wanted
from mailpipe.wire import imap_search
from mailpipe.wire.imap_folder import select
from mailpipe.wire.imap_login import open_session
from mailpipe.wire.imap_source import ImapSource
from mailpipe.wire.location import of_url
from tests.conftest import Run
from tests.servers.scripted import BASIC, FakeImap, Start, uids

RAW = b"Subject: x\r\n\r\nhello\r\n"
THREE = {1: b"one", 2: b"two", 5: b"five"}


@pytest.fixture(autouse=True)
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILPIPE_IMAP_PASSWORD", "secret")


def fetched(server: FakeImap, max_size: int = 10_000) -> list[Stored]:
    source = ImapSource(of_url(server.url()), "INBOX", Wanted(max_size=max_size))
    return list(source.messages(lambda _box, keys: keys))


def bodies(found: list[Stored]) -> dict[str, Any]:
    return {message.key: message.raw for message in found}


def test_answers_that_nobody_asked_for_are_no_messages(fake_imap: Start) -> None:
    def body(tag: str, rest: str) -> bytes:
        noise = b"* 49 FETCH (FLAGS (\\Seen))\r\n* 50 FETCH (UID 999 BODY[] {3}\r\nxxx)\r\n* 7 EXISTS\r\n"
        return noise + server.usual(tag, rest).replace(b"* 2 FETCH", b"* OK [ALERT] {3}\r\n* 2 FETCH")

    server = fake_imap(FakeImap(THREE))
    server.replies["UID FETCH"] = body

    assert bodies(fetched(server)) == {"1": b"one", "2": b"two", "5": b"five"}


def test_items_may_come_in_any_order_and_more_than_once(fake_imap: Start) -> None:
    def body(tag: str, rest: str) -> bytes:
        if "BODY" not in rest:
            return server.usual(tag, rest)
        one = b"* 1 FETCH (FLAGS (\\Seen) BODY[] {3}\r\none UID 1 MODSEQ (12))\r\n"
        return one + one + f"{tag} OK done\r\n".encode()

    server = fake_imap(FakeImap({1: b"one"}))
    server.replies["UID FETCH"] = body

    assert bodies(fetched(server)) == {"1": b"one"}


def test_a_message_that_is_expunged_meanwhile_is_left_out(fake_imap: Start) -> None:
    def body(tag: str, rest: str) -> bytes:
        if "BODY" in rest:
            server.messages = {uid: raw for uid, raw in server.messages.items() if uid != 2}
        return server.usual(tag, rest)

    server = fake_imap(FakeImap(dict(THREE)))
    server.replies["UID FETCH"] = body

    assert bodies(fetched(server)) == {"1": b"one", "5": b"five"}


def test_a_refusal_because_of_an_expunge_loses_no_other(fake_imap: Start) -> None:
    def body(tag: str, rest: str) -> bytes:
        answer = server.usual(tag, rest)
        if "BODY" in rest:
            answer = answer.replace(f"{tag} OK".encode(), f"{tag} NO [EXPUNGEISSUED]".encode())
        return answer.replace(b"* 2 FETCH", b"* 2 XFETCH") if "BODY" in rest else answer

    server = fake_imap(FakeImap(dict(THREE)))
    server.replies["UID FETCH"] = body

    assert bodies(fetched(server)) == {"1": b"one", "5": b"five"}


@pytest.mark.parametrize("body", [b"NIL", b"{0}\r\n", b'""'])
def test_an_empty_body_is_an_empty_message_and_nil_is_an_error(fake_imap: Start, body: bytes) -> None:
    def answer(tag: str, rest: str) -> bytes:
        if "BODY" not in rest:
            return server.usual(tag, rest)
        return b"* 1 FETCH (UID 1 BODY[] " + body + b")\r\n" + f"{tag} OK done\r\n".encode()

    server = fake_imap(FakeImap({1: b"x"}))
    server.replies["UID FETCH"] = answer

    [message] = fetched(server)

    if body == b"NIL":
        assert (message.raw, message.problem is not None and message.problem.retryable) == (None, True)
    else:
        assert (message.raw, message.problem) == (b"", None)


@pytest.mark.parametrize("announced", [4, 1000])
def test_a_wrong_length_is_never_a_message(fake_imap: Start, announced: int) -> None:
    """The server says more or fewer octets than it sends, and closes."""

    def answer(tag: str, rest: str) -> bytes:
        if "BODY" not in rest:
            return server.usual(tag, rest)
        whole = f"* 1 FETCH (UID 1 BODY[] {{{announced}}}\r\n".encode() + RAW + b")\r\n"
        return CUT + whole + f"{tag} OK done\r\n".encode()

    server = fake_imap(Cutting({1: RAW}))
    server.replies["UID FETCH"] = answer
    found: list[Stored] = []
    source = ImapSource(of_url(server.url()), "INBOX", Wanted(max_size=10_000))

    with pytest.raises(WorldError):
        found.extend(source.messages(lambda _box, keys: keys))
    assert found == []


def test_a_connection_cut_inside_a_message_is_made_again(fake_imap: Start) -> None:
    def answer(tag: str, rest: str) -> bytes:
        whole = server.usual(tag, rest)
        if "BODY" in rest and b"two" in whole and not cut:
            cut.append(rest)
            return CUT + whole[: whole.index(b"two") + 1]
        return whole

    cut: list[str] = []
    server = fake_imap(Cutting(dict(THREE)))
    server.replies["UID FETCH"] = answer

    assert bodies(fetched(server)) == {"1": b"one", "2": b"two", "5": b"five"}
    assert len([line for line in server.log if "AUTHENTICATE" in line]) == 2


CUT = b"\x00cut\x00"


class Cutting(FakeImap):
    """Closes the connection after an answer that begins with CUT."""

    def handle(self, link: Any) -> None:
        class Link:
            def sendall(self, data: bytes) -> None:
                if data.startswith(CUT):
                    link.sendall(data.removeprefix(CUT))
                    raise ConnectionAbortedError
                link.sendall(data)

            def makefile(self, mode: str) -> Any:
                return link.makefile(mode)

        super().handle(Link())  # type: ignore[arg-type]


def test_a_server_that_always_breaks_off_is_no_endless_loop(fake_imap: Start) -> None:
    server = fake_imap(FakeImap(THREE, replies={"UID FETCH": lambda _tag, _rest: b""}))

    with pytest.raises(TemporaryError):
        fetched(server)


def test_an_endless_literal_is_refused(fake_imap: Start) -> None:
    def answer(tag: str, rest: str) -> bytes:
        return b"* 1 FETCH (UID 1 BODY[] {9999999999}\r\n" if "BODY" in rest else server.usual(tag, rest)

    server = fake_imap(FakeImap({1: RAW}))
    server.replies["UID FETCH"] = answer

    with pytest.raises(ProtocolError, match="announces 9999999999 octets"):
        fetched(server)


def test_a_message_that_is_larger_than_the_server_said_is_an_error_alone(fake_imap: Start) -> None:
    def answer(tag: str, rest: str) -> bytes:
        usual = server.usual(tag, rest)
        return usual.replace(b"RFC822.SIZE 500", b"RFC822.SIZE 5")

    server = fake_imap(FakeImap({1: b"x" * 500, 2: b"two"}))
    server.replies["UID FETCH"] = answer

    large, small = fetched(server, max_size=100)

    assert (large.raw, large.size, large.problem is None) == (None, 500, False)
    assert small.raw == b"two"


def test_an_endless_line_is_refused(fake_imap: Start) -> None:
    server = fake_imap(FakeImap(THREE, replies={"EXAMINE": lambda _tag, _rest: b"* OK " + b"x" * 2_000_000}))

    with pytest.raises(ProtocolError, match="without end"):
        fetched(server)


def test_a_goodbye_is_temporary(fake_imap: Start) -> None:
    server = fake_imap(FakeImap(greeting=b"* BYE too many connections\r\n"))

    with pytest.raises(TemporaryError, match="too many connections"):
        fetched(server)


def test_a_session_that_is_logged_in_by_itself_is_refused(fake_imap: Start) -> None:
    server = fake_imap(FakeImap(THREE, greeting=b"* PREAUTH welcome\r\n"))

    with pytest.raises(UnavailableError):
        fetched(server)
    assert not [line for line in server.log if "LOGOUT" not in line]


@pytest.mark.parametrize("capabilities", [BASIC, f"{BASIC} LOGINDISABLED", f"{BASIC} STARTTLS LOGINDISABLED"])
def test_no_password_is_sent_in_clear_where_tls_is_wanted(
    fake_imap: Start, run: Run, tmp_path: Path, capabilities: str
) -> None:
    """STARTTLS is missing, or answered with more than the go-ahead."""

    def tls(tag: str, _rest: str) -> bytes:
        return f"{tag} OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n".encode()

    server = fake_imap(FakeImap(THREE, capabilities=capabilities, replies={"STARTTLS": tls}))
    (tmp_path / "ca.pem").write_bytes(trustme.CA().cert_pem.bytes())
    (tmp_path / "config.yaml").write_text(
        f"accounts: {{x: {{imap: {{url: '{server.url()}', ca: ca.pem, password: {{env: SECRET}}}}}}}}"
    )

    result = run(["fetch", "--config", "config.yaml"], env={"SECRET": "secret"})

    assert result.status in (69, 76)
    assert not [line for line in server.log if "LOGIN" in line or "AUTHENTICATE" in line]


def test_a_mailbox_that_shrinks_while_it_is_listed_loses_no_message(fake_imap: Start) -> None:
    """Another client expunges the first messages while we are between two windows."""
    everything = list(range(1, 31))

    def search(tag: str, rest: str) -> bytes:
        low, high = (int(part) for part in rest.split()[2].split(":"))
        found = everything[low - 1 : high]
        answer = f"* SEARCH {' '.join(map(str, found))}\r\n".encode()
        if low == 1:
            del everything[:5]
            answer += b"* 1 EXPUNGE\r\n" * 5
        return answer + f"{tag} OK done\r\n".encode()

    server = fake_imap(FakeImap(dict.fromkeys(range(1, 31), b"x"), replies={"UID SEARCH": search}))
    location = of_url(server.url())
    assert location.server is not None
    session = open_session(location.server)
    select(session, "INBOX", read_only=True)

    found = [uid for window in imap_search.windows(session, ["ALL"], window=10) for uid in window]

    session.close()
    assert found == list(range(1, 31))


def test_uids_of_any_size_are_searched_in_short_lines(fake_imap: Start) -> None:
    count = 25_000
    first = 4_200_000_000

    def search(tag: str, rest: str) -> bytes:
        low, high = (int(part) for part in rest.split()[2].split(":"))
        asked.append(high - low + 1)
        listed = " ".join(str(first + number) for number in range(low, high + 1))
        return f"* SEARCH {listed}\r\n{tag} OK done\r\n".encode()

    def fetch(tag: str, rest: str) -> bytes:
        lengths.append(len(rest))
        return (
            b"".join(server.item(uid, rest) for uid in uids(rest.split()[2])) + f"{tag} OK done\r\n".encode()
        )

    asked: list[int] = []
    lengths: list[int] = []
    server = FakeImap({first + number: b"x" for number in range(1, count + 1)})
    server.replies |= {"UID SEARCH": search, "UID FETCH": fetch}
    fake_imap(server)

    assert len(fetched(server)) == count
    assert asked == [10_000, 10_000, 5_000]
    assert max(lengths) < 8000


def test_a_replaced_folder_is_not_mixed_with_the_old_one(fake_imap: Start) -> None:
    def examine(tag: str, _rest: str) -> bytes:
        validities.append(len(validities) + 7)
        return f"* 3 EXISTS\r\n* OK [UIDVALIDITY {validities[-1]}] ok\r\n{tag} OK done\r\n".encode()

    def answer(tag: str, rest: str) -> bytes:
        whole = server.usual(tag, rest)
        return CUT + whole[: whole.index(b"two") + 1] if "BODY" in rest and b"two" in whole else whole

    validities: list[int] = []
    server = fake_imap(Cutting(dict(THREE), replies={"EXAMINE": examine, "UID FETCH": answer}))

    with pytest.raises(TemporaryError, match="replaced"):
        fetched(server)


def test_the_command_line_says_what_a_hostile_server_did(fake_imap: Start, run: Run) -> None:
    server = fake_imap(FakeImap(greeting=b"220 smtp.example.com ESMTP\x1b[2J\r\n"))

    result = run(["fetch", server.url()], env={"MAILPIPE_IMAP_PASSWORD": "secret"})

    assert result.status == 76
    assert "\x1b" not in result.stderr
    assert base64.b64encode(b"secret").decode() not in result.stderr
