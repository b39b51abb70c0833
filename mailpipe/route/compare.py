"""Compares a value of a record with what a rule says, by the kind of member it is.

Words that people type are compared folded; addresses and identifiers are not, because two domains
that differ by an accent are two domains.
"""

import re
from datetime import UTC, datetime, time
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from mailpipe.mail.fold import fold, plain
from mailpipe.mail.vocabulary import Vocabulary

Limit = Decimal | datetime


class Kind(Enum):
    """How the text of a member is compared."""

    ADDRESS = "address"  # the addr-spec alone, without regard to ASCII case
    EXACT = "exact"  # identifiers and enumerations: without regard to ASCII case
    WORDS = "words"  # what people read and write: folded
    DATA = "data"  # as words, through the vocabulary


_ADDRESSES = frozenset(["from", "sender", "to", "cc", "bcc", "replyTo", "envelope"])
_WORDS = frozenset(["subject", "text", "reply", "quoted", "signature", "preview", "html", "forwarded"])
_TRUE, _FALSE = frozenset(["true", "yes", "on"]), frozenset(["false", "no", "off"])
_NULL = frozenset(["null", "~", ""])
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_WORDS_TOGETHER = 4  # words that one name in a vocabulary may have
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?", re.ASCII)
_LOWER = {number: number + 32 for number in range(ord("A"), ord("Z") + 1)}
# Chinese, Japanese, Korean, Thai, Lao, Khmer, Burmese: words are written without spaces between them.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_BETWEEN = re.compile(r"[\W_]+")
_GLOB = re.compile(r"[*?]")


def kind_of(names: tuple[str, ...]) -> Kind:
    """How the member that a path names is compared."""
    if names[0] == "data":
        return Kind.DATA
    if names[-1] == "name":
        return Kind.WORDS
    if names[-1] == "email" or names[0] in _ADDRESSES:
        return Kind.ADDRESS
    if names[0] == "forwarded" and len(names) > 1 and names[1] in _ADDRESSES:
        return Kind.ADDRESS
    return Kind.WORDS if names[0] in _WORDS else Kind.EXACT


def equal(value: Any, wanted: str, kind: Kind, field: str, vocabulary: Vocabulary) -> bool:
    """Whether a value is what the rule says; ``*`` and ``?`` in ``wanted`` stand for any text."""
    if kind is Kind.ADDRESS and isinstance(value, dict):
        value = value.get("email")
    if isinstance(value, bool):
        return wanted.lower() in (_TRUE if value else _FALSE)
    if value is None:
        return is_null(wanted)
    if isinstance(value, int | Decimal | float):
        return number(wanted) == Decimal(value)
    if not isinstance(value, str):
        return False
    if _GLOB.search(wanted):
        spelled = lower if kind in (Kind.ADDRESS, Kind.EXACT) else plain
        return glob(spelled(wanted), spelled(value))
    return _same_text(value, wanted, kind, field, vocabulary)


def _same_text(value: str, wanted: str, kind: Kind, field: str, vocabulary: Vocabulary) -> bool:
    if kind in (Kind.ADDRESS, Kind.EXACT):
        return lower(value) == lower(wanted)
    # Folding takes signs and points away: -5 is not 5, and 1.10 is not 110.
    if _NUMBER.fullmatch(value.strip()) and _NUMBER.fullmatch(wanted.strip()):
        return value.strip() == wanted.strip()
    if kind is Kind.DATA:
        value, wanted = vocabulary.value(field, value), vocabulary.value(field, wanted)
    return fold(value) == fold(wanted)


def contains(value: Any, phrase: str) -> bool:
    """Whether a text has these words next to each other, whole, in any spelling."""
    if not isinstance(value, str):
        return False
    wanted = _spaced(phrase)
    if not wanted.strip() or _UNSPACED.search(phrase):
        return plain(phrase) in plain(value)
    return wanted in _spaced(value)


def means(value: Any, wanted: tuple[str, ...], vocabulary: Vocabulary) -> bool:
    """Whether a text has a word, or a few in a row, that stands for one of these values of the vocabulary."""
    if not isinstance(value, str):
        return False
    words = [fold(word) for word in _spaced(value).split()]
    runs = (
        "".join(words[at : at + length])
        for at in range(len(words))
        for length in range(1, min(_WORDS_TOGETHER, len(words) - at) + 1)
    )
    goals = {fold(word) for word in wanted}
    known = {
        name
        for names in vocabulary.values.values()
        for name, meaning in names.items()
        if fold(meaning) in goals
    }
    known |= goals
    return any(run in known for run in runs)


def typed(value: Any) -> str:
    """A value as the text that a pattern is looked for in; of an address its addr-spec."""
    if isinstance(value, dict):
        value = value.get("email")
    if isinstance(value, str):
        return value
    return "" if value is None or isinstance(value, dict | bool) else str(value)


def at_least(value: Any, limit: Limit) -> bool:
    """Whether a number or date is not below the limit; anything else is not."""
    if isinstance(limit, datetime):
        day = date(value)
        return day is not None and day >= limit
    found = number(value)
    return found is not None and found >= limit


def at_most(value: Any, limit: Limit) -> bool:
    """Whether a number or date is not above the limit; anything else is not.

    A limit that is a day (``2026-11-20``) is reached at its end.
    """
    if isinstance(limit, datetime):
        day = date(value)
        whole = limit.time() == time()
        return day is not None and (day.date() <= limit.date() if whole else day <= limit)
    found = number(value)
    return found is not None and found <= limit


def date(value: Any) -> datetime | None:
    """A date or time as in RFC 3339 or ISO 8601, in UTC; None for everything else."""
    if not isinstance(value, str) or not _DAY.match(value.strip()):
        return None
    try:
        found = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def number(value: Any) -> Decimal | None:
    """A number, or text that is plainly one, as a decimal; None for everything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | Decimal | float):
        return Decimal(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return Decimal(value.strip().replace(",", "."))
    return None


def is_null(word: str) -> bool:
    """Whether a rule means a member that is null or not there."""
    return word.lower() in _NULL


def lower(text: str) -> str:
    """The text with ASCII letters in lower case and every other letter as it is."""
    return text.translate(_LOWER)


def glob(pattern: str, text: str) -> bool:
    """Whether ``*`` (any characters) and ``?`` (one character) fit the whole text; never backtracks."""
    first, *rest = [_piece(piece) for piece in pattern.split("*")]
    if not rest:
        return first.fullmatch(text) is not None
    start = first.match(text)
    if start is None:
        return False
    at = start.end()
    for piece in rest[:-1]:
        found = piece.search(text, at)  # the leftmost fit leaves most for the others
        if found is None:
            return False
        at = found.end()
    length = len(pattern) - pattern.rindex("*") - 1
    return len(text) - length >= at and rest[-1].fullmatch(text, len(text) - length) is not None


def _piece(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\?", "."), re.DOTALL)


@lru_cache(maxsize=16)  # the phrases of a rule for all records, the text of a record for all rules
def _spaced(text: str) -> str:
    return f" {_BETWEEN.sub(' ', plain(text)).strip()} "
