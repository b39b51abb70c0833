"""Tests of posting to webhooks, with real HTTPS on loopback."""

import hashlib
import hmac
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme

from mailpipe.config import Secret
from mailpipe.errors import ConfigError, TemporaryError
from mailpipe.route.breaker import PAUSE
from mailpipe.route.ruletypes import Post
from mailpipe.route.verdict import Posted
from mailpipe.route.webaddress import Posting, posting
from mailpipe.route.webhook import Webhooks, signature
from tests.servers.webhook import Hook

KEY = "correct-horse"
Start = Callable[..., Hook]


class Ticks:
    """Monotonic seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Secret:
    monkeypatch.setenv("HOOK_SECRET", KEY)
    return Secret(env="HOOK_SECRET")


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def webhooks(tmp_path: Path, ticks: Ticks) -> Webhooks:
    return Webhooks(tmp_path / "rules.yaml", clock=lambda: 1_700_000_000.9, ticks=ticks, sleep=ticks.sleep)


def to(hook: Hook, secret: Secret, **how: Any) -> Posting:
    return posting(Post(url=hook.url, private=True, ca=str(hook.ca), **{"retries": 0, **how}), secret)


def test_the_body_arrives_signed_with_time_and_key(hook: Start, secret: Secret, webhooks: Webhooks) -> None:
    server = hook()

    posted = webhooks(to(server, secret), b'{"a":1.10}', "sha256:1f", 3)

    [request] = server.requests
    digest = hmac.new(KEY.encode(), b'1700000000.{"a":1.10}', hashlib.sha256).hexdigest()
    assert (posted.status, posted.response, posted.tries) == (200, "ok", 1)
    assert (request.path, request.body) == ("/mail?key=7", b'{"a":1.10}')
    assert request.headers["Mailpipe-Signature"] == f"t=1700000000,v1={digest}"
    assert request.headers["Idempotency-Key"] == "sha256:1f"
    assert request.headers["Content-Type"] == "application/json"
    assert (request.headers["Mailpipe-Attempt"], request.headers["Host"]) == ("3", f"localhost:{server.port}")


def test_a_signature_is_worth_nothing_for_another_body_time_or_key() -> None:
    given = signature("k", b"body", 7)

    assert given not in (signature("k", b"bodY", 7), signature("k", b"body", 8), signature("K", b"body", 7))
    assert signature("k", b"1.x", 7) != signature("k", b".1.x", 7)


@pytest.mark.parametrize("name", ["", "a\r\nX-Evil: 1", "é", "a b", "x" * 5000])
def test_only_a_digest_gets_into_a_header(name: str, hook: Start, secret: Secret, webhooks: Webhooks) -> None:
    server = hook()

    webhooks(to(server, secret), b"{}", name, 1)

    assert not {"Idempotency-Key", "X-Evil"} & set(server.requests[0].headers)


def test_a_redirect_is_not_followed(hook: Start, secret: Secret, webhooks: Webhooks) -> None:
    inside, server = hook(), hook()
    server.say(302, headers={"Location": inside.url})

    assert webhooks(to(server, secret), b"{}", "", 1).status == 302
    assert inside.requests == []


def test_what_asks_for_later_is_tried_again_for_a_moment(
    hook: Start, secret: Secret, webhooks: Webhooks, ticks: Ticks
) -> None:
    server = hook()
    server.say(503, 429, 200)

    posted = webhooks(to(server, secret, retries=3), b"{}", "sha256:1", 1)

    assert (posted.status, posted.tries, ticks.slept) == (200, 3, [0.5, 1.0])
    assert len({request.headers["Idempotency-Key"] for request in server.requests}) == 1


def test_a_server_that_asks_for_long_is_left_to_the_next_run(
    hook: Start, secret: Secret, webhooks: Webhooks, ticks: Ticks
) -> None:
    server = hook()
    server.say(429, headers={"Retry-After": "600"})

    posted = webhooks(to(server, secret, retries=3), b"{}", "", 1)

    assert (posted.status, posted.tries, ticks.slept) == (429, 1, [])


@pytest.mark.parametrize("status", [400, 401, 404, 422, 500, 502])
def test_a_refusal_is_not_tried_again(status: int, hook: Start, secret: Secret, webhooks: Webhooks) -> None:
    server = hook()
    server.say(status, body=b"no such plate\nmore")

    posted = webhooks(to(server, secret, retries=3), b"{}", "", 1)

    assert (posted.status, posted.response, len(server.requests)) == (status, "no such plate\nmore", 1)


def test_a_large_answer_is_cut(hook: Start, secret: Secret, webhooks: Webhooks) -> None:
    server = hook()
    server.say(200, body=b"x" * 10_000_000)

    posted = webhooks(to(server, secret), b"{}", "", 1)

    assert posted.status == 200
    assert posted.response == "x" * 4096 + f"\n[{64 * 1024 - 4096} more characters]"


def test_a_silent_server_costs_its_time_and_no_more(hook: Start, secret: Secret, webhooks: Webhooks) -> None:
    server = hook()
    server.pause = 5.0
    started = time.monotonic()

    posted = webhooks(to(server, secret, timeout=0.5), b"{}", "", 1)

    assert (posted.status, posted.reached) == (None, True)
    assert time.monotonic() - started < 3


def test_an_answer_that_drips_is_cut_when_its_time_is_over(
    hook: Start, secret: Secret, webhooks: Webhooks
) -> None:
    server = hook()
    server.say(200, body=b"x" * 10_000)
    server.drip = True
    started = time.monotonic()

    posted = webhooks(to(server, secret, timeout=1.0), b"{}", "", 1)

    assert (posted.status, len(posted.response) < 100) == (200, True)
    assert time.monotonic() - started < 3


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def test_a_server_that_is_not_there_was_not_reached(secret: Secret, webhooks: Webhooks) -> None:
    where = posting(Post(url=f"https://localhost:{closed_port()}/", private=True, retries=1), secret)

    posted = webhooks(where, b"{}", "", 1)

    assert (posted.status, posted.reached, posted.tries) == (None, False, 2)
    assert "refused" in posted.problem


@pytest.mark.parametrize("name", ["elsewhere.example.com", "localhost"])
def test_a_certificate_must_be_good(
    name: str, hook: Start, secret: Secret, webhooks: Webhooks, tmp_path: Path
) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "other.pem"))
    server = hook(context=context)
    ca = "other.pem" if name != "localhost" else str(server.ca)  # the wrong name, or the wrong authority

    posted = webhooks(posting(Post(url=server.url, private=True, ca=ca, retries=0), secret), b"{}", "", 1)

    assert (posted.status, posted.reached, server.requests) == (None, False, [])
    assert "certificate is not trusted" in posted.problem


@pytest.mark.parametrize("inside", ["127.0.0.1", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_a_name_that_leads_inside_is_not_connected_to(
    inside: str, hook: Start, secret: Secret, tmp_path: Path, ticks: Ticks
) -> None:
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[tuple[Any, ...]]:
        asked.append(host)
        stream = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        return [(*stream, ("93.184.216.34", port)), (*stream, (inside, port))]

    webhooks = Webhooks(tmp_path / "rules.yaml", ticks=ticks, sleep=ticks.sleep, lookup=lookup)

    posted = webhooks(posting(Post(url="https://hooks.example.com/", retries=0), secret), b"{}", "", 1)

    assert (posted.status, posted.reached, asked) == (None, False, ["hooks.example.com"])
    assert f"hooks.example.com is {inside}, which is not a public address" in posted.problem


def test_a_name_is_resolved_once_and_that_address_is_used(
    hook: Start, secret: Secret, tmp_path: Path, ticks: Ticks
) -> None:
    server = hook()
    asked: list[str] = []

    def lookup(host: str, port: int) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    webhooks = Webhooks(tmp_path / "rules.yaml", ticks=ticks, sleep=ticks.sleep, lookup=lookup)

    assert webhooks(to(server, secret), b"{}", "", 1).status == 200
    assert asked == ["localhost"]


def test_a_webhook_that_is_down_is_not_tried_by_thousands(
    secret: Secret, webhooks: Webhooks, ticks: Ticks
) -> None:
    where = posting(Post(url=f"https://localhost:{closed_port()}/", private=True, retries=0), secret)

    posted = [webhooks(where, b"{}", "", 1) for _ in range(5000)]

    assert sum(one.tries for one in posted) == 3
    assert posted[-1] == Posted(status=None, problem=posted[-1].problem, reached=False, tries=0)
    assert posted[-1].problem.startswith("not tried: localhost:")
    trouble = webhooks.trouble()
    assert isinstance(trouble, TemporaryError)
    assert "4997 messages were not tried" in str(trouble)


def test_a_webhook_that_is_up_again_is_used_again(
    hook: Start, secret: Secret, webhooks: Webhooks, ticks: Ticks
) -> None:
    server = hook()
    server.say(503, 503, 503, 200)
    where = to(server, secret)

    before = [webhooks(where, b"{}", "", 1).tries for _ in range(5)]
    ticks.now += PAUSE
    after = [webhooks(where, b"{}", "", 1).status for _ in range(2)]

    assert (before, after) == ([1, 1, 1, 0, 0], [200, 200])
    assert webhooks.trouble() is None


def test_a_new_secret_counts_without_a_restart(
    hook: Start, secret: Secret, webhooks: Webhooks, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = hook()
    signed = []

    for key, later in (("old", 0.0), ("new", 10.0), ("new", 400.0)):
        monkeypatch.setenv("HOOK_SECRET", key)
        ticks.now += later
        webhooks(to(server, secret), b"{}", "", 1)
        signed.append(server.requests[-1].headers["Mailpipe-Signature"])

    assert signed == [signature(key, b"{}", 1_700_000_000) for key in ("old", "old", "new")]


def test_two_secrets_are_not_mistaken_for_each_other(
    hook: Start, secret: Secret, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTHER", "other")
    server = hook()

    for one in (secret, Secret(env="OTHER"), Secret(env="HOOK_SECRET")):
        webhooks(to(server, one), b"{}", "", 1)

    signed = [request.headers["Mailpipe-Signature"] for request in server.requests]
    assert signed == [signature(key, b"{}", 1_700_000_000) for key in (KEY, "other", KEY)]


def test_an_empty_secret_signs_nothing(
    hook: Start, webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMPTY", "")

    with pytest.raises(ConfigError, match="the secret is empty"):
        webhooks(to(hook(), Secret(env="EMPTY")), b"{}", "", 1)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.com/", "does not begin with https"),
        ("file:///etc/passwd", "does not begin with https"),
        ("gopher://hooks.example.com/", "does not begin with https"),
        ("https://hooks.example.com/{ref.id}", "nothing of a message"),
        ("https://{data.host}/", "nothing of a message"),
        ("https://user:pw@hooks.example.com/", "no user and no password"),
        ("https:///x", "no usable host"),
        ("https://hooks.example.com/#x", "no usable host"),
        ("https://hooks.example.com/a b", "must be %-encoded"),
        ("https://hooks.example.com:99999/", "is not a URL"),
        ("https://127.0.0.1/", "not a public address"),
        ("https://169.254.169.254/latest", "not a public address"),
        ("https://[::ffff:127.0.0.1]/", "not a public address"),
        ("https://localhost/", "not a public address"),
        ("https://app.localhost/", "not a public address"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused_at_once(url: str, why: str, secret: Secret) -> None:
    with pytest.raises(ValueError, match=why):
        posting(url, secret)


@pytest.mark.parametrize("url", ["https://2130706433/", "https://127.1/", "https://0x7f.1/"])
def test_numbers_that_are_no_addresses_are_judged_by_what_they_lead_to(
    url: str, secret: Secret, webhooks: Webhooks
) -> None:
    posted = webhooks(posting(Post(url=url, retries=0), secret), b"{}", "", 1)

    assert (posted.status, posted.reached) == (None, False)


def test_a_webhook_needs_a_secret_and_keeps_it(secret: Secret) -> None:
    with pytest.raises(ValueError, match="no secret to sign with"):
        posting("https://hooks.example.com/", None)

    assert "key=7" not in repr(posting("https://hooks.example.com/?key=7", secret))
