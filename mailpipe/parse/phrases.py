"""Knows the words around quotes, forwards and signatures in some forty languages (languages.yaml)."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from mailpipe.mail.fold import plain

_ROLES = ("from", "date", "to", "cc", "replyTo", "subject")
_SPACELESS = "\u3040"  # from here on scripts write words without spaces between them


class Phrases(NamedTuple):
    """The names of all languages together, as :func:`folded` spells them.

    ``labels`` maps the label of a header line to the roles it can have: a word may label the date in
    one language and the recipient in another.  ``greetings`` and ``asides`` are first words of lines
    that look like fields and are none ("Dear partner: thanks", "Note: it is red"), ``sentence`` words that
    no label of several words has, ``lead`` words before a label ("the plate: ..."), ``thanks`` how thanks
    begin, ``above`` what asks to answer above a line, ``legal`` what only legal footers say, ``vacation``
    how subjects of automatic replies begin, ``forward`` prefixes of subjects ("Fwd:").
    """

    intros: tuple[str, ...]
    verbs: tuple[str, ...]
    labels: dict[str, frozenset[str]]
    originals: frozenset[str]
    forwards: frozenset[str]
    devices: tuple[str, ...]
    regards: frozenset[str]
    greetings: frozenset[str]
    asides: frozenset[str]
    sentence: frozenset[str]
    lead: frozenset[str]
    thanks: frozenset[str]
    above: tuple[str, ...]
    legal: tuple[str, ...]
    vacation: tuple[str, ...]
    forward: frozenset[str]


def folded(text: str) -> str:
    """Lower case without accents and width, one space between words."""
    return " ".join(plain(text).split())


def begins_with_intro(text: str) -> bool:
    """Whether a folded text begins as an introduction to a quote does ("on mon, 14 may ...")."""
    return any(
        text.startswith(intro) and (intro >= _SPACELESS or not text[len(intro) : len(intro) + 1].isalpha())
        for intro in PHRASES.intros
    )


def has_verb(text: str) -> bool:
    """Whether a folded text says in some language that somebody wrote."""
    return any(verb in text and _stands_alone(verb, text) for verb in PHRASES.verbs)


def _stands_alone(verb: str, text: str) -> bool:
    if verb >= _SPACELESS:
        return True
    start = text.rfind(verb)  # the verb of an introduction is nearer to its end
    end = start + len(verb)
    return not (text[start - 1 : start].isalpha() or text[end : end + 1].isalpha())


def _load() -> Phrases:
    text = (Path(__file__).parent / "languages.yaml").read_text(encoding="utf-8")
    # Folded by letter: a thousand names folded one by one would cost more than the rest of the start.
    text = text.translate({ord(char): plain(char) for char in set(text)})
    names: dict[str, dict[str, None]] = {}
    for kind, listed in _entries(text):
        names.setdefault(kind, {}).update(dict.fromkeys(listed))
    labels: dict[str, set[str]] = {}
    for role in _ROLES:
        for name in names[role.lower()]:
            labels.setdefault(name, set()).add(role)
    return Phrases(
        tuple(names["intro"]),
        tuple(names["wrote"]),
        {name: frozenset(roles) for name, roles in labels.items()},
        frozenset(names["original"]),
        frozenset(names["forwarded"]),
        tuple(names["device"]),
        frozenset(names["regards"]),
        frozenset(names["greetings"]),
        frozenset(names["asides"]),
        frozenset(names["sentence"]),
        frozenset(names["lead"]),
        frozenset(names["thanks"]),
        tuple(names["above"]),
        tuple(names["legal"]),
        tuple(names["vacation"]),
        frozenset(names["forward"]),
    )


def _entries(text: str) -> Iterator[tuple[str, list[str]]]:
    for line in text.split("\n"):
        if line.startswith("  "):
            kind, _, names = line[2:].partition(": ")
            yield kind, names.split("; ")


PHRASES = _load()
