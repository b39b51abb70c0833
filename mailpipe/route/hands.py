"""Puts together what carries out the verdicts of one rule file."""

from pathlib import Path

from mailpipe.route.append import append, locate
from mailpipe.route.core import Hands
from mailpipe.route.rules import Rules
from mailpipe.route.run import Runner
from mailpipe.stdio import say


def of(rule_file: Path, *, dry: bool, explain: bool) -> Hands:
    """Hands that work in the folder of the rule file."""
    return Hands(
        run=Runner(rule_file),
        append=lambda name, line: append(locate(name, rule_file.parent), line),
        dry=dry,
        explain=say_lines if explain else None,
    )


def say_lines(lines: list[str]) -> None:
    """Say an explanation, line by line."""
    for line in lines:
        say("route", line)


def say_checked(rule_file: Path, rules: Rules) -> None:
    """Say that a rule file is well formed."""
    count = len(rules.rules)
    say("route", f"{rule_file}: {count} {'rule is' if count == 1 else 'rules are'} well formed")
