"""Read times and rates as people write them: 90s, 10m, 5d; 100/min, 2/s."""

import re
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    Kind = click.ParamType[float]
else:
    Kind = click.ParamType  # generic since click 8.4 only

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PER = {"s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "hour": 3600.0}


class Duration(Kind):
    """Seconds out of a number and a unit; a bare number is seconds."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds."""
        if isinstance(value, int | float):
            return float(value)
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(value))
        if found is None:
            self.fail(f"{value!r} is no time; write 90s, 10m, 2h or 5d", param, ctx)
        return float(found[1]) * _SECONDS[found[2] or "s"]


class Rate(Kind):
    """Messages per second out of a number and a unit."""

    name = "rate"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Messages per second."""
        if isinstance(value, float):
            return value
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*/\s*([a-z]+)", str(value))
        if found is None or found[2] not in _PER or not float(found[1]):
            self.fail(f"{value!r} is no rate; write 100/min or 2/s", param, ctx)
        return float(found[1]) / _PER[found[2]]
