"""Checks a rule file for --check: what is wrong, and what can never happen."""

from pathlib import Path

from mailpipe.errors import ConfigError
from mailpipe.route.rules import Rules
from mailpipe.route.unreachable import unreachable
from mailpipe.stdio import say


def check(rule_file: Path, rules: Rules) -> None:
    """Say that a rule file is well formed; raises ConfigError if some rules can never be met."""
    found = list(unreachable(rules))
    if found:
        raise ConfigError(f"{rule_file}: {'; '.join(found)}", hint="move it up, or take it out")
    count = len(rules.rules)
    say("route", f"{rule_file}: {count} {'rule is' if count == 1 else 'rules are'} well formed")
