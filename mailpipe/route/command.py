"""The command line of route."""

from functools import partial

import click

from mailpipe.config import Settings
from mailpipe.record import Transform
from mailpipe.stage import stage


@stage(
    "route",
    acts=True,
    examples="""
# Give every parsed message to its handler, then put it away
mailpipe fetch partners | mailpipe parse | mailpipe route rules.yaml | mailpipe settle

# Are the rules well formed, and are the handlers there?
mailpipe route --check rules.yaml

# What would be done with the mail that waits, and why?  Nothing is leased, run or moved
mailpipe fetch --peek partners | mailpipe parse | mailpipe route --dry-run --explain rules.yaml
""",
)
@click.argument("rules", type=click.Path(dir_okay=False))
@click.option(
    "--explain",
    is_flag=True,
    help="Say on stderr, and in route.tried, which rules were tried and what decided.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Run no handler and write no file: say in route.would what would be done.",
)
@click.option("--check", is_flag=True, help="Only check the rules and their handlers; read no record.")
def command(settings: Settings, rules: str, explain: bool, dry_run: bool, check: bool) -> Transform:
    """Give each parsed message to the handler its rules name.

    RULES is a YAML file: an ordered list of rules, of which the first whose conditions hold is the
    only one that counts; see mailpipe-rules(5). A rule runs a program with the record as JSON on its
    standard input, or appends the record to a JSON Lines file, or only gives an outcome.

    The outcome is "processed" where a handler ends with status 0, "deferred" with status 75 (or when
    it takes too long, or is killed), and "failed" with any other. A message that meets no rule has
    failed, so that a person sees it. mailpipe-settle(1) acts on the outcome.

    Handlers run one after the other, in the folder of the rule file, with an environment of PATH,
    LANG, HOME, the variables by which mailpipe finds its own files, MAILPIPE_ID (the same for the
    same message, to recognise one that comes twice) and MAILPIPE_ATTEMPT (1, 2, ...).

    With --dry-run the record has no outcome, so that settle leaves the message where it is.
    """
    from pathlib import Path

    from mailpipe.route import hands, rulefile

    path = Path(rules)
    loaded = rulefile.load(path, lambda: settings.config.vocabulary)
    if check:
        hands.say_checked(path, loaded)
        return lambda _records: iter(())
    from mailpipe.route import core

    return partial(core.route, rules=loaded, hands=hands.of(path, dry=dry_run, explain=explain))
