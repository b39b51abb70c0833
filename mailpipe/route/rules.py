"""The rule file as types, checked key by key; reading it is rulefile.py's job."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from mailpipe.config import suggest
from mailpipe.errors import ConfigError
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route import paths
from mailpipe.route.conditions import Condition, condition_of

Outcome = Literal["processed", "failed", "deferred"]
LONGEST = 86_400.0  # seconds that a handler may be given

_PLACEHOLDER = re.compile(r"\{([A-Za-z][^{}\s]*)\}")
# An argument that follows one of these is a program in itself: to a shell, Python, Perl, Ruby, node.
_PROGRAM_FLAGS = frozenset(["-c", "-e", "-E", "-r", "--command", "--eval", "--exec"])


class Rule(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """One rule: the conditions under which it is met, and what is done then."""

    name: str = ""
    """What the record and --explain call it; "rule 3" when absent."""
    when: dict[str, Any] = {}
    """Conditions, all of which must hold; a rule without any is met by every record."""
    run: list[str] | None = None
    """Program and arguments to run; it reads the record as JSON on stdin."""
    append: str | None = None
    """A JSON Lines file to which the record is appended."""
    outcome: Outcome | None = None
    """processed, failed or deferred: the verdict if there is no handler, or if it succeeds."""
    timeout: float = 60.0
    """Seconds that run may take; a handler that takes longer is killed and the message deferred."""


class RuleFile(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The whole file."""

    rules: list[Rule]
    """The rules in order; the first whose conditions hold is the only one that counts."""
    vocabulary: str | None = None
    """A file with the names of fields and values in other languages; relative to the rule file."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An argument that is the value of a member."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A rule that can be applied."""

    name: str
    condition: Condition
    run: tuple[str | Placeholder, ...] = ()
    append: str = ""
    outcome: Outcome = "processed"
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in order, and the words they are understood with."""

    rules: tuple[Ready, ...]
    vocabulary: Vocabulary


def vocabulary_path(source: Any, where: str) -> str | None:
    """The vocabulary file that a rule file names; raises ConfigError."""
    path = _mapping(source, RuleFile, where).get("vocabulary")
    if path is not None and (not isinstance(path, str) or not path):
        raise ConfigError(f"{where}: vocabulary is the name of a file")
    return path


def build(source: Any, where: str, vocabulary: Vocabulary) -> Rules:
    """The rules of a file's value; raises ConfigError that names file, rule and key."""
    said = _mapping(source, RuleFile, where).get("rules")
    if not isinstance(said, list) or not said:
        raise ConfigError(f"{where}: there are no rules", hint="see mailpipe-rules(5)")
    ready = tuple(_ready(rule, number, where) for number, rule in enumerate(said, start=1))
    names = [rule.name for rule in ready]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{where}: two rules are named {name!r}", hint="give each a name of its own")
    return Rules(ready, vocabulary)


def _ready(said: Any, number: int, where: str) -> Ready:
    name = said.get("name") if isinstance(said, dict) else None
    place = f"{where}: rule {number}" + (f" {name!r}" if isinstance(name, str) else "")
    _mapping(said, Rule, place)
    if isinstance(said.get("run"), str):
        raise ConfigError(
            f"{place}: run is a list of arguments, never a shell line", hint="as in run: [./handler]"
        )
    try:
        rule = msgspec.convert(said, Rule, strict=False)
        return _checked(rule, number)
    except ValueError as exc:  # msgspec.ValidationError is one
        raise ConfigError(f"{place}: {str(exc).replace(' - at `$.', ' in `')}") from exc


def _checked(rule: Rule, number: int) -> Ready:
    if rule.run is not None and rule.append is not None:
        raise ValueError("run and append in one rule; make it two programs in a script, or two rules")
    if rule.run is None and rule.append is None and rule.outcome is None:
        raise ValueError("nothing to do; give it run, append or outcome")
    if not 0 < rule.timeout <= LONGEST:
        raise ValueError(f"timeout is a number of seconds up to {LONGEST:.0f}")
    if rule.append == "":
        raise ValueError("append is the name of a file")
    try:
        condition = condition_of(rule.when)
    except ValueError as exc:
        raise ValueError(f"when: {exc}") from exc
    return Ready(
        name=rule.name or f"rule {number}",
        condition=condition,
        run=_arguments(rule.run) if rule.run is not None else (),
        append=rule.append or "",
        outcome=rule.outcome or "processed",
        timeout=rule.timeout,
    )


def _arguments(said: list[str]) -> tuple[str | Placeholder, ...]:
    if not said or not said[0]:
        raise ValueError("run is a list of a program and its arguments, as in [./handler, checked]")
    arguments = [_argument(text) for text in said]
    if isinstance(arguments[0], Placeholder):
        raise ValueError("the program to run cannot come from a message")
    for flag, argument in zip(said, arguments[1:], strict=False):
        if isinstance(argument, Placeholder) and flag in _PROGRAM_FLAGS:
            raise ValueError(
                f"what follows {flag} would be run as a program, so it cannot come from a message"
            )
    return tuple(arguments)


def _argument(text: str) -> str | Placeholder:
    if "\0" in text:
        raise ValueError("an argument cannot have NUL characters")
    bare = text.replace("{{", "").replace("}}", "")
    found = _PLACEHOLDER.search(bare)
    if found is None:
        return text.replace("{{", "{").replace("}}", "}")
    if found.group() != text:
        raise ValueError(f"{found.group()} must be an argument of its own, not a part of {text!r}")
    return Placeholder(paths.split(found.group(1)))


def _mapping(said: Any, kind: type[msgspec.Struct], place: str) -> Mapping[str, Any]:
    known = set(kind.__struct_encode_fields__)
    if not isinstance(said, dict):
        raise ConfigError(f"{place}: is not a mapping", hint=f"the keys are: {', '.join(sorted(known))}")
    for key in said:
        if key not in known:
            raise ConfigError(f"{place}: unknown key {key!r}", hint=suggest(key, known, "keys"))
    return said
