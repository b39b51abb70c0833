"""A real browser without a window."""

import shutil
import subprocess
from pathlib import Path

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--hide-scrollbars",
)


def chromium(page: Path, profile: Path, *flags: str) -> str:
    """Open a page, wait until it is quiet, and return what the browser prints."""
    program = shutil.which("chromium")
    assert program
    command = [program, *QUIET, f"--user-data-dir={profile}", *flags, page.resolve().as_uri()]
    done = subprocess.run(command, capture_output=True, timeout=100, check=True)
    return done.stdout.decode()
