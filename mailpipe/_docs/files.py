"""Names every generated file, and compares or writes them."""

from pathlib import Path

from mailpipe._docs import bash, fish, formats, model, pages, zsh

ROOT = Path(__file__).parents[2]
FOLDERS = ("man", "completions")


def texts() -> dict[str, str]:
    """The text of each file, by its path in the project."""
    group = model.group()
    manual = {f"man/{command.page}.1": pages.command_page(command, group) for command in group.everything}
    return {
        "man/mailpipe.1": pages.main_page(group),
        **manual,
        "man/mailpipe-record.5": formats.record_page(),
        "man/mailpipe-config.5": formats.config_page(),
        "man/mailpipe-rules.5": formats.rules_page(),
        "completions/mailpipe.bash": bash.script(group),
        "completions/_mailpipe": zsh.script(group),
        "completions/mailpipe.fish": fish.script(group),
    }


def stale(root: Path, wanted: dict[str, str]) -> list[str]:
    """The files that are missing, differ, or are no longer wanted."""
    there = {str(path.relative_to(root)) for folder in FOLDERS for path in (root / folder).glob("*")}
    differ = {name for name, text in wanted.items() if name not in there or _read(root / name) != text}
    return sorted(differ | (there - set(wanted)))


def write(root: Path, wanted: dict[str, str]) -> list[str]:
    """Make the folders what they should be; the files that were changed."""
    changed = stale(root, wanted)
    for name in changed:
        path = root / name
        if name in wanted:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return changed


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
