"""Decides whether the conditions of a rule hold for a record, and says why; pure.

A ``when`` is a mapping: every entry must hold.  An entry is a dotted path and a check of the values
found there, or one of ``any`` (a list of conditions), ``all`` (a list) and ``not`` (one condition).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route import paths
from mailpipe.route.checks import Check, Schemas, check_of, no_schemas, printable, quoted
from mailpipe.route.compare import Kind, kind_of

# A rule on the sender holds only if it holds for every author: a mail may have several (RFC 5322,
# 3.6.2), and a second From must not let its writer borrow the rule of the first.
_EVERY = frozenset(["from", "sender"])


_NOTHING: Mapping[str, str] = MappingProxyType({})


class Finding(NamedTuple):
    """Whether a condition holds, the fact that made it so, and what its patterns captured."""

    holds: bool
    why: str
    captures: Mapping[str, str] = _NOTHING


class Condition(Protocol):
    """One node of a ``when``."""

    def look(self, record: Mapping[str, Any], vocabulary: Vocabulary) -> Finding:
        """Whether it holds for the record."""
        ...

    def names(self) -> frozenset[str]:
        """The names of everything that its patterns may capture."""
        ...


@dataclass(frozen=True, slots=True)
class Member:
    """A check of the values at one path."""

    path: tuple[str, ...]
    kind: Kind
    check: Check

    def look(self, record: Mapping[str, Any], vocabulary: Vocabulary) -> Finding:
        """Any of the values must pass; of the authors of a mail, every one."""
        path = ".".join(self.path)
        values = paths.find(record, self.path, vocabulary)
        if not self.check.counts(sum(value is not None for value in values)):
            return self._finding(False, f"{path} is there {len(values)} times")
        if not values:
            return self._finding(self.check.absent(), f"{path} is not there")
        field = paths.field_of(self.path, vocabulary)
        passed = [self.check.passes(value, self.kind, field, vocabulary) for value in values]
        holds = all(passed) if self._every() else any(passed)
        telling = [value for value, passes in zip(values, passed, strict=True) if passes == holds]
        why = f"{path} is {', '.join(map(_shown, telling[:3]))}"
        if not holds and (fault := self.check.fault(telling[0])):
            why += f" ({printable(fault)})"
        finding = self._finding(holds, why)
        return finding._replace(captures=self.check.captures(telling[0])) if holds else finding

    def names(self) -> frozenset[str]:
        """See :class:`Condition`."""
        return frozenset(self.check.names())

    def _every(self) -> bool:
        return self.path[0] in _EVERY and self.kind is Kind.ADDRESS

    def _finding(self, holds: bool, fact: str) -> Finding:
        wanted = str(self.check)
        return Finding(holds, f"{fact}, not {wanted}" if wanted and not holds else fact)


@dataclass(frozen=True, slots=True)
class Group:
    """Several conditions of which all, or at least one, must hold."""

    parts: tuple[Condition, ...]
    every: bool

    def look(self, record: Mapping[str, Any], vocabulary: Vocabulary) -> Finding:
        """The first that settles the matter is the reason; if none does, all of them are."""
        whys = []
        captures: dict[str, str] = {}
        for part in self.parts:
            finding = part.look(record, vocabulary)
            if finding.holds is not self.every:
                return finding
            whys.append(finding.why)
            captures |= finding.captures
        return Finding(self.every, "; ".join(whys) or "it has no condition", captures)

    def names(self) -> frozenset[str]:
        """See :class:`Condition`."""
        return frozenset().union(*(part.names() for part in self.parts))


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a condition."""

    part: Condition

    def look(self, record: Mapping[str, Any], vocabulary: Vocabulary) -> Finding:
        """The same fact, the other way round."""
        finding = self.part.look(record, vocabulary)
        return Finding(not finding.holds, finding.why)

    def names(self) -> frozenset[str]:
        """None: what does not match captures nothing."""
        return frozenset()


def condition_of(said: Any, schemas: Schemas = no_schemas) -> Condition:
    """The condition that a ``when`` says; raises ValueError with what is wrong and where.

    ``schemas`` gives the JSON Schema of a file's name.
    """
    if not isinstance(said, dict):
        raise ValueError("a condition is a mapping of members to values, as in {auto.class: bounce}")
    parts = tuple(_entry(key, value, schemas) for key, value in said.items())
    return parts[0] if len(parts) == 1 else Group(parts, every=True)


def _entry(key: str, value: Any, schemas: Schemas) -> Condition:
    try:
        if key in ("any", "all"):
            return _group(value, schemas, every=key == "all")
        if key == "not":
            return Not(condition_of(value, schemas))
        names = paths.split(key)
        kind = kind_of(names)
        return Member(names, kind, check_of(value, kind, schemas))
    except ValueError as exc:
        raise ValueError(f"{key}: {exc}") from exc


def _group(value: Any, schemas: Schemas, *, every: bool) -> Condition:
    if not isinstance(value, list) or not value:
        raise ValueError("wants a list of conditions, as in [{auto.class: list}, {data.status: done}]")
    return Group(tuple(condition_of(part, schemas) for part in value), every=every)


def _shown(value: Any) -> str:
    if isinstance(value, dict) and isinstance(value.get("email"), str):
        return quoted(value["email"])
    return "an object" if isinstance(value, dict) else quoted(value)
