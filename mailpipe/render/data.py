"""Writes the structured data of a message as a part of its own, exactly."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from msgspec import json

from mailpipe.exact import dumps
from mailpipe.mail import compose


def part(data: Any, form: str, fields: Sequence[str] | None) -> bytes:
    """The part for ``json`` or ``yaml``; ``fields`` are the members of an object to give away."""
    given = data
    if fields is not None and isinstance(data, dict):
        given = {name: data[name] for name in fields if name in data}
    if form == "yaml":
        return compose.data_part("application/yaml", as_yaml(given), "data.yaml")  # RFC 9512
    return compose.data_part("application/json", json.format(dumps(given), indent=2) + b"\n", "data.json")


def as_yaml(data: Any) -> bytes:
    """YAML that every version reads alike: text is quoted unless it is plain words."""
    import yaml

    out: bytes = yaml.dump(
        data, Dumper=_dumper(), allow_unicode=True, sort_keys=False, encoding="utf-8", width=900
    )
    return out


@cache
def _dumper() -> Any:
    import yaml

    words = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)\Z)[a-z](?:[\w ./@+-]*[\w.])?", re.I | re.A)

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = None if words.fullmatch(value) else '"'
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    def decimal(dumper: yaml.SafeDumper, value: Decimal) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:float", f"{value:f}")

    Dumper.add_representer(str, text)
    Dumper.add_representer(Decimal, decimal)
    return Dumper
