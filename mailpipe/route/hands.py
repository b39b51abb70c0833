"""Puts together what carries out the verdicts of one rule file."""

import threading
import time
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mailpipe import config
from mailpipe.errors import TemporaryError, WorldError
from mailpipe.route.append import append, locate
from mailpipe.route.core import Across, Hands
from mailpipe.route.ruletypes import ReplyLimits
from mailpipe.route.run import Runner
from mailpipe.route.verdict import Posted
from mailpipe.route.webaddress import Posting
from mailpipe.stdio import say

if TYPE_CHECKING:
    from mailpipe.route.webhook import Webhooks
    from mailpipe.wire.replies import Grant, Replies


class _Posts:
    """The webhooks of this run; what speaks HTTPS is loaded for the first."""

    def __init__(self, rule_file: Path) -> None:
        self._rule_file = rule_file
        self._lock = threading.Lock()
        self._made: Webhooks | None = None

    def __call__(self, to: Posting, body: bytes, name: str, attempt: int, /) -> Posted:
        from mailpipe.route.webhook import Webhooks

        with self._lock:
            if self._made is None:
                self._made = Webhooks(self._rule_file)
        return self._made(to, body, name, attempt)

    def trouble(self) -> WorldError | None:
        return None if self._made is None else self._made.trouble()


class _Replies:
    """The replies of this run; the state database is opened for the first."""

    def __init__(self, limits: ReplyLimits) -> None:
        self._limits = limits
        self.exhausted = ""

    @cached_property
    def _book(self) -> "Replies":
        from mailpipe.wire.replies import Limits, Replies

        said = self._limits
        limits = Limits(hours=said.hours, burst=said.burst, hourly=said.hourly)
        return Replies(config.state_dir(), limits, time.time)

    def grant(self, sender: str, resource: str, /) -> "Grant":
        granted = self._book.grant(sender, resource)
        if granted.exhausted:
            self.exhausted = granted.why
        return granted

    def take_back(self, ticket: int, /) -> None:
        self._book.take_back(ticket)

    def trouble(self) -> WorldError | None:
        if not self.exhausted:
            return None
        hint = "is a machine answering us? Look at the last messages before more go out"
        return TemporaryError(f"replies are withheld: {self.exhausted}", hint=hint)


def of(rule_file: Path, limits: ReplyLimits, *, dry: bool, explain: bool) -> Hands:
    """Hands that work in the folder of the rule file."""
    posts, replies = _Posts(rule_file), _Replies(limits)
    return Hands(
        run=Runner(rule_file),
        post=posts,
        append=lambda name, line: append(locate(name, rule_file.parent), line),
        replies=replies,
        trouble=lambda: replies.trouble() or posts.trouble(),
        dry=dry,
        explain=say_lines if explain else None,
    )


def at_a_time(jobs: int) -> Across:
    """Several messages at a time."""
    from mailpipe.route.jobs import Jobs

    return Jobs(jobs)


def tell(sentence: str) -> None:
    """Say something to people."""
    say("route", sentence)


_speaking = threading.Lock()


def say_lines(lines: list[str]) -> None:
    """Say an explanation, line by line."""
    with _speaking:
        for line in lines:
            say("route", line)
