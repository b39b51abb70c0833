"""One position on the earth: exact decimal degrees (WGS 84), checked."""

import re
from decimal import Decimal
from typing import Any

MAX_POSITIONS = 200  # that are listed; of a line or an area only its first position is

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{0,20})?|\.\d{1,20})")


def number(value: Any) -> Decimal | None:
    """A coordinate as written, exactly; None if it is none."""
    if isinstance(value, str):
        text = value.strip()
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def point(lat: Any, lon: Any, source: str, **more: Any) -> dict[str, Any] | None:
    """``{lat, lon, source, ...}``, members that are None left out; None if there is no such place."""
    north, east = number(lat), number(lon)
    if north is None or east is None or not (abs(north) <= 90 and abs(east) <= 180):
        return None
    named = {key: value for key, value in more.items() if value is not None}
    return {"lat": _plain(north), "lon": _plain(east), "source": source, **named}


def _plain(value: Decimal) -> Decimal | int:
    """A JSON number has no exponent and no sign of plus; an integer is one."""
    return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else value


def shape(
    kind: str, pairs: list[tuple[Decimal, Decimal]], source: str, name: str | None
) -> dict[str, Any] | None:
    """A line or an area: its first position, how many it has, and ``[west, south, east, north]``.

    ``pairs`` are latitude and longitude.
    """
    valid = [(lat, lon) for lat, lon in pairs if abs(lat) <= 90 and abs(lon) <= 180]
    if not valid:
        return None
    lats, lons = [lat for lat, _ in valid], [lon for _, lon in valid]
    box = [min(lons), min(lats), max(lons), max(lats)]
    return point(
        *valid[0],
        source,
        name=name,
        geometry=kind,
        positions=len(valid),
        bbox=[_plain(value) for value in box],
    )
