"""Tests of the completion scripts in the real shells: each offers what the commands take, nothing else."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mailpipe._docs import model
from mailpipe._docs.files import ROOT
from mailpipe._docs.meanings import SCHEMES
from tests.servers import need
from tests.terminal import Terminal

COMPLETIONS = ROOT / "completions"
PACKAGE = Path("/usr/share/bash-completion/bash_completion")
GROUP = model.group()
COMMANDS = {command.name: command for command in GROUP.everything}
CONFIG = """\
app: desk
accounts:
  # the first
  partners:
    default: true
    smtp: {url: maildir:out}
  archive: {imap: {url: maildir:in}}
domain: example.com
"""

Offered = Callable[[str], set[str]]


def options(name: str) -> set[str]:
    """The long options of a command."""
    return {long for option in COMMANDS[name].options for long in option.names if long.startswith("--")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files, folders and a configuration with two accounts."""
    work = tmp_path / "work"
    (work / "outbox").mkdir(parents=True)
    (work / "rules.yaml").write_text("")
    (work / "two words.yaml").write_text("")
    (work / "config.yaml").write_text(CONFIG)
    return work


KEY = "\x01"  # Ctrl-A, bound to the insertion of everything that is offered
# The line is run with a function instead of mailpipe, which says what has been inserted.
SAY = 'mailpipe() { printf "got"; printf "<%s>" "$@"; echo " end"; }'


def inserted(terminal: Terminal, line: str) -> set[str]:
    """What is inserted for the last word of a line."""
    terminal.type(f"{line}{KEY}\n")
    shown = terminal.until(" end\n").rpartition("got<")[2]
    words = re.split("><", shown.rpartition(">")[0])
    before = line.rpartition("mailpipe")[2].split()
    kept = before if line.endswith(" ") else before[:-1]
    return {word.removesuffix("=") for word in words[len(kept) :]}


@contextmanager
def bash(folder: Path, env: dict[str, str]) -> Iterator[Offered]:
    """Real bash, which has sourced the script and nothing else."""
    with started(["bash", "--norc", "--noprofile", "-i"], env, folder) as terminal:
        terminal.run(f"{SAY}; bind '\"\\C-a\": insert-completions'; source {COMPLETIONS}/mailpipe.bash")
        yield lambda line: inserted(terminal, line)


@contextmanager
def bash_with_package(folder: Path, env: dict[str, str]) -> Iterator[Offered]:
    """Real bash, where the bash-completion package finds the script by its name."""
    if not PACKAGE.exists():
        need("bash-completion")
    scripts = folder.parent / "user" / "completions"
    scripts.mkdir(parents=True)
    shutil.copy(COMPLETIONS / "mailpipe.bash", scripts / "mailpipe.bash")
    own = {**env, "BASH_COMPLETION_USER_DIR": str(scripts.parent)}
    with started(["bash", "--norc", "--noprofile", "-i"], own, folder) as terminal:
        terminal.run(f"{SAY}; bind '\"\\C-a\": insert-completions'; source {PACKAGE}")
        yield lambda line: inserted(terminal, line)


@contextmanager
def zsh(folder: Path, env: dict[str, str]) -> Iterator[Offered]:
    """Real zsh, with the function on its fpath."""
    (folder.parent / "init.zsh").write_text(
        f"fpath=({COMPLETIONS} $fpath)\n"
        "autoload -Uz compinit && compinit -u -D\n"
        "zle -C all-matches complete-word _generic\n"
        "zstyle ':completion:all-matches:*' completer _all_matches _complete\n"
        "zstyle ':completion:all-matches:*' insert true\n"
        "bindkey '^A' all-matches\n"
        "unsetopt prompt_cr prompt_sp\n"
        f"{SAY}\n"
    )
    with started(["zsh", "-f", "-i"], env, folder) as terminal:
        terminal.run(f"source {folder.parent}/init.zsh")
        yield lambda line: inserted(terminal, line)


@contextmanager
def fish(folder: Path, env: dict[str, str]) -> Iterator[Offered]:
    """Real fish, which tells what it would offer."""

    def offered(line: str) -> set[str]:
        script = f"source {COMPLETIONS}/mailpipe.fish; complete -C {line!r}"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script],
            capture_output=True,
            text=True,
            cwd=folder,
            env=env,
            check=True,
        )
        assert done.stderr == ""
        return {found.partition("\t")[0] for found in done.stdout.splitlines()}

    yield offered


