"""Names the reason of a failed delivery, at send time or in a bounce, from what a server said."""

import re
from functools import lru_cache

MAX_SAID = 4000  # characters that are looked at

_MAILBOX = r"(?:recipient|mailbox|account|address|user|alias)[^\n]{0,60}?"
# Patterns by reason, asked in this order: what a server says is more exact than the code it gives with it.
_SAID = {
    "bad_mailbox": (
        r"recipient address rejected: access denied",
        r"user unknown|unknown user|no such (?:user|mailbox)",
        r"(?:recipient|user|account|mailbox|compte)[^\n]{0,60}? (?:is|est|has been) "
        r"(?:blo(?:cked|qu)|locked|frozen)",
    ),
    "mailbox_full": (
        r"mail ?box (?:is |was |size )?(?:full|exceed)|mailbox for user is full|is (?:currently )?full",
        r"over (?:its |the )?(?:disk |storage )?quota|overquota|quota (?:is )?(?:exceed|full|limit)",
        r"exceed\w* (?:\w+ ){0,3}quota|has exceeded (?:his|their|its|the) (?:disk|mail)|too much mail data",
        r"out of (?:email )?storage|inbox is (?:full|out)|storage (?:limit|space|quota)",
        r"not enough (?:disk|storage|mail)|insufficient (?:disk|storage)",
    ),
    "policy ": (r"headers? (?:is |are )?too (?:large|long|big)",),
    "too_big": (
        r"(?:message|mail|data|size) (?:size |header size )?(?:is )?(?:too (?:large|big|long)|exceed)",
        r"maximum (?:\w+ ){0,2}size|size limit|exceeds? (?:the )?(?:maximum|fixed|size)",
        r"too large|message length|line limit",
    ),
    "policy": (
        r"spam|unsolicited|virus|malware|content (?:rejected|filter)|greylist|grey-list|reputation|moderat",
        r"\bspf\b|dkim|dmarc|authenticat|certificate|starttls|encrypt|\btls\b|helo|rfc ?53?22|8-?bit",
        r"\bptr\b|reverse (?:dns|lookup|address)|rdns|ip name|cannot find your (?:hostname|reverse)",
        r"black ?list|block(?:ed|list| list)|\brbl\b|dnsbl|banned|ip address .{0,40}(?:list|block|reject)",
        r"\brelay|polic(?:y|ies)|not (?:authori[sz]ed|permitted|allowed)|prohibit|forbidden|improper use",
        r"access denied|denied by|sender (?:address |domain |id )?(?:rejected|denied|verif|invalid|not)",
        r"rate ?limit|throttl|too many (?:connections|messages|mails|recip|concurrent)|unverifiable",
        r"permission to post|groups\.google\.com|domain of sender|mx lookup",
        r"message (?:was )?(?:rejected|refused|filtered)|refused to accept|\bip=[\da-f.:]+ - |\(bl\)$",
        r"weren't sent|contact your internet service provider|loop alert",
    ),
    "bad_mailbox ": (
        r"user (?:is )?(?:not found|doesn|does not|not known|account|suspend)",
        r"unknown (?:recipient|address|local)|no such (?:recipient|address|person|local|account|email)",
        rf"{_MAILBOX} (?:not found|unavailable|unknown|disabled|inactive|suspended|closed|expired)",
        rf"{_MAILBOX} (?:does(?: not|n't) exist|not exist|is invalid|deactivated|not available)",
        r"is not (?:a )?(?:valid|known|recogni)|not a (?:known|valid) (?:user|recipient)|not our customer",
        r"invalid (?:recipient|mailbox|user|address|local)|recipnotfound|no mailbox|mailbox not",
        r"recipient(?: address)? rejected\.?$|disabled recipient|has moved|no longer|addressee unknown",
        r"couldn.t be found|bad (?:destination )?mailbox|unable to find|undeliverable address|not listed in",
        r"undefined mail|account that you tried|there is no (?:user|one)",
    ),
    "bad_domain": (
        r"(?:host|domain)(?: or domain name)?(?: name)? (?:unknown|not found|lookup|does not exist)",
        r"unknown (?:host|domain)|no (?:such|valid) (?:host|domain|recipients)|domain not exist",
        r"unrouteable|unroutable|nxdomain",
        r"name (?:service|server) error|no (?:mx\b|mail exchanger|route to domain)|null ?mx|illegal host",
        r"does not accept mail|could ?n[o']t (?:find|resolve) (?:any |a )?(?:host|domain|gateway)",
        r"cannot find (?:a )?host|host \S{1,200} not found|domain is not reachable|indicated no smtp service",
    ),
    "system": (
        r"time(?:d)? ?out|connection (?:refused|reset|closed|lost)|deferred|delay|too long|gave up|retry",
        r"temporar|try again|will be retried|unable to con(?:tact|nect)|not respond|command (?:not|un)|loop",
        r"too many hops|(?:local|internal|system|i/o) error|configuration|resources|disk|network|unreachable",
        r"ldap|pipe to|no route to host|service (?:currently |is )?(?:temporarily )?unavailable|duplicated",
        r"try (?:again )?later|plus tard|socket error|did not accept our requests|service refus",
        r"giving up|for the last \d+ seconds|after \d+ attempts|failed \d+ attempts|mailer error",
    ),
}
_PATTERNS = [
    (reason.strip(), re.compile("|".join(patterns), re.IGNORECASE)) for reason, patterns in _SAID.items()
]
_AT_SENDER = re.compile(r"(?:after|in reply to) (?:pipelined |end of )?mail from", re.IGNORECASE)
# Codes that servers give for anything, and those of the network, where the text tells host from road.
_VAGUE = re.compile(r"(?:[0-9]\.0|1\.[12]|2\.1|3\.2|4\.(?!5$)\d{1,3}|5\.\d|7\.1)$")
_NO_MAIL = re.compile(r"(?:521|556)[ -]")  # RFC 7504

