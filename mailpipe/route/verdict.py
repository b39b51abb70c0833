"""What passes between deciding and doing: verdicts out, reports of handlers back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mailpipe.route.rules import Terms
from mailpipe.route.ruletypes import Outcome
from mailpipe.route.webaddress import Posting


@dataclass(frozen=True, slots=True)
class Tried:
    """One rule that was looked at, and the fact that decided."""

    rule: str
    met: bool
    why: str

    def as_json(self) -> dict[str, Any]:
        """As in the record's ``route.tried``."""
        return {"rule": self.rule, "met": self.met, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one rule wants: a handler (``argv``, ``post`` or ``append``) or none, a ``reply``, an outcome.

    With ``reason`` nothing is done, and the outcome is what it says.
    """

    rule: str | None
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    argv: tuple[str, ...] = ()
    post: Posting | None = None
    append: str = ""
    reply: tuple[str, ...] = ()
    terms: Terms = field(default_factory=Terms)
    captures: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdicts to be carried out one after the other, until one does not succeed."""

    verdicts: tuple[Verdict, ...]
    tried: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a handler ended: by ``status``, or by ``signal``."""

    status: int | None
    signal: int | None = None
    timed_out: bool = False
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""

    def as_json(self, argv: tuple[str, ...]) -> dict[str, Any]:
        """As in the record's ``route.handler``."""
        return {
            "run": list(argv),
            "status": self.status,
            "signal": self.signal,
            "timedOut": self.timed_out,
            "seconds": self.seconds,
            "stdout": self.stdout,
            "stderr": self.stderr,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What came of a POST: the status of the answer, or ``problem`` where there was none.

    ``reached`` says whether the server may have got the record.
    """

    status: int | None
    problem: str = ""
    reached: bool = True
    tries: int = 1
    seconds: float = 0.0
    response: str = ""

    def as_json(self, origin: str) -> dict[str, Any]:
        """As in the record's ``route.handler``."""
        return {
            "post": origin,
            "status": self.status,
            "tries": self.tries,
            "seconds": self.seconds,
            "response": self.response,
        }
