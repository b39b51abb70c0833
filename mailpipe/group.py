"""The click group: finds a command by name, suggests the nearest one, speaks sysexits."""

import sys
from importlib import import_module

import click

from mailpipe import __version__
from mailpipe.cli import STAGES, TOOLS
from mailpipe.errors import Exit, MailpipeError, UsageError

HELP = """E-mail as an API, one pipe stage at a time.

Each stage reads JSON Lines on stdin and writes JSON Lines on stdout:

\b
  mailpipe render check.md < vehicles.jsonl | mailpipe send | mailpipe sent
  mailpipe fetch partners | mailpipe parse | mailpipe route rules.yaml | mailpipe settle

Try 'mailpipe demo' first.
"""


class Pipeline(click.Group):
    """The commands in flow order; a command's module is imported when it is called."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return [*STAGES, *TOOLS]

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in STAGES and name not in TOOLS:
            return None
        command = import_module(f"mailpipe.{name}.command").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            from mailpipe.config import suggest

            hint = suggest(args[0], {**STAGES, **TOOLS}, "commands")
            raise click.UsageError(f"no command {args[0]!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, table in (("Stages, in the order of the flow", STAGES), ("Tools", TOOLS)):
            with formatter.section(title):
                formatter.write_dl(list(table.items()))


def pipeline() -> click.Group:
    """The group of all commands."""
    return Pipeline(
        name="mailpipe",
        help=HELP,
        no_args_is_help=False,
        params=[
            click.Option(
                ["--version", "-V"],
                is_flag=True,
                is_eager=True,
                expose_value=False,
                callback=_print_version,
                help="Print the version.",
            )
        ],
        context_settings={"auto_envvar_prefix": "MAILPIPE", "help_option_names": ["-h", "--help"]},
        invoke_without_command=True,
        callback=_without_command,
    )


def run(args: list[str]) -> int:
    """Run one command line and return its exit status."""
    from mailpipe.stdio import interpreter_exit, occupy, say

    occupy()
    try:
        result = pipeline().main(args, prog_name="mailpipe", standalone_mode=False)
        return result if isinstance(result, int) else Exit.OK
    except click.UsageError as exc:
        return _misused(exc, args)
    except click.ClickException as exc:
        say("", exc.format_message())
        return Exit.USAGE
    except MailpipeError as exc:
        say("", str(exc))
        return exc.status
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    finally:
        interpreter_exit()


def _misused(exc: click.UsageError, args: list[str]) -> int:
    name = exc.ctx.info_name if exc.ctx is not None and exc.ctx.parent is not None else ""
    where = exc.ctx.command_path if exc.ctx is not None and name else "mailpipe"
    error = UsageError(exc.format_message().rstrip("."), hint=f"try '{where} --help'")
    if name in STAGES:
        from mailpipe.stage import report
        from mailpipe.stdio import Output

        return report(name or "", error, Output())
    from mailpipe.stdio import say

    say(args[0] if args and args[0] in TOOLS else "", str(error))
    return Exit.USAGE


def _print_version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        sys.stdout.write(f"mailpipe {__version__}\n")
        ctx.exit()


@click.pass_context
def _without_command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        raise UsageError("no command given", hint="try 'mailpipe --help', or 'mailpipe demo'")
