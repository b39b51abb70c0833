"""What the documentation says of a command, read from the live click command."""

import re
from dataclasses import dataclass, field
from typing import Any

import click

from mailpipe.cli import STAGES, TOOLS
from mailpipe.group import pipeline


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One option or argument."""

    names: tuple[str, ...]  # --via, -v; an argument has its metavar alone
    value: str = ""  # metavar; empty for a flag
    help: str = ""
    kind: str = ""  # click's name of the type: Path, Choice, IntRange, ...
    choices: tuple[str, ...] = ()
    directory: bool = False
    default: str = ""
    envvar: str = ""
    required: bool = False
    repeated: bool = False

    @property
    def takes_file(self) -> bool:
        """Whether its value is the name of a file or folder."""
        return self.kind in ("Path", "File")

    @property
    def takes_url(self) -> bool:
        """Whether its value is the URL of a store or server."""
        return "URL" in self.value

    @property
    def takes_account(self) -> bool:
        """Whether its value is the name of an account."""
        return "ACCOUNT" in self.value or "--account" in self.names


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command, or the whole group under its own name."""

    name: str
    brief: str
    paragraphs: tuple[str, ...]
    options: tuple[Parameter, ...]
    arguments: tuple[Parameter, ...]
    examples: str
    is_stage: bool = False
    commands: tuple["Command", ...] = field(default=())

    @property
    def page(self) -> str:
        """The name of its man page."""
        return f"mailpipe-{self.name.replace(' ', '-')}" if self.name else "mailpipe"

    @property
    def everything(self) -> tuple["Command", ...]:
        """The commands below this one at any depth, each before its own."""
        return tuple(one for command in self.commands for one in (command, *command.everything))


def group() -> Command:
    """The group and, in flow order, its commands."""
    top = pipeline()
    context = click.Context(top, info_name="mailpipe", **top.context_settings)
    commands = []
    for name in top.list_commands(context):
        command = top.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context)
        commands.append(_command(command, name, inner, _below(command, name, inner)))
    return _command(top, "", context, tuple(commands))


def _below(command: click.Command, name: str, context: click.Context) -> tuple[Command, ...]:
    """The commands of a command that is a group."""
    if not isinstance(command, click.Group):
        return ()
    return tuple(
        _command(one, f"{name} {inner}", click.Context(one, info_name=inner, parent=context))
        for inner, one in command.commands.items()
    )


def _command(
    command: click.Command, name: str, context: click.Context, commands: tuple[Command, ...] = ()
) -> Command:
    info = command.to_info_dict(context) if not commands else _without_commands(command, context)
    metavars = {param.name: param.metavar for param in command.get_params(context)}
    prefix = f"MAILPIPE_{re.sub('[- ]', '_', name.upper())}_" if name else ""
    shown = [param for param in info["params"] if not param.get("hidden")]
    parameters = [(param, _parameter(param, metavars.get(param["name"]), prefix)) for param in shown]
    brief, *paragraphs = _paragraphs(info["help"] or "")
    return Command(
        name=name,
        brief={**STAGES, **TOOLS}.get(name, brief),
        paragraphs=tuple(paragraphs),
        options=tuple(made for param, made in parameters if param["param_type_name"] == "option"),
        arguments=tuple(made for param, made in parameters if param["param_type_name"] == "argument"),
        examples=info["epilog"] or "",
        is_stage=name in STAGES,
        commands=commands,
    )


def _without_commands(command: click.Command, context: click.Context) -> dict[str, Any]:
    return click.Command.to_info_dict(command, context)


def _parameter(info: dict[str, Any], metavar: str | None, prefix: str) -> Parameter:
    kind = info["type"]["param_type"]
    choices = tuple(str(choice) for choice in info["type"].get("choices") or ())
    is_argument = info["param_type_name"] == "argument"
    flag = bool(info.get("is_flag") or info.get("count"))
    directory = kind == "Path" and not info["type"].get("file_okay", True)
    value = "" if flag else metavar or _metavar(info["name"], kind, choices, directory, is_argument)
    names = (value,) if is_argument else tuple(sorted([*info["opts"], *info["secondary_opts"]], key=len))
    default = info.get("default")
    says_default = (
        "" if isinstance(default, bool) or not isinstance(default, str | int | float) else str(default)
    )
    helped = "--help" in names or "--version" in names
    named = info.get("envvar") or ("" if helped or not prefix else prefix + info["name"].upper())
    return Parameter(
        names=names,
        value=value,
        help=info.get("help") or "",
        kind=kind,
        choices=choices,
        directory=directory,
        default=says_default if not flag else "",
        envvar="" if is_argument and not info.get("envvar") else str(named),
        required=bool(info.get("required")),
        repeated=bool(info.get("multiple") or info.get("nargs") == -1),
    )


def _metavar(name: str, kind: str, choices: tuple[str, ...], directory: bool, is_argument: bool) -> str:
    if choices:
        return "|".join(choices)
    if is_argument:
        return name.upper()
    if kind in ("Path", "File"):
        return "DIR" if directory else "FILE"
    return "N" if kind.startswith(("Int", "Float")) else "TEXT"


def _paragraphs(text: str) -> list[str]:
    text = re.sub(r"\n[ \t]+", "\n", text.replace("\f", "")) if "\b" not in text else text
    found = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    return [part if part.lstrip().startswith("\b") else " ".join(part.split()) for part in found] or [""]
