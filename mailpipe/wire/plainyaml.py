"""Reads a YAML file that people write, every scalar as the text they typed.

``NO`` stays ``NO``, ``0123`` stays ``0123`` and ``1.10`` stays ``1.10``: words of all languages and plate
numbers are what rules and vocabularies are made of, and YAML 1.1 would turn some of them into booleans,
octal numbers and dates.  A key written twice is an error, and so are tags and aliases.
"""

import os
import stat
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from mailpipe.errors import ConfigError, NoInputError

LIMIT = 4 * 1024 * 1024  # octets
DEPTH = 100  # levels; the composer of libyaml recurses and would overflow the stack of the process

if TYPE_CHECKING:
    from yaml import BaseLoader as _Base
else:
    _Base = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


class _Loader(_Base):
    """Scalars as text; no repeated keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused("a key is one word or text", key.start_mark)
            if key.value in seen:
                raise _refused(f"the key {key.value!r} is written twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _check_events(text: bytes) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_Base):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH:
            raise _refused(f"nested more than {DEPTH} levels deep", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            raise _refused("aliases are not used here; write the value again", event.start_mark)
        if (tag := getattr(event, "tag", None)) not in (None, "!"):
            raise _refused(f"the tag {tag} is not used here", event.start_mark)


def _refused(problem: str, mark: Any) -> yaml.YAMLError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)


def read(path: Path) -> Any:
    """Mappings, lists and text; an empty file is an empty mapping.

    Raises NoInputError if the file is not there, ConfigError naming file and line for everything else.
    """
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_mode & stat.S_IWOTH:
                raise ConfigError(f"{path} can be written by others", hint=f"chmod o-w {path}")
            text = file.read(LIMIT + 1)
    except FileNotFoundError as exc:
        raise NoInputError(f"{path}: no such file") from exc
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror}") from exc
    if len(text) > LIMIT:
        raise ConfigError(f"{path} is longer than {LIMIT // 1024**2} MiB")
    return parse(text, str(path))


def parse(text: bytes, name: str) -> Any:
    """As :func:`read`, for a text at hand; ``name`` is what errors call it."""
    try:
        _check_events(text)
        value = yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as exc:
        line = f", line {exc.problem_mark.line + 1}" if exc.problem_mark is not None else ""
        raise ConfigError(f"{name}{line}: {exc.problem or exc}") from exc
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        raise ConfigError(f"{name}: {' '.join(str(exc).split())}") from exc
    return {} if value in (None, "") else value
