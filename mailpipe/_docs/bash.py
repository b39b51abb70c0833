"""Computes the completion script of bash: self-contained, and no program is started but awk."""

from mailpipe._docs.accounts import ACCOUNTS
from mailpipe._docs.meanings import SCHEMES
from mailpipe._docs.model import Command, Parameter

HEAD = """\
# bash completion for mailpipe
# Written by python -m mailpipe._docs; change the commands, not this file.

_mailpipe_accounts() {
%(accounts)s
}

# Which command is typed, which one inside it, the option before the cursor, and what is typed at the
# cursor.  From the line itself: the words of bash are cut at colons and equal signs, and URLs are not.
_mailpipe_words() {
  local line="${COMP_LINE:0:COMP_POINT}" token
  local -a tokens
  read -ra tokens <<< "$line"
  [[ $line == *[[:space:]] ]] && tokens+=("")
  command="" inner="" previous="" current=""
  for token in "${tokens[@]:1}"; do
    if [[ -n $current && $current != -* ]]; then
      if [[ -z $command ]]; then
        command=$current
      elif [[ -z $inner ]]; then
        inner=$current
      fi
    fi
    previous=$current current=$token
  done
  if [[ $current == --*=* ]]; then
    previous=${current%%%%=*} current=${current#*=}
  fi
}

# Offer words; what bash takes for another word (up to the last colon) is not repeated.
_mailpipe_offer() {
  local cut=""
  [[ $current == *:* && $COMP_WORDBREAKS == *:* ]] && cut=${current%%"${current##*:}"}
  local word
  COMPREPLY=()
  while read -r word; do
    COMPREPLY+=("${word#"$cut"}")
  done < <(compgen "$@" -- "$current")
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/] ]] && compopt -o nospace 2> /dev/null
  return 0
}

# A URL: its scheme, and after maildir: or mbox: a path.
_mailpipe_urls() {
  local scheme=${current%%%%:*}
  case $current in
    maildir:* | mbox:*)
      local path=${current#*:} kind=-f
      [[ $scheme == maildir ]] && kind=-d
      _mailpipe_offer -W "$(compgen "$kind" -P "$scheme:" -- "$path")"
      compopt -o filenames 2> /dev/null
      ;;
    *) _mailpipe_offer -W "$*" ;;
  esac
}

# Nothing to offer: no file names either.
_mailpipe_nothing() {
  COMPREPLY=()
  compopt +o default +o bashdefault 2> /dev/null
}

# Files are left to bash itself, which knows how to quote their names.
_mailpipe_files() { COMPREPLY=(); }

_mailpipe_folders() {
  COMPREPLY=()
  compopt -o dirnames +o default 2> /dev/null
}
"""

MAIN = """\
_mailpipe() {
  local command inner previous current
  _mailpipe_words
  case $command in
    "")
      if [[ $current == -* ]]; then
        _mailpipe_offer -W "%(options)s"
      else
        _mailpipe_offer -W "%(names)s"
      fi
      ;;
%(cases)s
    *) _mailpipe_nothing ;;
  esac
}

complete -o bashdefault -o default -F _mailpipe mailpipe
"""


def script(group: Command) -> str:
    """completions/mailpipe.bash."""
    head = HEAD % {"accounts": "\n".join(f"  {line}" for line in ACCOUNTS.splitlines())}
    functions = [_group(one) if one.commands else _function(one) for one in group.everything]
    main = MAIN % {
        "options": " ".join(_names(group)),
        "names": " ".join(command.name for command in group.commands),
        "cases": "\n".join(f"    {command.name}) _mailpipe_{command.name} ;;" for command in group.commands),
    }
    return "\n".join([head, *functions, main])


def _group(command: Command) -> str:
    names = [one.name.rpartition(" ")[2] for one in command.commands]
    return "\n".join(
        [
            f"_mailpipe_{command.name}() {{",
            "  case $inner in",
            '    "")',
            "      if [[ $current == -* ]]; then",
            f'        _mailpipe_offer -W "{" ".join(_names(command))}"',
            "      else",
            f'        _mailpipe_offer -W "{" ".join(names)}"',
            "      fi",
            "      ;;",
            *(f"    {name}) _mailpipe_{command.name}_{name} ;;" for name in names),
            "    *) _mailpipe_nothing ;;",
            "  esac",
            "}",
            "",
        ]
    )


def _function(command: Command) -> str:
    lines = [f"_mailpipe_{command.name.replace(' ', '_')}() {{", "  case $previous in"]
    for option in command.options:
        if option.value:
            lines.append(f"    {' | '.join(option.names)}) {_value(option, command)}; return ;;")
    lines += ["  esac", "  if [[ $current == -* ]]; then"]
    lines.append(f'    _mailpipe_offer -W "{" ".join(_names(command))}"')
    lines += ["  else", f"    {_values(command)}", "  fi", "}", ""]
    if lines[1:3] == ["  case $previous in", "  esac"]:
        del lines[1:3]
    return "\n".join(lines)


def _names(command: Command) -> list[str]:
    return [name for option in command.options for name in option.names]


def _values(command: Command) -> str:
    return _value(command.arguments[0], command) if command.arguments else "_mailpipe_nothing"


def _value(parameter: Parameter, command: Command) -> str:
    schemes = " ".join(SCHEMES.get(command.name, ())) if parameter.takes_url else ""
    if parameter.choices:
        return f'_mailpipe_offer -W "{" ".join(parameter.choices)}"'
    if parameter.takes_url:
        accounts = " $(_mailpipe_accounts)" if parameter.takes_account else ""
        return f'_mailpipe_urls "{schemes}{accounts}"'
    if parameter.takes_account:
        return '_mailpipe_offer -W "$(_mailpipe_accounts)"'
    if parameter.takes_file:
        return "_mailpipe_folders" if parameter.directory else "_mailpipe_files"
    return "_mailpipe_nothing"
