"""Tests one value of a record against what a rule says about it; pure.

A check is a word, a list of words (any of them), or a mapping of operators that must all hold.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec

from mailpipe.config import suggest
from mailpipe.exact import dumps
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route import compare, pike
from mailpipe.route.compare import Kind
from mailpipe.route.pattern import Program, compiled

Limit = compare.Limit
SHOWN = 60  # characters of a value that an explanation quotes
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


class Violation(Protocol):
    """Where a value is not as its schema says, and why."""

    @property
    def path(self) -> str: ...
    @property
    def message(self) -> str: ...


class Schema(Protocol):
    """A JSON Schema that values are held against."""

    def violations(self, value: Any, /) -> Sequence[Violation]:
        """What is wrong with a value; nothing if it conforms."""
        ...


Schemas = Callable[[str], Schema]


def no_schemas(name: str) -> Schema:
    """Where no file can be read."""
    raise ValueError(f"schema: {name} cannot be read here")


class Operators(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a check may be besides a word or a list of words; all that are given must hold."""

    exists: str | None = None
    """true: the member is there and not null; false: it is not."""
    contains: str | list[str] | None = None
    """Words that stand in the text, whole and in this order, in any spelling; of a list, any."""
    means: str | list[str] | None = None
    """Values of the vocabulary of which the text has a word, in any of its languages; of a list, any."""
    matches: str | None = None
    """A regular expression that is found in the text as it was typed; (?P<name>...) captures."""
    minimum: str | None = None
    """The value is a number, or a date as in 2026-11-20, and at least this."""
    maximum: str | None = None
    """The value is a number or a date, and at most this; a day lasts until its end."""
    count: Any = None
    """How many values there are: a number, or a mapping with minimum and maximum."""
    schema: str | None = None
    """A JSON Schema (draft 2020-12), JSON or YAML, that the value conforms to; relative to the rule file."""
    not_: Any = msgspec.field(default=None, name="not")
    """A check that must not hold; it holds where the member is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check, ready to be applied."""

    words: tuple[str, ...] = ()
    exists: bool | None = None
    contains: tuple[str, ...] = ()
    means: tuple[str, ...] = ()
    matches: Program | None = None
    minimum: Limit | None = None
    maximum: Limit | None = None
    count: "Check | None" = None
    schema: tuple[str, Schema] | None = None
    negated: "Check | None" = None

    def captures(self, value: Any) -> dict[str, str]:
        """What the pattern captures in a value that passes, by name."""
        found = None if self.matches is None else pike.search(self.matches, compare.typed(value))
        return found or {}

    def names(self) -> tuple[str, ...]:
        """The names of everything that may be captured."""
        return () if self.matches is None else self.matches.names

    def counts(self, number: int) -> bool:
        """Whether there may be so many values."""
        return self.count is None or self.count.passes(number, Kind.EXACT, "", Vocabulary({}, {}))

    def passes(self, value: Any, kind: Kind, field: str, vocabulary: Vocabulary) -> bool:
        """Whether a value that is there passes; ``field`` chooses among the vocabulary's values."""
        if self.exists is not None and self.exists == (value is None):
            return False
        if self.words and not any(compare.equal(value, word, kind, field, vocabulary) for word in self.words):
            return False
        if self.contains and not any(compare.contains(value, phrase) for phrase in self.contains):
            return False
        if self.means and not compare.means(value, self.means, vocabulary):
            return False
        if self.matches is not None and pike.search(self.matches, compare.typed(value)) is None:
            return False
        if not self._in_range(value) or self.fault(value):
            return False
        return self.negated is None or not self.negated.passes(value, kind, field, vocabulary)

    def absent(self) -> bool:
        """Whether a member that is not there passes."""
        if self.exists or self.contains or self.means or self.matches is not None or self.schema is not None:
            return False
        if self.minimum is not None or self.maximum is not None:
            return False
        if self.words and not any(compare.is_null(word) for word in self.words):
            return False
        return self.negated is None or not self.negated.absent()

    def fault(self, value: Any) -> str:
        """What the schema has against a value, or nothing."""
        found = self.schema[1].violations(value) if self.schema is not None else []
        return f"{found[0].path or 'it'} {found[0].message}" if found else ""

    def _in_range(self, value: Any) -> bool:
        return (self.minimum is None or compare.at_least(value, self.minimum)) and (
            self.maximum is None or compare.at_most(value, self.maximum)
        )

    def __str__(self) -> str:
        """What was wanted; nothing for ``exists``, where what was found says it all."""
        said = [" or ".join(map(quoted, self.words))] if self.words else []
        if self.contains:
            said.append("containing " + " or ".join(map(quoted, self.contains)))
        said += ["with a word for " + " or ".join(map(quoted, self.means))] if self.means else []
        said += [f"matching {quoted(self.matches.source)}"] if self.matches is not None else []
        said += [f"at least {_said(self.minimum)}"] if self.minimum is not None else []
        said += [f"at most {_said(self.maximum)}"] if self.maximum is not None else []
        said += [f"as in {self.schema[0]}"] if self.schema is not None else []
        said += [f"{self.count} of them"] if self.count is not None else []
        said += [f"anything but {self.negated}"] if self.negated is not None else []
        return " and ".join(said)


