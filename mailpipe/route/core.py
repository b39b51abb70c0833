"""route: each record meets its rules, and what they want is done; how it is done is left to its hands."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from mailpipe.errors import WorldError
from mailpipe.exact import dumps
from mailpipe.jsonl import encode
from mailpipe.record import Record, has_failed
from mailpipe.route import answer
from mailpipe.route.decide import LONGEST, attempt, decide, too_often
from mailpipe.route.explain import explanation
from mailpipe.route.judge import Judgement, judge, judge_post
from mailpipe.route.rules import Rules, Terms
from mailpipe.route.verdict import Decision, Posted, Ran, Verdict
from mailpipe.route.webaddress import Posting

Task = Callable[[], Record]
ATTEMPTS = 10  # how often a message is handed out before it has failed


class Run(Protocol):
    """Runs a handler; raises WorldError if it cannot be started at all."""

    def __call__(
        self, argv: Sequence[str], stdin: bytes, told: Mapping[str, str], terms: Terms, /
    ) -> Ran: ...


class Post(Protocol):
    """Posts a body to a webhook, signed; ``name`` and ``attempt`` tell the same message again."""

    def __call__(self, to: Posting, body: bytes, name: str, attempt: int, /) -> Posted: ...


class Append(Protocol):
    """Adds a line to a file of that name; returns when it is on disk, or raises WorldError."""

    def __call__(self, name: str, line: bytes, /) -> None: ...


class Grant(Protocol):
    """Whether a reply may go out: with a ``ticket``; else ``why`` not."""

    @property
    def ticket(self) -> int | None: ...
    @property
    def why(self) -> str: ...
    @property
    def exhausted(self) -> bool: ...


class Replies(Protocol):
    """Counts replies; every method may raise WorldError."""

    def grant(self, sender: str, resource: str, /) -> Grant: ...

    def take_back(self, ticket: int, /) -> None: ...


class Across(Protocol):
    """Yields the records that tasks make, in the order of the input; those of one key never overlap."""

    def __call__(
        self, records: Iterable[Record], task: Callable[[Record], Task], key: Callable[[Record], str], /
    ) -> Iterator[Record]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What carries out verdicts; ``dry`` ones are carried out by nobody.

    ``trouble`` says at the end what kept messages from being handled, as an error of the world.
    """

    run: Run
    post: Post
    append: Append
    replies: Replies
    trouble: Callable[[], WorldError | None]
    dry: bool = False
    explain: Callable[[list[str]], None] | None = None


def in_turn(
    records: Iterable[Record], task: Callable[[Record], Task], _key: Callable[[Record], str]
) -> Iterator[Record]:
    """One after the other."""
    for record in records:
        yield task(record)()


def route(
    records: Iterable[Record],
    *,
    rules: Callable[[], Rules],
    hands: Hands,
    across: Across = in_turn,
    max_attempts: int = ATTEMPTS,
) -> Iterator[Record]:
    """Yield each record with ``route``: the rule it met, what the handler did, the outcome.

    ``rules`` is asked for each record, so that they can change while the stage runs.  When some messages
    could not be handled because of what is down, the last thing is an error of the world.
    """
    prepare = partial(_prepared, rules=rules, hands=hands, max_attempts=max_attempts)
    yield from across(records, prepare, answer.resource)
    trouble = hands.trouble()
    if trouble is not None:
        raise trouble


def _prepared(record: Record, rules: Callable[[], Rules], hands: Hands, max_attempts: int) -> Task:
    if has_failed(record):
        return lambda: record
    current = rules()
    decision = too_often(record, max_attempts) or decide(record, current)
    if hands.explain is not None:
        hands.explain(explanation(record, decision))
    return partial(_routed, record, decision, current, hands)


def _routed(record: Record, decision: Decision, rules: Rules, hands: Hands) -> Record:
    tried = {"tried": [one.as_json() for one in decision.tried]} if hands.explain is not None else {}
    if hands.dry:
        done = {"rule": decision.verdicts[-1].rule, "dryRun": True, **_would(decision)}
    else:
        done = _carried_out(decision, record, rules, hands)
    return {**record, "route": {**done, **tried}}


def _would(decision: Decision) -> dict[str, Any]:
    # No outcome: settle must not move a message that nobody has taken care of.
    steps = [_intended(verdict) for verdict in decision.verdicts]
    before = [
        {"rule": verdict.rule, "would": step}
        for verdict, step in zip(decision.verdicts, steps[:-1], strict=False)
    ]
    return {"would": steps[-1], **({"before": before} if before else {})}


