"""A checked rule file as values that can be applied; reading it is rulefile.py's job."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from mailpipe.config import Secret, suggest
from mailpipe.errors import ConfigError
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.route import paths
from mailpipe.route.answer import Own, nobody
from mailpipe.route.checks import Schemas, no_schemas
from mailpipe.route.conditions import Condition, condition_of
from mailpipe.route.ruletypes import Limits, Outcome, Post, ReplyLimits, Rule, RuleFile
from mailpipe.route.webaddress import Posting, posting

LONGEST = 86_400.0  # seconds that a handler may be given
CAPTURES = "captures"  # {captures.name} in an argument is what a pattern of this rule has captured

_PLACEHOLDER = re.compile(r"\{([A-Za-z][^{}\s]*)\}")
_SIZE = re.compile(r"([1-9][0-9]{0,14})([KMGT]?)")
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
# An argument that follows one of these is a program in itself: to a shell, Python, Perl, Ruby, node.
_PROGRAM_FLAGS = frozenset(["-c", "-e", "-E", "-r", "--command", "--eval", "--exec"])
_WITHIN: dict[str, type[msgspec.Struct]] = {"post": Post, "limits": Limits, "replies": ReplyLimits}


@dataclass(frozen=True, slots=True)
class Placeholder:
    """An argument that is the value of a member."""

    names: tuple[str, ...]


Argv = tuple[str | Placeholder, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a handler is run: seconds, its folder, and what it may use (None: as much as there is)."""

    timeout: float = 60.0
    cwd: str = ""
    memory: int | None = None
    cpu: int | None = None
    files: int = 1024
    file_size: int = 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A rule that can be applied."""

    name: str
    condition: Condition
    run: Argv = ()
    post: Posting | None = None
    append: str = ""
    reply: Argv = ()
    outcome: Outcome = "processed"
    goes_on: bool = False
    terms: Terms = Terms()


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules in order, the words they are understood with, and which addresses are our own."""

    rules: tuple[Ready, ...]
    vocabulary: Vocabulary
    replies: ReplyLimits = field(default_factory=ReplyLimits)
    own: Own = nobody


def vocabulary_path(source: Any, where: str) -> str | None:
    """The vocabulary file that a rule file names; raises ConfigError."""
    path = _mapping(source, RuleFile, where).get("vocabulary")
    if path is not None and (not isinstance(path, str) or not path):
        raise ConfigError(f"{where}: vocabulary is the name of a file")
    return path


def build(
    source: Any, where: str, vocabulary: Vocabulary, own: Own = nobody, schemas: Schemas = no_schemas
) -> Rules:
    """The rules of a file's value; raises ConfigError that names file, rule and key."""
    said = _mapping(source, RuleFile, where).get("rules")
    if not isinstance(said, list) or not said:
        raise ConfigError(f"{where}: there are no rules", hint="see mailpipe-rules(5)")
    secret = _converted(source.get("secret"), Secret | None, f"{where}: secret")
    replies = _within("replies", source.get("replies") or {}, where)
    limits: ReplyLimits = _converted(replies, ReplyLimits, f"{where}: replies")
    given = _Given(where, secret, schemas)
    ready = tuple(_ready(rule, number, given) for number, rule in enumerate(said, start=1))
    names = [rule.name for rule in ready]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{where}: two rules are named {name!r}", hint="give each a name of its own")
    return Rules(ready, vocabulary, limits, own)


class _Given(NamedTuple):
    """What all rules of a file share."""

    where: str
    secret: Secret | None
    schemas: Schemas


def _ready(said: Any, number: int, given: _Given) -> Ready:
    name = said.get("name") if isinstance(said, dict) else None
    place = f"{given.where}: rule {number}" + (f" {name!r}" if isinstance(name, str) else "")
    _mapping(said, Rule, place)
    for key in ("run", "reply"):
        if isinstance(said.get(key), str):
            raise ConfigError(
                f"{place}: {key} is a list of arguments, never a shell line", hint=f"as in {key}: [./handler]"
            )
    for key in ("post", "limits"):
        if isinstance(said.get(key), dict):
            _within(key, said[key], place)
    rule: Rule = _converted(said, Rule, place)
    try:
        return _checked(rule, number, given)
    except ValueError as exc:
        raise ConfigError(f"{place}: {exc}") from exc


