"""Splits a template into front matter and body, and reads the front matter with its line numbers."""

from difflib import get_close_matches
from typing import Any, NamedTuple

import yaml

from mailpipe.errors import ConfigError

ADDRESSES = ("from", "to", "cc", "bcc", "replyTo")
TEXTS = ("subject", "ref", "lang", "idempotencyKey")
KEYS = (
    *ADDRESSES,
    *TEXTS,
    "headers",
    "attachments",
    "data",
    "markdown",
    "schema",
    "base",
    "logo",
    "track",
    "sign",
    "encrypt",
)
DATA_FORMATS = ("json", "yaml", "none")
DATA_PARTS = ("alternative", "attachment", "none")
DEPTH = 4  # how deep values may be nested

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Source(NamedTuple):
    """One text of the front matter, and the file and the line that it stands on."""

    text: str
    name: str
    line: int


class FrontMatter(NamedTuple):
    """The keys as written, and the body with the line it starts on.

    Values are a :class:`Source`, a list of them, or a dict of them by name.
    """

    values: dict[str, Any]
    body: str
    line: int


def read(text: str, name: str) -> FrontMatter:
    """Read a template; raises :class:`ConfigError` naming file, line and key."""
    head, body, line = _split(text, name)
    try:
        node = yaml.compose(head, Loader=_Loader)
    except yaml.YAMLError as exc:
        raise ConfigError(f"{name}{_line(exc)}: {_problem(exc)}", hint=QUOTE) from exc
    except RecursionError as exc:
        raise ConfigError(f"{name}: the front matter is nested too deeply") from exc
    if node is None:
        return FrontMatter({}, body, line)
    values = _value(node, name, 0)
    if not isinstance(values, dict):
        raise ConfigError(
            f"{name}: the front matter is not a list of keys and values", hint='such as to: "..."'
        )
    for key in values:
        if key not in KEYS:
            raise ConfigError(f"{name}: unknown key {key!r}", hint=suggestion(key))
    return FrontMatter(values, body, line)


QUOTE = 'quote values that start with {{ or have a colon: to: "{{ partner.mail }}"'


def suggestion(key: str) -> str:
    """What the author may have meant."""
    lowered = {known.lower(): known for known in KEYS}
    close = get_close_matches(key.lower().replace("-", "").replace("_", ""), lowered, 1)
    return f"did you mean {lowered[close[0]]!r}?" if close else f"the keys are {', '.join(KEYS)}"


def _split(text: str, name: str) -> tuple[str, str, int]:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    if lines[0].rstrip() != "---":
        return "", "\n".join(lines), 1
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            # An empty first line keeps the line numbers of YAML those of the file.
            return "\n".join(["", *lines[1:index]]), "\n".join(lines[index + 1 :]), index + 2
    raise ConfigError(f"{name}: the front matter has no end", hint="end it with a line of three hyphens")


def _value(node: yaml.Node, name: str, depth: int) -> Any:
    line = node.start_mark.line + 1
    if depth > DEPTH:
        raise ConfigError(f"{name}, line {line}: nested too deeply")
    if isinstance(node, yaml.ScalarNode):
        is_null = node.tag == "tag:yaml.org,2002:null"
        # A block scalar starts on the line after its key.
        return None if is_null else Source(node.value, name, line + (node.style in ("|", ">")))
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, name, depth + 1) for item in node.value]
    values: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(
                f"{name}, line {line}: a value that starts with a brace is not text", hint=QUOTE
            )
        if key.value in values:
            raise ConfigError(f"{name}, line {key.start_mark.line + 1}: {key.value!r} is there twice")
        values[key.value] = _value(value, name, depth + 1)
    return values


def _line(exc: yaml.YAMLError) -> str:
    mark = getattr(exc, "problem_mark", None)
    return f", line {mark.line + 1}" if mark else ""


def _problem(exc: yaml.YAMLError) -> str:
    return str(getattr(exc, "problem", None) or exc)
