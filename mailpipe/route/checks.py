"""Tests one value of a record against what a rule says about it; pure.

A check is a word, a list of words (any of them), or a mapping of operators that must all hold.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from mailpipe.config import suggest
from mailpipe.exact import dumps
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route import compare
from mailpipe.route.compare import Kind

SHOWN = 60  # characters of a value that an explanation quotes
_YES, _NO = ("true", "yes", "on"), ("false", "no", "off")


class Operators(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What a check may be besides a word or a list of words; all that are given must hold."""

    exists: str | None = None
    """true: the member is there and not null; false: it is not."""
    contains: str | list[str] | None = None
    """Words that stand in the text, whole and in this order, in any spelling; of a list, any."""
    minimum: str | None = None
    """The value is a number, and at least this."""
    maximum: str | None = None
    """The value is a number, and at most this."""
    not_: Any = msgspec.field(default=None, name="not")
    """A check that must not hold; it holds where the member is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check, ready to be applied."""

    words: tuple[str, ...] = ()
    exists: bool | None = None
    contains: tuple[str, ...] = ()
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    negated: "Check | None" = None

    def passes(self, value: Any, kind: Kind, field: str, vocabulary: Vocabulary) -> bool:
        """Whether a value that is there passes; ``field`` chooses among the vocabulary's values."""
        if self.exists is not None and self.exists == (value is None):
            return False
        if self.words and not any(compare.equal(value, word, kind, field, vocabulary) for word in self.words):
            return False
        if self.contains and not any(compare.contains(value, phrase) for phrase in self.contains):
            return False
        if not self._in_range(value):
            return False
        return self.negated is None or not self.negated.passes(value, kind, field, vocabulary)

    def absent(self) -> bool:
        """Whether a member that is not there passes."""
        if self.exists or self.contains or self.minimum is not None or self.maximum is not None:
            return False
        if self.words and not any(compare.is_null(word) for word in self.words):
            return False
        return self.negated is None or not self.negated.absent()

    def _in_range(self, value: Any) -> bool:
        if self.minimum is None and self.maximum is None:
            return True
        number = compare.number(value)
        if number is None:
            return False
        return (self.minimum is None or number >= self.minimum) and (
            self.maximum is None or number <= self.maximum
        )

    def __str__(self) -> str:
        """What was wanted; nothing for ``exists``, where what was found says it all."""
        said = [" or ".join(map(quoted, self.words))] if self.words else []
        if self.contains:
            said.append("containing " + " or ".join(map(quoted, self.contains)))
        said += [f"at least {self.minimum}"] if self.minimum is not None else []
        said += [f"at most {self.maximum}"] if self.maximum is not None else []
        said += [f"anything but {self.negated}"] if self.negated is not None else []
        return " and ".join(said)


def check_of(said: Any, kind: Kind) -> Check:
    """The check that a rule says; raises ValueError with what is wrong."""
    if isinstance(said, str):
        return Check(words=(_word(said, kind),))
    if isinstance(said, list):
        if not said or not all(isinstance(word, str) for word in said):
            raise ValueError("a list of values is a list of words, and any of them may match")
        return Check(words=tuple(_word(word, kind) for word in said))
    return _operators(said, kind)


def _operators(said: dict[str, Any], kind: Kind) -> Check:
    known = set(Operators.__struct_encode_fields__)
    for key in said:
        if key not in known:
            hint = suggest(key, known, "operators")
            raise ValueError(f"unknown operator {key!r}; {hint} (members are written {'a.b'!r})")
    if not said:
        raise ValueError("an empty mapping says nothing; write the value, or exists: true")
    given = msgspec.convert(said, Operators)
    phrases = [given.contains] if isinstance(given.contains, str) else given.contains or []
    return Check(
        exists=None if given.exists is None else _flag(given.exists),
        contains=tuple(phrases),
        minimum=_number(given.minimum, "minimum"),
        maximum=_number(given.maximum, "maximum"),
        negated=check_of(said["not"], kind) if "not" in said else None,
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


def _number(text: str | None, name: str) -> Decimal | None:
    if text is None:
        return None
    number = compare.number(text)
    if number is None:
        raise ValueError(f"{name} is a number, not {text!r}")
    return number


def quoted(value: Any) -> str:
    """A value as an explanation shows it: JSON, cut, and nothing that could move a terminal's cursor."""
    text = dumps(value).decode("utf-8")
    cut = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)
