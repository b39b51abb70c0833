"""Puts the page where it is wanted: a file, a browser, or back to be written to stdout."""

import os
import tempfile
import webbrowser
from collections.abc import Callable
from pathlib import Path

from mailpipe.errors import CannotCreateError, UnavailableError


def writer(output: str | None, *, opened: bool) -> Callable[[str], str | None]:
    """What is given the page: returns it unless it went into a file or a browser."""
    if output is None and not opened:
        return lambda page: page

    def write(page: str) -> None:
        path = Path(output) if output is not None else _temporary()
        try:
            path.write_text(page, encoding="utf-8", errors="replace")
        except OSError as exc:
            raise CannotCreateError(f"{path}: {exc.strerror}") from exc
        if opened and not webbrowser.open(path.resolve().as_uri()):
            raise UnavailableError(
                f"there is no browser to open {path}",
                hint="set BROWSER to the name of one, or open it yourself",
            )

    return write


def _temporary() -> Path:
    descriptor, name = tempfile.mkstemp(prefix="mailpipe-preview-", suffix=".html")  # only we can read it
    os.close(descriptor)
    return Path(name)
