"""Reads those values of the front matter that are not templates: constants, switches, how data travel."""

from typing import Any, NamedTuple

from mailpipe.errors import ConfigError, RecordError
from mailpipe.render.frontmatter import DATA_FORMATS, DATA_PARTS, Source

_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False, "": False}


class DataOption(NamedTuple):
    """How the structured data travel: the format, the members (None is all), and as which part."""

    format: str
    fields: tuple[str, ...] | None
    part: str


def constant(key: str, value: Any, name: str) -> str:
    """A value that is not a template; raises :class:`ConfigError`."""
    if value is None:
        return ""
    if not isinstance(value, Source) or "{{" in value.text or "{%" in value.text:
        raise ConfigError(f"{name}: {key} is one text without templates in it")
    return value.text.strip()


def switch(key: str, value: Any, name: str) -> bool:
    """A value that is yes or no; raises :class:`ConfigError`."""
    text = constant(key, value, name).lower()
    if text not in _SWITCH:
        raise ConfigError(f"{name}: {key} is {text!r}", hint="it may be true or false")
    return _SWITCH[text]


def said(key: str, text: str) -> bool:
    """What a filled template says, yes or no; raises :class:`RecordError`."""
    word = text.strip().lower()
    if word not in _SWITCH:
        raise RecordError(f"{key} is {word[:80]!r}", slug="bad-switch", hint="it may be true or false")
    return _SWITCH[word]


def data_option(value: Any, name: str) -> DataOption:
    """How the data travel; raises :class:`ConfigError`."""
    options = value if isinstance(value, dict) else {"format": value}
    for key in options:
        if key not in DataOption._fields:
            raise ConfigError(
                f"{name}: unknown key {key!r} in data", hint=f"the keys are {', '.join(DataOption._fields)}"
            )
    form = _one_of("data", options.get("format"), DATA_FORMATS, name)
    part = _one_of("part of data", options.get("part"), DATA_PARTS, name)
    fields = options.get("fields")
    if fields is not None and not isinstance(fields, list):
        raise ConfigError(f"{name}: the fields of data are not a list of names")
    names = None if fields is None else tuple(constant("fields", item, name) for item in fields)
    return DataOption(form, names, "none" if form == "none" else part)


def _one_of(key: str, value: Any, allowed: tuple[str, ...], name: str) -> str:
    """The first of ``allowed`` where nothing is given."""
    chosen = constant(key, value, name) or allowed[0]
    if chosen not in allowed:
        raise ConfigError(f"{name}: {key} is {chosen!r}", hint=f"it may be {', '.join(allowed)}")
    return chosen