def _intended(verdict: Verdict) -> dict[str, Any]:
    would: dict[str, Any] = {"outcome": verdict.outcome}
    if verdict.argv:
        would = {"run": list(verdict.argv)}
    elif verdict.post is not None:
        would = {"post": verdict.post.origin}
    elif verdict.append:
        would["append"] = verdict.append
    if verdict.reply:
        would["reply"] = list(verdict.reply)
    return {**would, **_reason(verdict.reason, verdict.detail), **_captures(verdict)}


def _carried_out(decision: Decision, record: Record, rules: Rules, hands: Hands) -> dict[str, Any]:
    steps: list[dict[str, Any]] = []
    for verdict in decision.verdicts:
        steps.append({"rule": verdict.rule, **_step(verdict, record, rules, hands)})
        if "reason" in steps[-1]:
            break  # what follows is for messages that were handled
    return {**steps[-1], **({"before": steps[:-1]} if len(steps) > 1 else {})}


def _step(verdict: Verdict, record: Record, rules: Rules, hands: Hands) -> dict[str, Any]:
    if verdict.reason:
        return {"outcome": verdict.outcome, **_reason(verdict.reason, verdict.detail)}
    judgement, handler = _handled(verdict, record, hands)
    done: dict[str, Any] = {"handler": handler} if handler else {}
    if verdict.reply and not judgement.reason:
        judged, done["reply"] = _replied(verdict, record, rules, hands)
        if not handler:  # it is the handler of this rule
            judgement = judged
    blameless = {"blameless": True} if judgement.blameless else {}
    return {
        "outcome": judgement.outcome,
        **_reason(judgement.reason, judgement.detail),
        **blameless,
        **_captures(verdict),
        **done,
    }


def _handled(verdict: Verdict, record: Record, hands: Hands) -> tuple[Judgement, dict[str, Any]]:
    seen = _seen(record, verdict)
    if verdict.argv:
        ran = hands.run(verdict.argv, encode(seen), _told(record), verdict.terms)
        return judge(ran, verdict.argv[0], verdict), ran.as_json(verdict.argv)
    if verdict.post is not None:
        name = record.get("id")
        posted = hands.post(verdict.post, dumps(seen), name if isinstance(name, str) else "", attempt(record))
        return judge_post(posted, verdict.post.origin, verdict), posted.as_json(verdict.post.origin)
    if verdict.append:
        hands.append(verdict.append, encode(seen))
        return Judgement(verdict.outcome), {"append": verdict.append}
    return Judgement(verdict.outcome), {}


def _replied(
    verdict: Verdict, record: Record, rules: Rules, hands: Hands
) -> tuple[Judgement, dict[str, Any]]:
    """What became of the reply; the handler has done its work already, whatever comes of this."""
    why = answer.refusal(record, rules.own, failure=verdict.outcome == "failed")
    if why:
        return Judgement(verdict.outcome), {"withheld": why}
    grant = hands.replies.grant(answer.sender(record), answer.resource(record))
    if grant.ticket is None:
        if grant.exhausted:  # whoever is at fault: it is not this message
            return Judgement("deferred", "replies-exhausted", grant.why, blameless=True), {
                "withheld": grant.why
            }
        return Judgement(verdict.outcome), {"withheld": grant.why}
    ran = hands.run(verdict.reply, encode(_seen(record, verdict)), _told(record), verdict.terms)
    judgement = judge(ran, verdict.reply[0], verdict)
    if ran.status not in (0, None):  # it says itself that nothing went out
        hands.replies.take_back(grant.ticket)
    return judgement, {**ran.as_json(verdict.reply), **_reason(judgement.reason, judgement.detail)}


def _seen(record: Record, verdict: Verdict) -> Record:
    """The record as a handler sees it: with what was captured for it."""
    if not verdict.captures:
        return record
    return {**record, "route": {"rule": verdict.rule, "captures": dict(verdict.captures)}}


def _told(record: Mapping[str, Any]) -> dict[str, str]:
    """What a handler's environment says of the message: its id, and how often it was handed out."""
    told = {"MAILPIPE_ATTEMPT": str(attempt(record))}
    name = record.get("id")
    # An id is ours: a digest.  Anything else came from outside, and stays out of the environment.
    if isinstance(name, str) and name.isascii() and name.replace(":", "").isalnum() and len(name) <= LONGEST:
        told["MAILPIPE_ID"] = name
    return told


def _reason(reason: str, detail: str) -> dict[str, str]:
    said = {"reason": reason, "detail": detail}
    return {name: text for name, text in said.items() if text}


def _captures(verdict: Verdict) -> dict[str, Any]:
    return {"captures": dict(verdict.captures)} if verdict.captures else {}