def check_of(said: Any, kind: Kind, schemas: Schemas = no_schemas) -> Check:
    """The check that a rule says; raises ValueError with what is wrong."""
    if isinstance(said, str):
        return Check(words=(_word(said, kind),))
    if isinstance(said, list):
        if not said or not all(isinstance(word, str) for word in said):
            raise ValueError("a list of values is a list of words, and any of them may match")
        return Check(words=tuple(_word(word, kind) for word in said))
    return _operators(said, kind, schemas)


def _operators(said: dict[str, Any], kind: Kind, schemas: Schemas) -> Check:
    known = set(Operators.__struct_encode_fields__)
    for key in said:
        if key not in known:
            hint = suggest(key, known, "operators")
            raise ValueError(f"unknown operator {key!r}; {hint} (members are written {'a.b'!r})")
    if not said:
        raise ValueError("an empty mapping says nothing; write the value, or exists: true")
    given = msgspec.convert(said, Operators)
    return Check(
        exists=None if given.exists is None else _flag(given.exists),
        contains=_words(given.contains),
        means=_words(given.means),
        matches=None if given.matches is None else compiled(given.matches),
        minimum=_limit(given.minimum, "minimum"),
        maximum=_limit(given.maximum, "maximum"),
        count=None if given.count is None else _count(given.count),
        schema=None if given.schema is None else (given.schema, schemas(given.schema)),
        negated=check_of(said["not"], kind, schemas) if "not" in said else None,
    )


def _word(word: str, kind: Kind) -> str:
    if kind is Kind.ADDRESS and not compare.is_null(word) and "@" not in word and word != "*":
        raise ValueError(
            f"{word!r} can never be an address; write '*@{word.lstrip('*.')}' for its whole domain"
        )
    return word


def _flag(text: str) -> bool:
    if text.lower() not in _YES + _NO:
        raise ValueError(f"exists is true or false, not {text!r}")
    return text.lower() in _YES


def _words(said: str | list[str] | None) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else tuple(said or ())


def _limit(text: str | None, name: str) -> Limit | None:
    if text is None:
        return None
    limit: Limit | None = compare.number(text)
    if limit is None:
        limit = compare.date(text)
    if limit is None:
        raise ValueError(f"{name} is a number or a date like 2026-11-20, not {text!r}")
    return limit


def _said(limit: Limit) -> str:
    if isinstance(limit, datetime):
        return limit.isoformat().removesuffix("T00:00:00+00:00")
    return str(limit)


def _count(said: Any) -> Check:
    wanted = check_of(said, Kind.EXACT)
    if any(not word.isdigit() for word in wanted.words) or wanted.contains or wanted.matches:
        raise ValueError(f"count is a whole number, or a mapping with minimum and maximum, not {said!r}")
    return wanted


def quoted(value: Any) -> str:
    """A value as an explanation shows it: JSON, cut, and nothing that could move a terminal's cursor."""
    return printable(dumps(value).decode("utf-8"))


def printable(text: str) -> str:
    """A text cut, and without control characters."""
    cut = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    if cut.isprintable():
        return cut
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)
