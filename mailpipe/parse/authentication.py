"""Judges whether the author of a message is who From says, by what our own border servers found out.

Anybody can write an Authentication-Results field.  One counts only if it names a configured
authserv-id and lies where only our servers write: above the first Received field of a foreign host, and
in the topmost run of such fields (RFC 8601 sections 5 and 7.1).  The border must remove forged fields
of its own name all the same, as the RFC demands of it.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mailpipe.mail.headers import Header
from mailpipe.parse import authresults
from mailpipe.parse.authresults import Result, Results

MAX_FIELDS = 100  # that are read
MAX_UNTRUSTED = 20  # that are listed
_RUN = frozenset(
    {"authentication-results", "received-spf", "dkim-filter"}
)  # what our servers write one above the other
_PREFIXES = ("arc-", "x-")


class Trust(NamedTuple):
    """Whom to believe, all in lower case: names of our servers, our hosts, organizational domains.

    ``hosts`` are host names or their parent domains, as in Received; the ``authserv_ids`` always count.
    ``organizations`` are domains (RFC 7489 section 3.2) below which a host may answer for the others.
    """

    authserv_ids: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    organizations: tuple[str, ...] = ()


NOBODY = Trust()


class _Found(NamedTuple):
    trusted: list[tuple[int, Results]]
    untrusted: list[dict[str, Any]]


def judge(fields: Sequence[Header], authors: Iterable[str], trust: Trust = NOBODY) -> dict[str, Any]:
    """The record's ``auth``; ``authors`` are the addresses of From.

    ``verified`` is true only if a trusted field says dmarc=pass for the domain of From, or dkim=pass or
    spf=pass for a domain aligned with it; null if nobody is trusted; else false, and ``reason`` says why.
    """
    domains = [author.rpartition("@")[2].rstrip(".").lower() for author in authors]
    found = _sort(fields, trust)
    results = [result for _, field in found.trusted for result in field.results]
    domain = domains[0] if len(domains) == 1 else ""
    verified, reason = _verdict(fields, domains, found, results, trust)
    described: dict[str, Any] = {"verified": verified}
    if reason:
        described["reason"] = reason
    if found.trusted:
        described["authservId"] = found.trusted[0][1].authserv_id
        described["fromDomain"] = domain or None
        described |= _summary(results, domain, trust)
        described["evidence"] = [number for number, _ in found.trusted]
    if found.untrusted:
        described["untrusted"] = found.untrusted
    return described


def _verdict(
    fields: Sequence[Header], domains: list[str], found: _Found, results: list[Result], trust: Trust
) -> tuple[bool | None, str]:
    senders = sum(field.name.lower() == "from" for field in fields)
    if senders != 1 or len(domains) != 1 or not domains[0]:
        # Readers disagree about who the author of such a message is.
        return False, "from-missing" if senders == 0 else "from-ambiguous"
    if not trust.authserv_ids:
        return None, ""
    if not found.trusted:
        return False, "no-trusted-field"
    return _decide(results, domains[0], trust)


def _decide(results: list[Result], domain: str, trust: Trust) -> tuple[bool, str]:
    dmarc = _first(results, "dmarc")
    if dmarc is not None:
        stated = dmarc.properties.get("header.from")
        if stated is not None and _domain(stated) != domain:
            return False, "dmarc-other-domain"
        if dmarc.result in ("pass", "fail"):
            return dmarc.result == "pass", "" if dmarc.result == "pass" else "dmarc-fail"
    passed = [result for result in results if result.result == "pass" and result.method in ("dkim", "spf")]
    spf = _first(results, "spf")
    passed = [result for result in passed if result.method == "dkim" or result is spf]
    if any(aligned(_authenticated(result), domain, trust) for result in passed):
        return True, ""
    return False, "not-aligned" if passed else "not-authenticated"


def aligned(authenticated: str, domain: str, trust: Trust) -> bool:
    """Whether an authenticated domain may speak for the domain of From (RFC 7489 section 3.1).

    Relaxed alignment needs to know where an organization begins, which no name tells: two hosts of
    ``co.uk`` belong to two owners.  So it counts below the configured organizations only.
    """
    if not authenticated or not domain:
        return False
    if authenticated == domain:
        return True
    return any(_is_below(authenticated, each) and _is_below(domain, each) for each in trust.organizations)


def _authenticated(result: Result) -> str:
    if result.method == "dkim":
        return _domain(result.properties.get("header.d") or result.properties.get("header.i", ""))
    return _domain(result.properties.get("smtp.mailfrom") or result.properties.get("smtp.mail", ""))


def _domain(value: str) -> str:
    return value.rpartition("@")[2].strip("<> ").rstrip(".").lower()


def _is_below(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith("." + parent)


def _first(results: list[Result], method: str) -> Result | None:
    return next((result for result in results if result.method == method), None)


def _summary(results: list[Result], domain: str, trust: Trust) -> dict[str, Any]:
    summary: dict[str, Any] = {}
    for method in ("spf", "dmarc", "arc"):
        result = _first(results, method)
        if result is not None:
            summary[method] = result.result
    spf = _first(results, "spf")
    if spf is not None:
        summary["spfDomain"] = _authenticated(spf) or None
        summary["spfAligned"] = aligned(_authenticated(spf), domain, trust)
    signatures = [result for result in results if result.method == "dkim"]
    if signatures:
        summary["dkim"] = [
            {
                "domain": _authenticated(each) or None,
                "result": each.result,
                "aligned": aligned(_authenticated(each), domain, trust),
            }
            for each in signatures
        ]
    return summary


def _sort(fields: Sequence[Header], trust: Trust) -> _Found:
    """Which fields count, and why the others do not."""
    found = _Found([], [])
    reader = _Reader(trust)
    for number, (name, value) in enumerate(fields):
        kind = name.lower()
        if kind == "received":
            reader.above.append(value)
        elif kind != "authentication-results":
            reader.pass_by(kind)
        else:
            results, problem = reader.read(value)
            if results is not None and not problem:
                found.trusted.append((number, results))
            elif len(found.untrusted) < MAX_UNTRUSTED:
                shown = results.authserv_id[:255] if results else None
                found.untrusted.append({"index": number, "authservId": shown or None, "reason": problem})
    return found


class _Reader:
    """Goes down the header; ``above`` are Received fields that have not been looked at yet."""

    def __init__(self, trust: Trust) -> None:
        self.above: list[str] = []
        self._trust = trust
        self._outside = False
        self._broken = False
        self._stated: set[str] = set()
        self._fields = 0

    def pass_by(self, kind: str) -> None:
        """See a field of another kind: only some may stand within the run of our fields."""
        if self._stated and kind not in _RUN and not kind.startswith(_PREFIXES):
            self._broken = True

    def read(self, value: str) -> tuple[Results | None, str]:
        """What a field says, and why it does not count; "" if it does."""
        self._fields += 1
        if self._fields > MAX_FIELDS:
            return None, "too-many"
        results = authresults.read(value)
        if results is None:
            return None, "malformed"
        return results, self._problem(results)

    def _problem(self, results: Results) -> str:
        if results.authserv_id not in self._trust.authserv_ids:
            return "other-server"
        if self._stated and self.above:
            self._broken = True
        while self.above and not self._outside:
            self._outside = not _is_ours(self.above.pop(), self._trust)
        if self._outside:
            return "below-foreign-received"
        if self._broken:
            return "not-topmost"
        methods = {result.method for result in results.results} or {""}
        # A server says a thing once; the second time it is somebody below who says it.
        if self._stated & methods:
            return "repeated"
        self._stated |= methods
        return ""


def _is_ours(received: str, trust: Trust) -> bool:
    host = authresults.received_by(received)
    if host is None:
        return False
    return not host or any(_is_below(host, each) for each in (*trust.authserv_ids, *trust.hosts))
