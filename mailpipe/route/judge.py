"""Says what the end of a handler means for the message; pure."""

from typing import NamedTuple

from mailpipe.route.ruletypes import Outcome
from mailpipe.route.verdict import Posted, Ran, Verdict

TRY_LATER = 75  # EX_TEMPFAIL of sysexits(3)
LATER = frozenset([408, 425, 429, 503])  # answers of a webhook that ask for the same later
BUSY = frozenset([429, 503])  # of these, what says nothing about the message


class Judgement(NamedTuple):
    """The outcome, and why it is not the one of the rule.

    ``blameless``: the message had no part in it, so it is not counted as an attempt.
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    blameless: bool = False


def judge(ran: Ran, program: str, verdict: Verdict) -> Judgement:
    """Of a program: 0 gives the rule's outcome; 75, and an end that is not its own, is deferred."""
    if ran.timed_out:
        detail = f"{program} took longer than {verdict.terms.timeout:g} s and was killed"
        return Judgement("deferred", "handler-timeout", detail)
    if ran.status is None:
        return Judgement("deferred", "handler-killed", f"{program} was killed by signal {ran.signal}")
    if ran.status == 0:
        return Judgement(verdict.outcome)
    said = ran.stderr.strip().rpartition("\n")[2][:200]
    detail = f"{program} ended with status {ran.status}" + (f": {said}" if said else "")
    if ran.status == TRY_LATER:
        return Judgement("deferred", "handler-deferred", detail)
    return Judgement("failed", "handler-failed", detail)


def judge_post(posted: Posted, origin: str, verdict: Verdict) -> Judgement:
    """Of a webhook: 2xx gives the rule's outcome; what asks for later, and silence, is deferred."""
    if posted.status is None:
        return Judgement("deferred", "webhook-down", posted.problem, blameless=not posted.reached)
    if 200 <= posted.status < 300:
        return Judgement(verdict.outcome)
    said = posted.response.strip().partition("\n")[0][:200]
    detail = f"{origin} answers {posted.status}" + (f": {said}" if said else "")
    if posted.status in LATER:
        return Judgement("deferred", "webhook-deferred", detail, blameless=posted.status in BUSY)
    if 300 <= posted.status < 400:
        return Judgement("failed", "webhook-redirects", f"{detail}; write the URL that it leads to")
    return Judgement("failed", "webhook-failed", detail)
