"""Reads the rules again when a service manager asks for it (SIGHUP), between two records."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from mailpipe.errors import MailpipeError
from mailpipe.route.rules import Rules


class Reloaded:
    """The rules as they are now; a file that has become wrong leaves those of before in force."""

    def __init__(self, load: Callable[[], Rules], say: Callable[[str], None]) -> None:
        self._load = load
        self._say = say
        self._rules = load()
        self._asked = False

    def __call__(self) -> Rules:
        """The rules for the next record."""
        if self._asked:
            self._asked = False
            try:
                self._rules = self._load()
                self._say(f"{len(self._rules.rules)} rules are read again")
            except MailpipeError as exc:
                self._say(f"{exc}; the rules of before stay in force")
        return self._rules

    def listen(self) -> "Reloaded":
        """Heed SIGHUP, unless it is ignored (nohup) or says that the terminal has gone."""
        if signal.getsignal(signal.SIGHUP) == signal.SIG_DFL and not os.isatty(2):
            signal.signal(signal.SIGHUP, self.ask)
        return self

    def ask(self, _signum: int = 0, _frame: FrameType | None = None) -> None:
        """Read the rules again before the next record."""
        self._asked = True
