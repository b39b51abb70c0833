"""The command line of route."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mailpipe.config import Settings
from mailpipe.record import Transform
from mailpipe.stage import stage

if TYPE_CHECKING:
    from mailpipe.route.rules import Rules

ATTEMPTS = 10


@stage(
    "route",
    acts=True,
    examples="""
# Give every parsed message to its handler, then put it away
mailpipe fetch partners | mailpipe parse | mailpipe route rules.yaml | mailpipe settle

# The same with eight handlers at a time; messages about one ref stay in their order
mailpipe fetch partners | mailpipe parse | mailpipe route --jobs 8 rules.yaml | mailpipe settle

# Are the rules well formed, are the handlers there, and can every rule be met?
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
@click.option(
    "--jobs",
    type=click.IntRange(1, 256),
    default=1,
    show_default=True,
    metavar="N",
    help="Handle N messages at a time.",
)
@click.option(
    "--max-attempts",
    type=click.IntRange(min=1),
    default=ATTEMPTS,
    show_default=True,
    metavar="N",
    help="A message handed out more than N times fails without being handled.",
)
def command(
    settings: Settings, rules: str, explain: bool, dry_run: bool, check: bool, jobs: int, max_attempts: int
) -> Transform:
    """Give each parsed message to the handler its rules name.

    RULES is a YAML file: an ordered list of rules, of which the first whose conditions hold is the
    only one that counts, unless it says continue; see mailpipe-rules(5). A rule runs a program with
    the record as JSON on its standard input, posts it to a webhook, appends it to a JSON Lines file,
    answers it, or only gives an outcome.

    The outcome is "processed" where a handler ends with status 0 or a webhook answers 2xx,
    "deferred" with status 75 (or when it takes too long, is killed, is down or asks for later), and
    "failed" with anything else. A message that meets no rule has failed, so that a person sees it.
    mailpipe-settle(1) acts on the outcome. With --dry-run there is none, so that settle does nothing.

    With --jobs the records come out in the order in which they came in all the same, and messages
    about the same ref are handled one after the other. When a signal ends the stage, handlers that
    run are awaited; messages whose verdict was not written are handed out again.

    A webhook that does not answer three times in a row is left alone for a minute: what would go
    there is deferred, and the stage ends with status 75.

    SIGHUP reads the rules again before the next record; if they have become wrong, those of before
    stay in force.
    """
    from mailpipe.route import rulefile
    from mailpipe.route.own import OwnAddresses

    load = partial(rulefile.load, Path(rules), lambda: settings.config.vocabulary, OwnAddresses(settings))
    if check:
        return _checked(Path(rules), load)
    return _working(Path(rules), load, jobs, max_attempts, dry=dry_run, explain=explain)


def _checked(path: Path, load: Callable[[], "Rules"]) -> Transform:
    from mailpipe.route.checked import check

    check(path, load())
    return lambda _records: iter(())


def _working(
    path: Path, load: Callable[[], "Rules"], jobs: int, max_attempts: int, *, dry: bool, explain: bool
) -> Transform:
    from mailpipe.route import core, hands
    from mailpipe.route.reload import Reloaded

    current = Reloaded(load, hands.tell).listen()
    across = core.in_turn if jobs == 1 else hands.at_a_time(jobs)
    work = hands.of(path, current().replies, dry=dry, explain=explain)
    return partial(core.route, rules=current, hands=work, across=across, max_attempts=max_attempts)