def _converted(said: Any, kind: Any, place: str) -> Any:
    try:
        return msgspec.convert(said, kind, strict=False)
    except ValueError as exc:  # msgspec.ValidationError is one
        raise ConfigError(f"{place}: {str(exc).replace(' - at `$.', ' in `')}") from exc


def _within(key: str, said: Any, place: str) -> Any:
    return _mapping(said, _WITHIN[key], f"{place}: {key}")


def _checked(rule: Rule, number: int, given: _Given) -> Ready:
    _check_sense(rule)
    try:
        condition = condition_of(rule.when, given.schemas)
    except ValueError as exc:
        raise ValueError(f"when: {exc}") from exc
    captured = condition.names()
    return Ready(
        name=rule.name or f"rule {number}",
        condition=condition,
        run=() if rule.run is None else _arguments("run", rule.run, captured),
        post=None if rule.post is None else posting(rule.post, given.secret),
        append=rule.append or "",
        reply=() if rule.reply is None else _arguments("reply", rule.reply, captured),
        outcome=rule.outcome or "processed",
        goes_on=rule.continue_,
        terms=_terms(rule),
    )


def _check_sense(rule: Rule) -> None:
    handlers = [key for key in ("run", "post", "append") if getattr(rule, key) is not None]
    if len(handlers) > 1:
        raise ValueError(
            f"{' and '.join(handlers)} in one rule; make it two rules, the first with continue: true"
        )
    if not handlers and rule.reply is None and rule.outcome is None and not rule.stop:
        raise ValueError("nothing to do; give it run, post, append, reply, stop or outcome")
    if rule.continue_ and rule.stop:
        raise ValueError("stop and continue in one rule")
    if rule.continue_ and not handlers and rule.reply is None:
        raise ValueError("continue without run, post, append or reply does nothing")
    if not 0 < rule.timeout <= LONGEST:
        raise ValueError(f"timeout is a number of seconds up to {LONGEST:.0f}")
    if rule.append is not None and (not rule.append or "\0" in rule.append):
        raise ValueError("append is the name of a file")
    if rule.append is not None and _PLACEHOLDER.search(rule.append):
        raise ValueError("append: nothing of a message can name a file; write a rule for each file")


def _terms(rule: Rule) -> Terms:
    limits = rule.limits
    if (limits.cpu is not None and limits.cpu < 1) or limits.files < 3:
        raise ValueError("limits: cpu is at least 1 second, files at least 3")
    return Terms(
        timeout=rule.timeout,
        cwd=rule.cwd or "",
        memory=None if limits.memory is None else _octets(limits.memory, "memory"),
        cpu=limits.cpu,
        files=limits.files,
        file_size=_octets(limits.file_size, "fileSize"),
    )


def _octets(text: str, key: str) -> int:
    size = _SIZE.fullmatch(text.strip().upper())
    if size is None:
        raise ValueError(f"limits: {key} is a size like 512M, not {text!r}")
    return int(size[1]) * _UNITS[size[2]]


def _arguments(key: str, said: list[str], captured: frozenset[str]) -> Argv:
    if not said or not said[0]:
        raise ValueError(f"{key} is a list of a program and its arguments, as in [./handler, checked]")
    arguments = [_argument(text) for text in said]
    if isinstance(arguments[0], Placeholder):
        raise ValueError("the program to run cannot come from a message")
    for flag, argument in zip(said, arguments[1:], strict=False):
        if isinstance(argument, Placeholder) and flag in _PROGRAM_FLAGS:
            raise ValueError(
                f"what follows {flag} would be run as a program, so it cannot come from a message"
            )
    for argument in arguments:
        if isinstance(argument, Placeholder) and argument.names[0] == CAPTURES:
            _check_capture(argument, captured)
    return tuple(arguments)


def _check_capture(argument: Placeholder, captured: frozenset[str]) -> None:
    name = ".".join(argument.names[1:])
    if name not in captured:
        known = suggest(name, set(captured), "captures of this rule")
        raise ValueError(f"{{{CAPTURES}.{name}}}: no pattern captures (?P<{name}>...); {known}")


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
