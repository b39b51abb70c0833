"""Finds rules that no message can ever meet, because an earlier one takes them all; pure.

It compares what is written and proves nothing about words: what it reports is certain, and what it does
not report may be unreachable all the same.
"""

from collections.abc import Iterator
from dataclasses import replace

from mailpipe.route.checks import Check
from mailpipe.route.conditions import Condition, Group, Member, Not
from mailpipe.route.rules import Rules


def unreachable(rules: Rules) -> Iterator[str]:
    """A sentence for each rule that can never be met."""
    for number, rule in enumerate(rules.rules):
        if _contradicts(rule.condition):
            yield f"rule {rule.name!r} can never be met: its conditions exclude each other"
            continue
        for earlier in rules.rules[:number]:
            if not earlier.goes_on and implies(rule.condition, earlier.condition):
                yield f"rule {rule.name!r} can never be met: {earlier.name!r} comes first and takes it all"
                break


def implies(narrow: Condition, wide: Condition) -> bool:
    """Whether every record for which ``narrow`` holds is certainly one for which ``wide`` holds."""
    if narrow == wide:
        return True
    if isinstance(wide, Group):
        if wide.every:
            return all(implies(narrow, part) for part in wide.parts)
        if any(implies(narrow, part) for part in wide.parts):
            return True
    if isinstance(narrow, Group):
        if narrow.every:
            return any(implies(part, wide) for part in narrow.parts)
        return all(implies(part, wide) for part in narrow.parts)
    if isinstance(narrow, Not) and isinstance(wide, Not):
        return implies(wide.part, narrow.part)
    return isinstance(narrow, Member) and isinstance(wide, Member) and _covers(wide, narrow)


def _covers(wide: Member, narrow: Member) -> bool:
    """Whether it is the same check of the same member, with the same words or more."""
    if wide.path != narrow.path or not set(narrow.check.words) <= set(wide.check.words):
        return False
    same = replace(narrow.check, words=()) == replace(wide.check, words=())
    return same and bool(narrow.check.words) == bool(wide.check.words)


def _contradicts(condition: Condition) -> bool:
    if isinstance(condition, Member):
        return _excludes(condition.check)
    if not isinstance(condition, Group):
        return False
    if not condition.every:
        return all(map(_contradicts, condition.parts))
    refused = [part.part for part in condition.parts if isinstance(part, Not)]
    demanded = [part for part in condition.parts if not isinstance(part, Not)]
    return any(implies(part, no) for part in demanded for no in refused) or any(map(_contradicts, demanded))


def _excludes(check: Check) -> bool:
    """A range without anything in it."""
    low, high = check.minimum, check.maximum
    if low is None or high is None or type(low) is not type(high):
        return False
    return low > high  # type: ignore[operator]  # both are numbers, or both are dates