# RFC 3463 and the IANA registry of enhanced status codes, class left out; longest match wins.
_BY_STATUS = {
    "1.0": "bad_mailbox",
    "1.1": "bad_mailbox",
    "1.2": "bad_domain",
    "1.3": "bad_mailbox",
    "1.4": "bad_mailbox",
    "1.6": "bad_mailbox",
    "1.7": "policy",
    "1.8": "policy",
    "1.10": "bad_domain",
    "2.1": "bad_mailbox",
    "2.2": "mailbox_full",
    "2.3": "too_big",
    "3.4": "too_big",
    "3": "system",
    "4": "system",  # a road that is closed, unless the text has said that the host is not there
    "6": "policy",  # a content that the server does not want, RFC 3463 section 3.7
    "7": "policy",
    "7.13": "bad_mailbox",  # an account that is disabled, RFC 5248 and its registry
}


@lru_cache(maxsize=128)  # a notice may say the same of hundreds of recipients
def name(status: str, said: str) -> str:
    """One of bad_mailbox, bad_domain, mailbox_full, too_big, policy, system, unknown.

    ``status`` is an enhanced status code (RFC 3463) or empty, ``said`` what the server said.
    """
    subject, _, detail = status.partition(".")[2].partition(".")
    if status and not _VAGUE.match(f"{subject}.{detail}"):
        return _by_status(subject, detail)
    text = said[:MAX_SAID]
    if _NO_MAIL.match(text):
        return "bad_domain"
    for reason, pattern in _PATTERNS:
        if pattern.search(text):
            # What is looked up again and again is not known to be missing.
            return "system" if reason == "bad_domain" and status[:1] == "4" else reason
    return _by_status(subject, detail) if status else "unknown"


def _by_status(subject: str, detail: str) -> str:
    return _BY_STATUS.get(f"{subject}.{detail}") or _BY_STATUS.get(subject, "unknown")


def is_about_sender(said: str) -> bool:
    """Whether a server refused the sender, before it was told any recipient (RFC 5321 section 3.3)."""
    return _AT_SENDER.search(said[:MAX_SAID]) is not None


def is_hard(reason: str | None, action: str | None, status: str) -> bool:
    """Whether mail to this address is of no use any more: a permanent failure of the mailbox or its domain.

    A mailbox that is full, a message that a policy refuses, and a temporary failure (4.x.x) that a server
    gave up on, may be different for the next message.
    """
    return action == "failed" and status[:1] == "5" and reason in ("bad_mailbox", "bad_domain")
