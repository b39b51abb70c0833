"""The command line of check."""

import sys

import click

from mailpipe.config import Settings
from mailpipe.errors import Exit
from mailpipe.stage import CONFIG, StageCommand

EXAMPLES = """\
# Will the default account work?
mailpipe check

# Make its folders as well, and look at the rules before going live
mailpipe check --prepare --rules rules.yaml partners

# For a monitor: only what is wrong
mailpipe check --json | jq -c 'select(.state == "fail")' > wrong.jsonl
"""


@click.command("check", cls=StageCommand, epilog=EXAMPLES.strip())
@click.argument("account", required=False, metavar="[ACCOUNT]")
@click.option(
    "--prepare",
    is_flag=True,
    help="Also make missing folders, try to write a message, and make the keyword for fetch --claim known.",
)
@click.option(
    "--rules",
    multiple=True,
    type=click.Path(dir_okay=False),
    help="Also look at this rule file; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="Write findings as JSON Lines.")
def command(
    config: str | None, account: str | None, prepare: bool, rules: tuple[str, ...], as_json: bool
) -> None:
    """Try whether an account is going to work, before it has to.

    Looks at Python and its known holes, the libraries, the state database; the configuration and
    whether its secrets can be read; the servers' names, TLS and certificates, logins and extensions;
    the folders, the clock, whether the sender may send; and the rule files that are named.
    Nothing is sent, and without --prepare nothing is changed.

    Each line is ok, note (good to know), WARN (works, but not as well as it could) or FAIL, followed by
    what to do about it. With --json each is an object: topic, state, detail, todo and, where it fails,
    status. The exit status is 0 if nothing fails; else 78 where the configuration is wrong, 77 where
    credentials or rights are, 69 where something is not there, 75 where it may be later.
    """
    from mailpipe.check import core, plan, show
    from mailpipe.stdio import ClosedPipe

    findings = core.check(plan.probes(Settings(config), account, rules, prepare=prepare))
    try:
        sys.exit(core.status(show.shown(findings, as_json=as_json)))
    except ClosedPipe:
        sys.exit(Exit.CLOSED_PIPE)


command.params.append(CONFIG)
