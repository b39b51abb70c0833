"""Say who has probably fetched a pixel: a person, a proxy, a prefetcher, a scanner, or we ourselves.

None of it is proof of reading.  The rule that fired is kept with the class, and nothing is dropped, so
that everybody can judge anew.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Literal, NamedTuple

Class = Literal["human", "proxy", "prefetch", "scanner", "self"]
CLASSES: tuple[Class, ...] = ("human", "proxy", "prefetch", "scanner", "self")
SEEN: tuple[Class, ...] = ("human", "proxy")  # classes that say that somebody has seen the mail

AT_ONCE = 5.0  # seconds after sending in which no person has opened a mail, but scanners have
AGENT_LIMIT = 300  # characters

Network = IPv4Network | IPv6Network

# Servers that fetch pictures for their users when these open a mail.
_PROXIES = re.compile(r"GoogleImageProxy|ggpht\.com|YahooMailProxy|DuckDuckGo.*Mail|FastmailImageProxy", re.I)
# Gmail fetches beforehand with the name of this browser, which nobody uses any more.
_GMAIL_AHEAD = re.compile(r"Edge/12\.246 Mozilla/5\.0$")
# Gateways that look into mail, and programs that are no mail program.
_SCANNERS = re.compile(
    r"barracuda|proofpoint|mimecast|symantec|messagelabs|trendmicro|forcepoint|fireeye|sophos|cloudmark"
    r"|safelinks|bot\b|crawl|spider|slurp|scanner|preview|facebookexternalhit|headless|phantomjs"
    r"|^(?:curl|wget|python|go-http-client|java|libwww|okhttp|axios|node|ruby|php|httpie|apache-httpclient)\b",
    re.I,
)
_AHEAD = re.compile(rb"\b(?:prefetch|preview|prerender)\b", re.I)
_AHEAD_FIELDS = (b"purpose", b"sec-purpose", b"x-purpose", b"x-moz")


class Verdict(NamedTuple):
    """A class and the name of the rule that gave it."""

    class_: Class
    rule: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of one fetch; header names in lower case."""

    method: str
    address: str
    headers: Sequence[tuple[bytes, bytes]]

    def field(self, name: bytes) -> bytes:
        """The value of the first header of that name."""
        return next((value for key, value in self.headers if key == name), b"")


def classify(request: Request, own: Sequence[Network]) -> Verdict:
    """The class of a request; ``own`` are the networks of those who send the mail."""
    if own and within(request.address, own):
        return Verdict("self", "own-network")
    if any(_AHEAD.search(request.field(name)) for name in _AHEAD_FIELDS):
        return Verdict("prefetch", "purpose-header")
    if request.method == "HEAD":
        return Verdict("scanner", "head-request")
    return _by_agent(request.field(b"user-agent").decode("latin-1").strip())


def _by_agent(agent: str) -> Verdict:
    if not agent:
        return Verdict("scanner", "no-user-agent")
    if _PROXIES.search(agent):
        return Verdict("proxy", "image-proxy")
    if agent == "Mozilla/5.0":
        return Verdict("prefetch", "apple-mail-privacy")  # fetched for everybody, opened or not
    if _GMAIL_AHEAD.search(agent):
        return Verdict("prefetch", "gmail-ahead")
    if _SCANNERS.search(agent):
        return Verdict("scanner", "known-scanner")
    return Verdict("human", "none")


def reconsidered(verdict: Verdict, delay: float | None) -> Verdict:
    """The verdict once it is known how many seconds after sending the pixel was fetched."""
    if delay is not None and delay < AT_ONCE and verdict.class_ in SEEN:
        return Verdict("scanner", "at-once")
    return verdict


def within(address: str, networks: Sequence[Network]) -> bool:
    """Whether an address is in one of the networks."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return any((mapped or found) in network for network in networks)


def shortened(address: str) -> str:
    """The network of an address, /24 or /48: near enough, and nobody's own."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    found = getattr(found, "ipv4_mapped", None) or found
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


def agent_shown(value: bytes) -> str:
    """A User-Agent as it is kept: printable ASCII, and not all of a long one."""
    text = value[: 2 * AGENT_LIMIT].decode("latin-1")
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:AGENT_LIMIT]