@contextmanager
def started(argv: list[str], env: dict[str, str], folder: Path) -> Iterator[Terminal]:
    with Terminal(argv, env={**env, "TERM": "dumb", "PS1": "$ "}, cwd=folder) as terminal:
        yield terminal


SHELLS = {"bash": bash, "bash with bash-completion": bash_with_package, "zsh": zsh, "fish": fish}


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, folder: Path, home_env: dict[str, str]) -> Iterator[Offered]:
    """Each shell in turn: what it offers for the last word of a line."""
    need(request.param.split()[0])
    with SHELLS[request.param](
        folder, {**home_env, "MAILPIPE_CONFIG": str(folder / "config.yaml")}
    ) as offered:
        yield offered


def test_the_commands_are_offered_and_nothing_else(shell: Offered) -> None:
    assert shell("mailpipe ") == {command.name for command in GROUP.commands}


def test_the_commands_of_a_command_are_offered_and_nothing_else(shell: Offered) -> None:
    for group in (command for command in GROUP.commands if command.commands):
        inner = {command.name.partition(" ")[2] for command in group.commands}

        assert shell(f"mailpipe {group.name} ") == inner


def test_a_command_is_offered_by_its_beginning(shell: Offered) -> None:
    assert shell("mailpipe se") == {"send", "sent", "settle"}


def test_exactly_the_options_of_each_command_are_offered(shell: Offered) -> None:
    offered = {name: shell(f"mailpipe {name} --") for name in COMMANDS}

    assert offered == {name: options(name) for name in COMMANDS}


def test_the_options_of_mailpipe_itself_are_offered(shell: Offered) -> None:
    assert shell("mailpipe --") == {"--help", "--version"}


def test_options_are_offered_after_arguments_too(shell: Offered) -> None:
    assert shell("mailpipe fetch partners --pe") == {"--peek"}


def test_the_ways_to_send_are_offered(shell: Offered) -> None:
    assert shell("mailpipe send --via ") == set(SCHEMES["send"])


def test_stores_and_accounts_are_offered_to_fetch(shell: Offered) -> None:
    assert shell("mailpipe fetch ") == {*SCHEMES["fetch"], "partners", "archive"}


def test_accounts_are_offered_from_the_configuration(shell: Offered) -> None:
    assert shell("mailpipe send --account ") == {"partners", "archive"}


def test_choices_are_offered(shell: Offered) -> None:
    assert shell("mailpipe send --on-unknown ") == {"hold", "resend"}


def test_files_are_offered_where_a_file_is_wanted(shell: Offered) -> None:
    offered = {name.removesuffix("/") for name in shell("mailpipe route ")}

    assert offered == {"rules.yaml", "two words.yaml", "config.yaml", "outbox"}


def test_only_folders_are_offered_where_a_folder_is_wanted(shell: Offered) -> None:
    assert {name.removesuffix("/") for name in shell("mailpipe parse --attachments ")} == {"outbox"}


def test_a_maildir_is_completed_behind_its_scheme(shell: Offered) -> None:
    offered = {name.removesuffix("/") for name in shell("mailpipe send --via maildir:ou")}

    assert offered == {"maildir:outbox"}


@pytest.mark.parametrize("command", ["fetch", "render"])
def test_nothing_is_offered_where_a_number_is_wanted(shell: Offered, command: str) -> None:
    assert shell(f"mailpipe {command} --limit ") <= {""}


def test_only_the_options_are_offered_where_there_are_no_arguments(shell: Offered) -> None:
    assert shell("mailpipe settle ") <= {"", "-h", *options("settle")}


@pytest.mark.parametrize("before", ["true | ", "true && ", "LANG=C "])
def test_a_stage_is_completed_anywhere_in_a_line(before: str, folder: Path, home_env: dict[str, str]) -> None:
    need("bash")
    with bash(folder, home_env) as offered:
        assert {word for word in offered(f"{before}mailpipe ro") if word in COMMANDS} == {"route"}


@pytest.mark.parametrize("script", ["mailpipe.bash", "_mailpipe", "mailpipe.fish"])
def test_no_script_asks_mailpipe_itself(script: str) -> None:
    text = (COMPLETIONS / script).read_text()

    assert not re.search(r"_MAILPIPE_COMPLETE|\(mailpipe |command mailpipe", text)
