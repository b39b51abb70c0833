"""Shows findings as they come: lines for people, or JSON Lines."""

import os
from collections.abc import Callable, Iterable, Iterator

from mailpipe import jsonl
from mailpipe.check.core import Finding
from mailpipe.stdio import Output

_MARKS = {"ok": "ok  ", "note": "note", "warn": "WARN", "fail": "FAIL"}
_COLOURS = {"ok": 32, "note": 36, "warn": 33, "fail": 31}


def shown(findings: Iterable[Finding], *, as_json: bool) -> Iterator[Finding]:
    """The same findings, after each is written; raises ClosedPipe."""
    out = Output()
    line = _json if as_json else _line(colourful=out.is_terminal() and not os.environ.get("NO_COLOR"))
    for finding in findings:
        out.write(line(finding))
        yield finding


def _json(finding: Finding) -> bytes:
    return jsonl.encode(finding.as_json())


def _line(*, colourful: bool) -> Callable[[Finding], bytes]:
    def line(finding: Finding) -> bytes:
        mark = _MARKS[finding.state]
        if colourful:
            mark = f"\x1b[{_COLOURS[finding.state]}m{mark}\x1b[0m"
        text = f"{mark}  {_plain(finding.topic)}: {_plain(finding.detail)}\n"
        if finding.todo:
            text += f"      -> {_plain(finding.todo)}\n"
        return text.encode("utf-8", "backslashreplace")

    return line


def _plain(text: str) -> str:
    """What a server says must not move the cursor."""
    return "".join(char if char.isprintable() else "?" for char in text)
