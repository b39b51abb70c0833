"""What a command loads before it works: start-up is part of every pipe."""

import subprocess
import sys

import pytest

from mailpipe.cli import STAGES

HEAVY = {
    "jinja2",
    "bs4",
    "bleach",
    "markdown",
    "email",
    "ssl",
    "lxml",
    "yaml",
    "sqlite3",
    "css_inline",
    "idna",
}


def loaded(code: str) -> set[str]:
    """The top-level modules that are loaded after ``code`` has run in a new interpreter."""
    script = (
        f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('\\n' + ' '.join(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return {name.split(".")[0] for name in done.stdout.splitlines()[-1].split()}


def command(*args: str) -> str:
    return f"sys.argv[1:] = {list(args)}; from mailpipe.cli import main; main()"


def test_the_version_loads_nothing_of_size() -> None:
    # An editable install loads its own finder at every start; that is not ours to answer for.
    new = loaded(command("--version")) - loaded("pass")

    assert not new & {*HEAVY, "click", "msgspec", "re", "dataclasses", "typing"}


def test_help_loads_no_stage() -> None:
    assert not loaded(command("--help")) & {*HEAVY, "msgspec"}


@pytest.mark.parametrize("stage", STAGES)
def test_the_help_of_a_stage_loads_nothing_heavy(stage: str) -> None:
    assert not loaded(command(stage, "--help")) & HEAVY


def test_send_to_a_maildir_loads_no_template_engine() -> None:
    # The standard library's mail package is what it must not need either.
    assert not loaded(command("send", "--via", "maildir:unused")) & (HEAVY - {"sqlite3"})


def test_parse_of_nothing_loads_no_markup_library() -> None:
    assert not loaded(command("parse")) & HEAVY


def test_the_modules_that_are_looked_for_exist() -> None:
    code = "import " + ", ".join(sorted(HEAVY))

    assert loaded(code) >= HEAVY
