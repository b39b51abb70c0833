"""Computes section 1 of the manual: a page for mailpipe, and one for each command."""

from collections.abc import Iterable

from mailpipe import __version__
from mailpipe._docs import meanings
from mailpipe._docs.members import MEMBERS
from mailpipe._docs.model import Command, Parameter
from mailpipe._docs.roff import bold, inline, italic, literal, page, paragraph, prose, tagged
from mailpipe.errors import Exit

FORMATS = ("mailpipe-config(5)", "mailpipe-record(5)", "mailpipe-rules(5)")


def main_page(group: Command) -> str:
    """mailpipe(1)."""
    stages = [command for command in group.commands if command.is_stage]
    tools = [command for command in group.commands if not command.is_stage]
    sections = [
        (
            "SYNOPSIS",
            [f"{bold('mailpipe')} {italic('command')} [{italic('options')}] [{italic('arguments')}]"],
        ),
        ("DESCRIPTION", prose(group.paragraphs)),
        ("STAGES", ["In the order of the flow:", *_commands(stages)]),
        ("TOOLS", _commands(tools)),
        ("OPTIONS", _options(group.options)),
        ("RECORDS", paragraph(meanings.READING)),
        ("ENVIRONMENT", _environment(group)),
        ("FILES", _files()),
        ("EXIT STATUS", _statuses(Exit)),
        ("EXAMPLES", literal(meanings.EXAMPLES.strip())),
        ("SEE ALSO", _see_also(group, group)),
    ]
    return page("mailpipe", 1, __version__, group.brief, sections)


def command_page(command: Command, group: Command) -> str:
    """The page of one command."""
    sections = [
        ("SYNOPSIS", _synopsis(command)),
        ("DESCRIPTION", prose(command.paragraphs or (command.brief,))),
        ("COMMANDS", _commands(command.commands)),
        ("OPTIONS", _options(command.options)),
        ("INPUT AND OUTPUT", _flow(command)),
        ("ENVIRONMENT", _environment(command)),
        ("FILES", _files() if command.is_stage else []),
        (
            "EXIT STATUS",
            _statuses(
                Exit if command.is_stage or " " in command.name else meanings.tool_statuses(command.name)
            ),
        ),
        ("EXAMPLES", literal(command.examples.strip())),
        ("SEE ALSO", _see_also(command, group)),
    ]
    return page(command.page, 1, __version__, command.brief, sections)


def _synopsis(command: Command) -> list[str]:
    if command.commands:
        return [bold(f"mailpipe {command.name}"), italic("command"), f"[{italic('options')}]"]
    shown = [f"[{_term(option, names=option.names[-1:])}]" for option in command.options]
    shown += [_argument(argument) for argument in command.arguments]
    return [bold(f"mailpipe {command.name}"), *shown]


def _argument(argument: Parameter) -> str:
    if argument.value.startswith("[") or argument.required:
        return italic(argument.value) + (" ..." if argument.repeated and "..." not in argument.value else "")
    return f"[{italic(argument.value)}]" + (" ..." if argument.repeated else "")


def _term(option: Parameter, names: tuple[str, ...]) -> str:
    value = f" {italic(option.value)}" if option.value else ""
    return ", ".join(bold(name) for name in names) + value


def _options(options: Iterable[Parameter]) -> list[str]:
    return tagged((_term(option, option.names), _option_text(option)) for option in options)


def _option_text(option: Parameter) -> list[str]:
    # Help texts end with what is used otherwise, in brackets; click writes simple defaults so too.
    text, _, otherwise = option.help.partition("  [")
    lines = paragraph(text or f"{option.names[-1].strip('-').replace('-', ' ').capitalize()}.")
    otherwise = otherwise.rstrip("]") or option.default
    if option.required:
        lines.append("Required.")
    if option.repeated:
        lines.append("May be given again.")
    return [*lines, f"Otherwise: {inline(otherwise)}."] if otherwise else lines


def _flow(command: Command) -> list[str]:
    if not command.is_stage:
        return []
    added = [member for member in MEMBERS if command.name in member.by]
    lines = [*paragraph(meanings.INPUT[command.name]), *paragraph(meanings.READING)]
    if added:
        lines += [".Pp", f"Adds to the record, or sets ({bold('mailpipe-record')}(5) has more on each):"]
        lines += tagged((bold(member.name), [inline(member.brief)]) for member in added)
    if command.name in meanings.DROPS:
        lines += [".Pp" if not added else "", f"Drops {inline(meanings.DROPS[command.name])}."]
    return [line for line in lines if line]


def _environment(command: Command) -> list[str]:
    own = [
        (bold(option.envvar), [f"The same as {bold(option.names[-1])}."])
        for option in command.options
        if option.envvar and option.envvar not in meanings.ENVIRONMENT
    ]
    if not command.is_stage and command.name:
        return tagged(own)
    common = [(bold(name), paragraph(text)) for name, text in meanings.ENVIRONMENT.items()]
    lines = tagged([*own, *common])
    if not command.name:
        rule = "Every option of a stage can be given in the environment: MAILPIPE_SEND_VIA is --via of send."
        return [*paragraph(rule), *lines]
    return lines


def _files() -> list[str]:
    return tagged((italic(name), paragraph(text)) for name, text in meanings.FILES.items())


def _statuses(statuses: Iterable[Exit]) -> list[str]:
    return tagged((str(int(status)), paragraph(meanings.STATUSES[status])) for status in statuses)


def _commands(commands: Iterable[Command]) -> list[str]:
    return tagged((bold(command.page) + "(1)", paragraph(command.brief)) for command in commands)


def _see_also(command: Command, group: Command) -> list[str]:
    pages = [f"{other.page}(1)" for other in _related(command, group) if other.name != command.name]
    lines = [inline(f"{name},") for name in (*pages, *FORMATS)]
    return [*lines[:-1], lines[-1].removesuffix(",")]


def _related(command: Command, group: Command) -> list[Command]:
    """mailpipe and its commands, and those of the group that the command is or is in."""
    own = command.name.partition(" ")[0]
    return [
        group,
        *(one for one in group.everything if one in group.commands or one.name.startswith(f"{own} ")),
    ]
