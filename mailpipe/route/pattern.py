r"""Reads a regular expression into a program that pike.py runs in linear time.

The syntax is that of Python, without what no linear-time matcher can do: no backreferences, no look
around, no atomic or conditional groups.  A single character, class or assertion is still judged by
Python's ``re``, so that ``\w`` and ``(?i)`` mean what people know.
"""

import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

LONGEST = 1_000  # characters of a pattern
LARGEST = 2_000  # instructions of a program; x{1000} is a thousand
DEEPEST = 50  # groups within groups
TEXT = 100_000  # characters of a text that are looked at
WORK = 4_000_000  # instructions that may be looked at in the longest text, about two seconds

_LEADING_FLAGS = re.compile(r"\(\?([imsxaLu]+)\)")
_COUNT = re.compile(r"\{(\d*)(,?)(\d*)\}")
_NAMED = re.compile(r"\?P<([A-Za-z_][A-Za-z0-9_]*)>")
_HEX = {"x": 2, "u": 4, "U": 8}
_ASSERTIONS = frozenset("bBAZ")
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "a": re.ASCII}

Kind = Literal["char", "assert", "split", "jump", "save", "match"]


class Step(NamedTuple):
    """One instruction; ``a`` and ``b`` are instructions to go on with, ``a`` first."""

    kind: Kind
    test: Callable[[str, int], bool] | None = None
    a: int = 0
    b: int = 0


