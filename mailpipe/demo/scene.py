"""The temporary folder of the demo: the examples, a configuration, a shell with mailpipe on PATH."""

import os
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import Any

from mailpipe.errors import MailpipeError, NoInputError
from mailpipe.exact import loads

EXAMPLE = "examples/vehicle-check"

CONFIG = """\
app: mail-api
domain: example.com
vocabulary: vocabulary.yaml
accounts:
  partners:
    from: Vehicle desk <mail-api@example.com>
    smtp: {url: "maildir:partners"}
    imap: {url: "maildir:desk"}
    refKey: {file: ref.key}
"""


class Scene:
    """A folder in which shell lines are run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(examples(), folder, dirs_exist_ok=True)
        (folder / "config.yaml").write_text(CONFIG)
        (folder / "ref.key").write_text(secrets.token_hex(32))
        (folder / "ref.key").chmod(0o600)
        for part in ("cur", "new", "tmp"):
            (folder / "desk" / part).mkdir(parents=True)
        program = folder / ".bin" / "mailpipe"
        program.parent.mkdir()
        program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m mailpipe "$@"\n')
        program.chmod(0o700)
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MAILPIPE_")},
            "PATH": f"{program.parent}:{os.environ.get('PATH', os.defpath)}",
            "MAILPIPE_CONFIG": str(folder / "config.yaml"),
            "XDG_STATE_HOME": str(folder / ".state"),
            # An installation that is not on the interpreter's path is found by the same way as this one.
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }

    def run(self, script: str) -> list[dict[str, Any]]:
        """Run a shell line; its output as records.  Raises MailpipeError when it fails."""
        done = subprocess.run(
            ["/bin/sh", "-c", script], cwd=self.folder, env=self._env, capture_output=True, check=False
        )
        if done.returncode != 0:
            reason = done.stderr.decode("utf-8", "replace").strip() or f"status {done.returncode}"
            raise MailpipeError(f"the demo failed at '{script}': {reason}")
        return [loads(line) for line in done.stdout.splitlines()]

    def records(self, name: str) -> list[dict[str, Any]]:
        """A file of JSON Lines in the folder."""
        return [loads(line) for line in (self.folder / name).read_bytes().splitlines()]

    def deliver(self, name: str, message: bytes) -> None:
        """Let a message arrive in the desk's Maildir."""
        (self.folder / "desk" / "new" / name).write_bytes(message)

    def count(self, box: str) -> int:
        """How many messages lie in a Maildir."""
        return sum(1 for part in ("cur", "new") for _ in (self.folder / box / part).glob("*"))


@contextmanager
def scene() -> Iterator[Scene]:
    """A scene that leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="mailpipe-demo-") as folder:
        yield Scene(Path(folder))


def examples() -> Path:
    """The folder of the example, in the sources or where the package was installed."""
    beside = Path(__file__).parent.parent.parent / EXAMPLE
    if (beside / "check.md").exists():
        return beside
    try:
        installed = files("mailpipe") or []
    except PackageNotFoundError:
        installed = []
    for path in installed:
        if path.as_posix().endswith(f"{EXAMPLE}/check.md"):
            return Path(str(path.locate())).resolve().parent
    raise NoInputError("the examples of mailpipe are not installed", hint="install the package with pip")
