"""Decides which rule a record meets first, and what its handler's end means; running it is run.py's job."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from mailpipe.jsonl import encode
from mailpipe.record import Record, each
from mailpipe.route import paths
from mailpipe.route.checks import quoted
from mailpipe.route.rules import Outcome, Placeholder, Ready, Rules

TRY_LATER = 75  # EX_TEMPFAIL of sysexits(3)
LONGEST = 4_096  # characters of a message that may become one argument


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule that was looked at, and the fact that decided."""

    rule: str
    met: bool
    why: str

    def as_json(self) -> dict[str, Any]:
        """As in the record's ``route.tried``."""
        return {"rule": self.rule, "met": self.met, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be done with a record: run ``argv``, or append to a file, or nothing; then ``outcome``."""

    rule: str | None
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    argv: tuple[str, ...] = ()
    append: str = ""
    timeout: float = 0.0
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a handler ended: by ``status``, or by ``signal``."""

    status: int | None
    signal: int | None = None
    timed_out: bool = False
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""


class Run(Protocol):
    """Runs a handler; raises WorldError if it cannot be started at all."""

    def __call__(
        self, argv: Sequence[str], stdin: bytes, told: Mapping[str, str], timeout: float, /
    ) -> Ran: ...


class Append(Protocol):
    """Adds a line to a file of that name; returns when it is on disk, or raises WorldError."""

    def __call__(self, name: str, line: bytes, /) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What carries out verdicts; ``dry`` ones are carried out by nobody."""

    run: Run
    append: Append
    dry: bool = False
    explain: Callable[[list[str]], None] | None = None


def route(records: Iterable[Record], rules: Rules, hands: Hands) -> Iterator[Record]:
    """Yield each record with ``route``: the rule it met, what the handler did, the outcome."""
    return each("route", partial(_routed, rules=rules, hands=hands))(records)


def _routed(record: Record, rules: Rules, hands: Hands) -> Record:
    verdict = decide(record, rules)
    if hands.explain is not None:
        hands.explain(explanation(record, verdict))
    tried = {"tried": [one.as_json() for one in verdict.tried]} if hands.explain is not None else {}
    done = _intended(verdict) if hands.dry else _carried_out(verdict, record, hands)
    return {**record, "route": {"rule": verdict.rule, **done, **tried}}


def decide(record: Mapping[str, Any], rules: Rules) -> Verdict:
    """The verdict of the first rule whose conditions hold; without one the message has failed."""
    tried: list[Tried] = []
    for rule in rules.rules:
        holds, why, _captures = rule.condition.look(record, rules.vocabulary)
        tried.append(Tried(rule.name, holds, why))
        if holds:
            return _verdict(rule, record, tuple(tried), rules)
    return Verdict(rule=None, outcome="failed", reason="no-rule-matched", tried=tuple(tried))


def _verdict(rule: Ready, record: Mapping[str, Any], tried: tuple[Tried, ...], rules: Rules) -> Verdict:
    try:
        argv = tuple(_argument(part, record, rules) for part in rule.run)
    except ValueError as exc:
        return Verdict(
            rule=rule.name, outcome="failed", reason="argument-refused", detail=str(exc), tried=tried
        )
    return Verdict(
        rule=rule.name,
        outcome=rule.outcome,
        argv=argv,
        append=rule.append,
        timeout=rule.timeout,
        tried=tried,
    )


def _argument(part: str | Placeholder, record: Mapping[str, Any], rules: Rules) -> str:
    if isinstance(part, str):
        return part
    path = ".".join(part.names)
    values = paths.find(record, part.names, rules.vocabulary)
    if len(values) != 1 or values[0] is None or isinstance(values[0], dict):
        found = (
            f"{len(values)} values" if len(values) > 1 else "an object" if values and values[0] else "nothing"
        )
        raise ValueError(f"{{{path}}} is {found}, and an argument is one text")
    text = values[0] if isinstance(values[0], str) else encode({"": values[0]})[4:-2].decode()
    # A program would take it for an option (CWE-88); a control character has no place in an argument.
    if not text or text.startswith("-") or len(text) > LONGEST or not text.isprintable():
        raise ValueError(f"{{{path}}} is {quoted(text)}, which is not safe as an argument")
    return text


def _intended(verdict: Verdict) -> dict[str, Any]:
    # No outcome: settle must not move a message that nobody has taken care of.
    would: dict[str, Any] = {"outcome": verdict.outcome}
    if verdict.argv:
        would = {"run": list(verdict.argv)}
    elif verdict.append:
        would["append"] = verdict.append
    return {"dryRun": True, "would": {**would, **_reason(verdict.reason, verdict.detail)}}


def _carried_out(verdict: Verdict, record: Record, hands: Hands) -> dict[str, Any]:
    if verdict.argv:
        ran = hands.run(verdict.argv, encode(record), _told(record), verdict.timeout)
        outcome, reason, detail = judge(ran, verdict)
        return {"outcome": outcome, **_reason(reason, detail), "handler": _report(verdict, ran)}
    done: dict[str, Any] = {"outcome": verdict.outcome, **_reason(verdict.reason, verdict.detail)}
    if verdict.append:
        hands.append(verdict.append, encode(record))
        done["handler"] = {"append": verdict.append}
    return done


def judge(ran: Ran, verdict: Verdict) -> tuple[Outcome, str, str]:
    """Outcome, reason and detail of a handler's end.

    0 gives the rule's outcome, 75 and an end that is not its own are deferred, all else has failed.
    """
    program = verdict.argv[0]
    if ran.timed_out:
        return (
            "deferred",
            "handler-timeout",
            f"{program} took longer than {verdict.timeout:g} s and was killed",
        )
    if ran.status is None:
        return "deferred", "handler-killed", f"{program} was killed by signal {ran.signal}"
    if ran.status == 0:
        return verdict.outcome, "", ""
    said = ran.stderr.strip().rpartition("\n")[2][:200]
    detail = f"{program} ended with status {ran.status}" + (f": {said}" if said else "")
    if ran.status == TRY_LATER:
        return "deferred", "handler-deferred", detail
    return "failed", "handler-failed", detail


def _told(record: Mapping[str, Any]) -> dict[str, str]:
    """What a handler's environment says of the message: its id, and how often it was handed out."""
    source = record.get("source")
    attempt = source.get("attempt") if isinstance(source, dict) else None
    told = {"MAILPIPE_ATTEMPT": str(attempt) if isinstance(attempt, int) and attempt > 0 else "1"}
    name = record.get("id")
    # An id is ours: a digest.  Anything else came from outside, and stays out of the environment.
    if isinstance(name, str) and name.isascii() and name.replace(":", "").isalnum() and len(name) <= LONGEST:
        told["MAILPIPE_ID"] = name
    return told


def _report(verdict: Verdict, ran: Ran) -> dict[str, Any]:
    return {
        "run": list(verdict.argv),
        "status": ran.status,
        "signal": ran.signal,
        "timedOut": ran.timed_out,
        "seconds": ran.seconds,
        "stdout": ran.stdout,
        "stderr": ran.stderr,
    }


def _reason(reason: str, detail: str) -> dict[str, str]:
    said = {"reason": reason, "detail": detail}
    return {name: text for name, text in said.items() if text}


def explanation(record: Mapping[str, Any], verdict: Verdict) -> list[str]:
    """For people: the message in one line, then a line for each rule that was tried."""
    lines = [_title(record)]
    for one in verdict.tried:
        lines.append(f"  {'met' if one.met else 'not met'}: {one.rule}: {one.why}")
    if verdict.rule is None:
        lines.append("  no rule matched: failed")
    elif verdict.detail:
        lines.append(f"  {verdict.outcome}: {verdict.detail}")
    return lines


def _title(record: Mapping[str, Any]) -> str:
    name = record.get("id")
    senders = [sender.get("email") for sender in record.get("from") or [] if isinstance(sender, dict)]
    said = [str(name)[:23]] if isinstance(name, str) else ["a message"]
    said += [f"from {quoted(sender)}" for sender in senders[:1] if sender]
    said += [quoted(record["subject"])] if record.get("subject") else []
    return " ".join(said)