@dataclass(frozen=True, slots=True)
class Program:
    """A pattern ready to be run: its instructions, and the names of its captures by their slot."""

    source: str
    steps: tuple[Step, ...]
    names: tuple[str, ...]
    first: Callable[[str], bool] | None
    """Whether a match can begin with a character; None where that depends on more."""

    @property
    def longest(self) -> int:
        """How many characters of a text are looked at."""
        return min(TEXT, WORK // len(self.steps))


def compiled(source: str) -> Program:
    """The program of a pattern; raises ValueError with what is wrong."""
    if len(source) > LONGEST:
        raise ValueError(f"a pattern has at most {LONGEST} characters")
    _check_syntax(source)
    flags, at = re.RegexFlag(0), 0
    if (leading := _LEADING_FLAGS.match(source)) is not None:
        for letter in leading[1]:
            if letter not in _FLAGS:
                raise ValueError(f"the flag {letter} is not known here; there are i, m, s and a")
            flags |= _FLAGS[letter]
        at = leading.end()
    writer = _Writer(source, flags)
    end = writer.alternatives(at, 0)
    assert end == len(source), "re has found the parentheses balanced"
    writer.add(Step("match"))
    return Program(source, tuple(writer.steps), tuple(writer.names), _first(writer.steps))


def _check_syntax(source: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        try:
            re.compile(source)
        except (re.error, OverflowError, RecursionError) as exc:
            raise ValueError(f"{source!r} is not a regular expression: {exc}") from exc


@dataclass
class _Writer:
    """Writes the instructions of a pattern while reading it from left to right."""

    source: str
    flags: re.RegexFlag
    steps: list[Step] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    def add(self, step: Step) -> int:
        """The number of a new instruction."""
        if len(self.steps) >= LARGEST:
            raise ValueError("the pattern is too large; repeat less")
        self.steps.append(step)
        return len(self.steps) - 1

    def alternatives(self, at: int, depth: int) -> int:
        """Read ``a|b|c`` up to a parenthesis or the end, and say where that is."""
        if depth > DEEPEST:
            raise ValueError(f"groups are nested more than {DEEPEST} deep")
        jumps: list[int] = []
        while True:
            start = len(self.steps)
            at = self._sequence(at, depth)
            if self.source[at : at + 1] != "|":
                break
            self._insert(start, Step("split", a=start + 1, b=len(self.steps) + 2))
            jumps.append(self.add(Step("jump")))
            at += 1
        for jump in jumps:
            self.steps[jump] = Step("jump", a=len(self.steps))
        return at

    def _sequence(self, at: int, depth: int) -> int:
        while at < len(self.source) and self.source[at] not in "|)":
            start = len(self.steps)
            at = self._atom(at, depth)
            at = self._repeated(start, at)
        return at

    def _atom(self, at: int, depth: int) -> int:
        char = self.source[at]
        if char == "(":
            return self._group(at + 1, depth)
        end = self._end_of_one(at)
        piece = self.source[at:end]
        is_assertion = char in "^$" or (char == "\\" and piece[1] in _ASSERTIONS)
        self.add(Step("assert" if is_assertion else "char", _judge(piece, self.flags)))
        return end

    def _end_of_one(self, at: int) -> int:
        """Where the single character, class or assertion that begins here ends."""
        char = self.source[at]
        if char == "\\":
            letter = self.source[at + 1]
            if letter.isdigit() and letter != "0":
                raise ValueError("backreferences have no place in a pattern that hostile text may meet")
            if letter == "N":
                return self.source.index("}", at) + 1
            return at + 2 + _HEX.get(letter, 0)
        if char != "[":
            return at + 1
        at += 2 if self.source[at + 1] == "^" else 1
        at += 1  # a bracket that comes first stands for itself
        if self.source[at - 1] == "\\":
            at += 1
        while self.source[at] != "]":
            at += 2 if self.source[at] == "\\" else 1
        return at + 1

    def _group(self, at: int, depth: int) -> int:
        slot = None
        if (named := _NAMED.match(self.source, at)) is not None:
            slot = 2 * len(self.names)
            self.names.append(named[1])
            at = named.end()
        elif self.source.startswith("?:", at):
            at += 2
        elif self.source.startswith("?", at):
            raise ValueError(
                f"(?{self.source[at + 1 : at + 2]} is not known here; there are (?:...) and (?P<name>...)"
            )
        if slot is not None:
            self.add(Step("save", a=slot))
        at = self.alternatives(at, depth + 1)
        if slot is not None:
            self.add(Step("save", a=slot + 1))
        return at + 1

    def _repeated(self, start: int, at: int) -> int:
        """Read what follows an atom that begins at the instruction ``start``."""
        char = self.source[at : at + 1]
        least, most = 1, 1
        if char in ("*", "+", "?") and char:
            least, most, at = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}[char] + (at + 1,)
        elif char == "{" and (count := _COUNT.match(self.source, at)) and (count[1] or count[2]):
            least = int(count[1] or 0)
            most = (int(count[3]) if count[3] else -1) if count[2] else least
            at = count.end()
        else:
            return at
        lazy = self.source[at : at + 1] == "?"
        if self.source[at : at + 1] == "+":
            raise ValueError("possessive quantifiers are not known here")
        self._repeat(start, least, most, lazy)
        return at + lazy

    def _repeat(self, start: int, least: int, most: int, lazy: bool) -> None:
        body = self.steps[start:]
        del self.steps[start:]
        for _ in range(least):
            self._copy(body, start)
        if most < 0:
            loop = len(self.steps)
            self.add(_split(loop + 1, loop + len(body) + 2, lazy))
            self._copy(body, start)
            self.add(Step("jump", a=loop))
            return
        end = len(self.steps) + (most - least) * (len(body) + 1)
        for _ in range(most - least):
            here = len(self.steps)
            self.add(_split(here + 1, end, lazy))
            self._copy(body, start)

    def _copy(self, body: list[Step], written_at: int) -> None:
        shift = len(self.steps) - written_at
        for step in body:
            self.add(_shifted(step, shift))

    def _insert(self, at: int, step: Step) -> None:
        """Put an instruction before what has been written from ``at`` on."""
        body = self.steps[at:]
        del self.steps[at:]
        self.add(step)
        for moved in body:
            self.add(_shifted(moved, 1))


def _split(inner: int, outer: int, lazy: bool) -> Step:
    return Step("split", a=outer, b=inner) if lazy else Step("split", a=inner, b=outer)


def _shifted(step: Step, by: int) -> Step:
    if step.kind == "split":
        return step._replace(a=step.a + by, b=step.b + by)
    return step._replace(a=step.a + by) if step.kind == "jump" else step


def _judge(piece: str, flags: re.RegexFlag) -> Callable[[str, int], bool]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        match = re.compile(piece, flags).match
    return lambda text, at: match(text, at) is not None


def _first(steps: list[Step]) -> Callable[[str], bool] | None:
    seen: set[int] = set()
    queue, tests = [0], []
    while queue:
        at = queue.pop()
        if at in seen:
            continue
        seen.add(at)
        step = steps[at]
        if step.kind == "match":
            return None
        if step.kind == "assert":
            queue.append(at + 1)  # where it holds, what follows must hold as well
        elif step.test is not None:
            tests.append(step.test)
        elif step.kind == "split":
            queue += [step.a, step.b]
        else:
            queue.append(step.a if step.kind == "jump" else at + 1)
    known: dict[str, bool] = {}

    def can_begin(char: str) -> bool:
        if char not in known:
            known[char] = any(test(char, 0) for test in tests)
        return known[char]

    return can_begin
