"""Reads a rule file and the vocabulary it names, and finds the handlers before the first record."""

from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

from mailpipe.errors import ConfigError, NoInputError, WorldError
from mailpipe.mail.vocabulary import Vocabulary
from mailpipe.mail.vocabulary import build as build_vocabulary
from mailpipe.route import append, rules, run
from mailpipe.route.answer import Own, nobody
from mailpipe.route.checks import Schema
from mailpipe.route.rules import Placeholder, Ready, Rules
from mailpipe.wire import plainyaml


def load(path: Path, configured: Callable[[], str | None] = lambda: None, own: Own = nobody) -> Rules:
    """The checked rules of a file; raises NoInputError or ConfigError naming file, rule and key.

    ``configured`` gives the vocabulary file of the configuration, for rules that name none; ``own``
    tells our own addresses.  Handlers must be there, and must not be writable by people who do not own
    the rules.
    """
    source = plainyaml.read(path)
    named = rules.vocabulary_path(source, str(path)) or configured()
    loaded = rules.build(source, str(path), _vocabulary(path, named), own, cache(partial(_schema, path)))
    for rule in loaded.rules:
        try:
            for program in _programs(rule):
                run.locate(program, path)
            if rule.run or rule.reply:
                run.folder(rule.terms.cwd, path)
            if rule.append:
                append.locate(rule.append, path.parent)
        except ConfigError as exc:
            raise ConfigError(f"{path}: rule {rule.name!r}: {exc.detail}", hint=exc.hint) from exc
    return loaded


def _schema(path: Path, named: str) -> Schema:
    # A library of size, for those who use it.
    from mailpipe.wire import schemafile

    try:
        return schemafile.load(path.parent / Path(named).expanduser())
    except WorldError as exc:
        raise ValueError(f"schema: {exc}") from exc


def _programs(rule: Ready) -> Iterator[str]:
    for argv in (rule.run, rule.reply):
        if argv and not isinstance(argv[0], Placeholder):
            yield argv[0]


def _vocabulary(path: Path, named: str | None) -> Vocabulary:
    if named is None:
        return Vocabulary({}, {})
    file = path.parent / Path(named).expanduser()
    try:
        return build_vocabulary(plainyaml.read(file), str(file))
    except NoInputError as exc:
        raise ConfigError(f"{path}: vocabulary: {exc.detail}") from exc
