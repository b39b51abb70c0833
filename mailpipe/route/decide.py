"""Decides which rules a record meets, and what each of them wants done; pure."""

from collections.abc import Mapping
from typing import Any

from mailpipe.jsonl import encode
from mailpipe.route import answer, paths
from mailpipe.route.checks import quoted
from mailpipe.route.rules import CAPTURES, Argv, Placeholder, Ready, Rules
from mailpipe.route.verdict import Decision, Tried, Verdict

ANSWERABLE = "answerable"  # a member that conditions see and no record has
LONGEST = 4_096  # characters of a message that may become one argument


def decide(record: Mapping[str, Any], rules: Rules) -> Decision:
    """The verdicts of the rules that are met, up to the first that does not say continue.

    Without any the message has failed, so that a person sees it.
    """
    seen = {**record, ANSWERABLE: not answer.refusal(record, rules.own)}
    tried: list[Tried] = []
    verdicts: list[Verdict] = []
    for rule in rules.rules:
        holds, why, captures = rule.condition.look(seen, rules.vocabulary)
        tried.append(Tried(rule.name, holds, why))
        if holds:
            verdicts.append(_verdict(rule, record, captures, rules))
            if not rule.goes_on:
                break
    if not verdicts:
        verdicts.append(Verdict(rule=None, outcome="failed", reason="no-rule-matched"))
    return Decision(tuple(verdicts), tuple(tried))


def too_often(record: Mapping[str, Any], most: int) -> Decision | None:
    """The end of a message that was handed out more than ``most`` times and never settled."""
    attempts = attempt(record)
    if attempts <= most:
        return None
    detail = (
        f"handed out {attempts} times and never settled: what handles it ends every time, or takes longer"
        " than its lease"
    )
    return Decision(
        (Verdict(rule=None, outcome="failed", reason="too-many-attempts", detail=detail),),
    )


def attempt(record: Mapping[str, Any]) -> int:
    """How often the message was handed out, this time counted."""
    source = record.get("source")
    count = source.get("attempt") if isinstance(source, dict) else None
    return count if isinstance(count, int) and count > 0 else 1


def _verdict(rule: Ready, record: Mapping[str, Any], captures: Mapping[str, str], rules: Rules) -> Verdict:
    try:
        argv = _argv(rule.run, record, captures, rules)
        reply = _argv(rule.reply, record, captures, rules)
    except ValueError as exc:
        return Verdict(rule=rule.name, outcome="failed", reason="argument-refused", detail=str(exc))
    return Verdict(
        rule=rule.name,
        outcome=rule.outcome,
        argv=argv,
        post=rule.post,
        append=rule.append,
        reply=reply,
        terms=rule.terms,
        captures=captures,
    )


def _argv(
    parts: Argv, record: Mapping[str, Any], captures: Mapping[str, str], rules: Rules
) -> tuple[str, ...]:
    return tuple(
        part if isinstance(part, str) else _argument(part, record, captures, rules) for part in parts
    )


def _argument(part: Placeholder, record: Mapping[str, Any], captures: Mapping[str, str], rules: Rules) -> str:
    path = ".".join(part.names)
    if part.names[0] == CAPTURES:
        values: list[Any] = [captures[name] for name in part.names[1:] if name in captures]
    else:
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
