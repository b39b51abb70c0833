"""Runs probes one after the other and turns what they find, or end with, into findings; pure."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from mailpipe.errors import Exit, WorldError

State = Literal["ok", "note", "warn", "fail"]
# What has to be put right first comes first.
_ORDER = (Exit.CONFIG, Exit.NO_PERMISSION, Exit.NO_INPUT, Exit.UNAVAILABLE, Exit.PROTOCOL)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: ``topic`` is what was looked at, ``todo`` what to do about it.

    ``note`` is good to know, ``warn`` works but not as well as it could, ``fail`` does not work.
    """

    topic: str
    state: State
    detail: str
    todo: str = ""
    status: Exit = Exit.OK

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        said = {"topic": self.topic, "state": self.state, "detail": self.detail, "todo": self.todo}
        failed = {"status": int(self.status)} if self.state == "fail" else {}
        return {name: value for name, value in said.items() if value} | failed


def ok(topic: str, detail: str) -> Finding:
    """It works."""
    return Finding(topic, "ok", detail)


def warn(topic: str, detail: str, todo: str) -> Finding:
    """It works, but not as well as it could."""
    return Finding(topic, "warn", detail, todo)


def fail(topic: str, detail: str, todo: str, status: Exit = Exit.CONFIG) -> Finding:
    """It does not work."""
    return Finding(topic, "fail", detail, todo, status)


class Probe(NamedTuple):
    """Something to look at; where it raises WorldError, that is its last finding."""

    topic: str
    look: Callable[[], Iterable[Finding]]


def check(probes: Iterable[Probe]) -> Iterator[Finding]:
    """The findings of all probes, as they come; one that fails does not keep the others."""
    for probe in probes:
        try:
            yield from probe.look()
        except WorldError as exc:
            yield Finding(probe.topic, "fail", exc.detail, exc.hint, exc.status)


def status(findings: Iterable[Finding]) -> Exit:
    """The exit status for what was found; warnings are none."""
    failed = {finding.status for finding in findings if finding.state == "fail"}
    for one in _ORDER:
        if one in failed:
            return one
    return max(failed, default=Exit.OK)
