"""Computes the completion function of zsh."""

from mailpipe._docs.accounts import ACCOUNTS
from mailpipe._docs.meanings import SCHEMES
from mailpipe._docs.model import Command, Parameter

HEAD = """\
#compdef mailpipe
# Written by python -m mailpipe._docs; change the commands, not this file.

_mailpipe_accounts() {
  local -a accounts
  accounts=(${(f)"$(
%(accounts)s
  )"})
  (( $#accounts )) && compadd -X account -a accounts
}

_mailpipe_urls() {
  local -a schemes
  schemes=("$@")
  if compset -P 'maildir:'; then
    _files -/
  elif compset -P 'mbox:'; then
    _files
  else
    compadd -S '' -X URL -a schemes
  fi
}
"""

MAIN = """\
_mailpipe() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
%(options)s
    '1: :->command' \\
    '*:: :->arguments' && return
  case $state in
    command)
      local -a commands
      commands=(
%(commands)s
      )
      _describe -V command commands
      ;;
    arguments)
      curcontext="${curcontext%%:*:*}:mailpipe-$words[1]:"
      case $words[1] in
%(cases)s
      esac
      ;;
  esac
}

_mailpipe "$@"
"""

GROUP = """\
_mailpipe_%(name)s() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  _arguments -C \\
%(options)s
    '1: :->command' \\
    '*:: :->arguments' && return
  case $state in
    command)
      local -a commands
      commands=(
%(commands)s
      )
      _describe -V command commands
      ;;
    arguments)
      case $words[1] in
%(cases)s
      esac
      ;;
  esac
}
"""


def script(group: Command) -> str:
    """completions/_mailpipe."""
    head = HEAD % {"accounts": "\n".join(f"    {line}" for line in ACCOUNTS.splitlines())}
    main = MAIN % {
        "options": "\n".join(f"    {_option(option, group)} \\" for option in group.options),
        "commands": "\n".join(
            "        " + _quoted(f"{one.name}:{one.brief.rstrip('.')}") for one in group.commands
        ),
        "cases": "\n".join(f"        {one.name}) _mailpipe_{one.name} ;;" for one in group.commands),
    }
    functions = [_group(one) if one.commands else _function(one) for one in group.everything]
    return "\n".join([head, *functions, main])


def _group(command: Command) -> str:
    names = [one.name.rpartition(" ")[2] for one in command.commands]
    said = [
        _quoted(f"{name}:{one.brief.rstrip('.')}") for name, one in zip(names, command.commands, strict=True)
    ]
    return GROUP % {
        "name": command.name,
        "options": "\n".join(f"    {_option(option, command)} \\" for option in command.options),
        "commands": "\n".join(f"        {one}" for one in said),
        "cases": "\n".join(f"        {name}) _mailpipe_{command.name}_{name} ;;" for name in names),
    }


def _function(command: Command) -> str:
    specs = [_option(option, command) for option in command.options]
    specs += [_argument(argument, command) for argument in command.arguments]
    listed = " \\\n".join(f"    {spec}" for spec in specs)
    return f"_mailpipe_{command.name.replace(' ', '_')}() {{\n  _arguments -s \\\n{listed}\n}}\n"


def _option(option: Parameter, command: Command) -> str:
    text = option.help.partition("  [")[0].rstrip(".") or option.names[-1].strip("-").replace("-", " ")
    said = "".join(f"\\{char}" if char in "[]:\\" else char for char in text)
    value = f":{_label(option.value)}:{_action(option, command)}" if option.value else ""
    if option.repeated:
        return " ".join(_quoted(f"*{name}[{said}]{value}") for name in option.names)
    if len(option.names) == 1:
        equals = "=" if option.value else ""
        return _quoted(f"{option.names[0]}{equals}[{said}]{value}")
    group = " ".join(option.names)
    names = ",".join(name + ("=" if option.value and name.startswith("--") else "") for name in option.names)
    return f"{_quoted(f'({group})')}{{{names}}}{_quoted(f'[{said}]{value}')}"


def _argument(argument: Parameter, command: Command) -> str:
    where = "*:" if argument.repeated else "1:" if argument.required else "1::"
    return _quoted(f"{where}{_label(argument.value)}:{_action(argument, command)}")


def _action(parameter: Parameter, command: Command) -> str:
    if parameter.choices:
        return f"({' '.join(parameter.choices)})"
    if parameter.takes_url:
        urls = f"_mailpipe_urls {' '.join(SCHEMES.get(command.name, ()))}".replace(":", "\\:")
        return f"{{ {'_mailpipe_accounts; ' if parameter.takes_account else ''}{urls} }}"
    if parameter.takes_account:
        return "_mailpipe_accounts"
    if parameter.takes_file:
        return "_files -/" if parameter.directory else "_files"
    return " "


def _label(value: str) -> str:
    return "".join(char for char in value.lower() if char.isalnum() or char in "|-_ ") or "value"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
