"""Who has fetched a pixel: a class, the rule that gave it, and nothing of the address but its network."""

from ipaddress import ip_network

import pytest

from mailpipe.track.classify import Request, Verdict, agent_shown, classify, reconsidered, shortened

OWN = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
AHEAD = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/42.0.2311.135 Safari/537.36 Edge/12.246 Mozilla/5.0"
)
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"


def request(agent: str, method: str = "GET", address: str = "198.51.100.7", **more: str) -> Request:
    fields = [(b"user-agent", agent.encode())] if agent else []
    fields += [(name.replace("_", "-").encode(), value.encode()) for name, value in more.items()]
    return Request(method, address, fields)


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        (request(THUNDERBIRD), ("human", "none")),
        (request(OUTLOOK), ("human", "none")),
        (request(GMAIL), ("proxy", "image-proxy")),
        (request("YahooMailProxy; https://help.yahoo.com/kb/x.html"), ("proxy", "image-proxy")),
        (request("Mozilla/5.0"), ("prefetch", "apple-mail-privacy")),
        (request(AHEAD), ("prefetch", "gmail-ahead")),
        (request(THUNDERBIRD, purpose="prefetch"), ("prefetch", "purpose-header")),
        (request(THUNDERBIRD, sec_purpose="prefetch;prerender"), ("prefetch", "purpose-header")),
        (request(THUNDERBIRD, "HEAD"), ("scanner", "head-request")),
        (request(""), ("scanner", "no-user-agent")),
        (request("curl/8.5.0"), ("scanner", "known-scanner")),
        (request("Mozilla/5.0 (compatible; bingbot/2.0)"), ("scanner", "known-scanner")),
        (request("BarracudaCentral/1.0"), ("scanner", "known-scanner")),
        (request(GMAIL, address="192.0.2.9"), ("self", "own-network")),
        (request(THUNDERBIRD, address="::ffff:192.0.2.9"), ("self", "own-network")),
        (request(THUNDERBIRD, address="2001:db8::1%eth0"), ("self", "own-network")),
    ],
)
def test_a_request_has_a_class_and_the_rule_that_gave_it(asked: Request, verdict: tuple[str, str]) -> None:
    assert classify(asked, OWN) == verdict


def test_an_address_that_is_none_is_nobodys() -> None:
    assert classify(request(THUNDERBIRD, address="unix:"), OWN) == ("human", "none")


@pytest.mark.parametrize(
    ("before", "delay", "after"),
    [
        (("human", "none"), 1.9, ("scanner", "at-once")),
        (("proxy", "image-proxy"), -3.0, ("scanner", "at-once")),
        (("human", "none"), 5.0, ("human", "none")),
        (("human", "none"), None, ("human", "none")),
        (("self", "own-network"), 0.1, ("self", "own-network")),
        (("prefetch", "gmail-ahead"), 0.1, ("prefetch", "gmail-ahead")),
    ],
)
def test_nobody_reads_a_mail_in_the_seconds_after_it_was_sent(
    before: tuple[str, str], delay: float | None, after: tuple[str, str]
) -> None:
    assert reconsidered(Verdict(*before), delay) == after  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("198.51.100.77", "198.51.100.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("::ffff:198.51.100.77", "198.51.100.0/24"),
        ("fe80::1%eth0", "fe80::/48"),
        ("", ""),
        ("nonsense", ""),
    ],
)
def test_an_address_is_kept_without_its_end(address: str, network: str) -> None:
    assert shortened(address) == network


def test_a_user_agent_is_cut_and_cannot_write_to_a_terminal() -> None:
    shown = agent_shown(b"\x1b]0;x\x07\r\n" + "é".encode() + b"a" * 70_000)

    assert len(shown) == 300
    assert shown.isascii()
    assert shown.isprintable()
