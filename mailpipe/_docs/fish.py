"""Computes the completion script of fish."""

from mailpipe._docs.accounts import AWK
from mailpipe._docs.meanings import SCHEMES
from mailpipe._docs.model import Command, Parameter

HEAD = """\
# fish completion for mailpipe
# Written by python -m mailpipe._docs; change the commands, not this file.

function __fish_mailpipe_accounts
    set -l file $MAILPIPE_CONFIG
    if test -z "$file"
        set file $XDG_CONFIG_HOME/mailpipe/config.yaml
        test -n "$XDG_CONFIG_HOME"; or set file $HOME/.config/mailpipe/config.yaml
    end
    awk '
%(awk)s
' $file 2>/dev/null
end

function __fish_mailpipe_urls
    set -l token (commandline -ct | string replace -r '^--[^=]*=' '')
    switch $token
        case 'maildir:*'
            string replace -r '^' maildir: -- (__fish_complete_directories (string sub -s 9 -- $token) '')
        case 'mbox:*'
            string replace -r '^' mbox: -- (__fish_complete_path (string sub -s 6 -- $token) '')
        case '*'
            printf '%%s\\n' $argv
    end
end

function __fish_mailpipe_needs_command
    set -l words (commandline -opc)
    for word in $words[2..-1]
        string match -q -- '-*' $word; or return 1
    end
end

function __fish_mailpipe_typed
    set -l words (commandline -opc)
    for word in $words[2..-1]
        string match -q -- '-*' $word; or echo $word
    end
end

function __fish_mailpipe_using
    set -l typed (__fish_mailpipe_typed)
    set -l first $typed[1..(count $argv)]
    test "$first" = "$argv"
end

function __fish_mailpipe_needs_inner
    set -l typed (__fish_mailpipe_typed)
    test "$typed" = "$argv"
end

complete -c mailpipe -f
"""


def script(group: Command) -> str:
    """completions/mailpipe.fish."""
    lines = [HEAD % {"awk": AWK}]
    lines += [_option(option, group, "__fish_mailpipe_needs_command") for option in group.options]
    for command in group.commands:
        brief = _quoted(command.brief.rstrip("."))
        lines.append(f"complete -c mailpipe -n __fish_mailpipe_needs_command -k -a {command.name} -d {brief}")
    for command in group.everything:
        inner = f"'__fish_mailpipe_needs_inner {command.name}'"
        when = inner if command.commands else f"'__fish_mailpipe_using {command.name}'"
        for one in command.commands:
            brief = _quoted(one.brief.rstrip("."))
            lines.append(f"complete -c mailpipe -n {inner} -k -a {one.name.rpartition(' ')[2]} -d {brief}")
        lines += ["", *(_option(option, command, when) for option in command.options)]
        lines += [f"complete -c mailpipe -n {when}{_value(one, command)}" for one in command.arguments]
    return "\n".join(lines) + "\n"


def _option(option: Parameter, command: Command, when: str) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    help_ = option.help.partition("  [")[0].rstrip(".")
    said = f" -d {_quoted(help_)}" if help_ else ""
    value = f" -x{_value(option, command)}" if option.value else ""
    if option.takes_file and not option.directory:
        value = f" -r{_value(option, command)}"
    return f"complete -c mailpipe -n {when} {' '.join(names)}{value}{said}"


def _value(parameter: Parameter, command: Command) -> str:
    if parameter.choices:
        return f" -a {_quoted(' '.join(parameter.choices))}"
    if parameter.takes_url:
        accounts = "(__fish_mailpipe_accounts) " if parameter.takes_account else ""
        schemes = " ".join(SCHEMES.get(command.name, ()))
        return " -a " + _quoted(f"{accounts}(__fish_mailpipe_urls {schemes})")
    if parameter.takes_account:
        return " -a '(__fish_mailpipe_accounts)'"
    if parameter.directory:
        return " -a '(__fish_complete_directories (commandline -ct))'"
    return " -F" if parameter.takes_file else ""


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
