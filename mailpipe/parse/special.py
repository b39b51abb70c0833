"""Finds what programs exchange in mail beside data: calendars and positions; loads readers when needed."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from mailpipe.parse.found import DataPart, Labelled, Pieces

MAX_FILES = 50  # calendars, cards and maps of one message that are read

_TYPES = {
    "text/calendar": "calendar",
    "application/ics": "calendar",
    "text/x-vcalendar": "calendar",
    "application/geo+json": "geojson",
    "application/vnd.geo+json": "geojson",
    "application/json": "json",
    "application/vnd.google-earth.kml+xml": "kml",
    "application/gpx+xml": "gpx",
    "application/gpx": "gpx",
    "text/vcard": "vcard",
    "text/x-vcard": "vcard",
    "text/directory": "vcard",
}
_EXTENSIONS = {
    "ics": "calendar",
    "vcs": "calendar",
    "geojson": "geojson",
    "kml": "kml",
    "gpx": "gpx",
    "vcf": "vcard",
}
# Types that tell nothing about what a file is.
_UNTYPED = frozenset({"application/octet-stream", "text/plain", "text/xml", "application/xml"})
_MAP = re.compile(r"//(?i:[^\s/]*(?:map|google|osm\.org|waze\.com|here\.com|bing\.com|yandex))")
_GEO = ("geo:", "GEO:", "Geo:")


class Special(NamedTuple):
    """A part by its kind: calendar, geojson, json, kml, gpx or vcard."""

    kind: str
    part: DataPart


def of(part: Labelled, data: bytes) -> Special | None:
    """The part, if it is one that is read here."""
    kind = _TYPES.get(part.type)
    if kind is None and part.name:
        by_name = _EXTENSIONS.get(part.name.rpartition(".")[2].lower())
        if by_name and (
            part.type in _UNTYPED or part.type.startswith("application/x-") or by_name == "geojson"
        ):
            kind = by_name
    if kind is None or (kind == "json" and b'"coordinates"' not in data):
        return None
    return Special(kind, DataPart(part.type, part.name, data, part.parameters.get("charset")))


def describe(
    found: Sequence[Special], pieces: Pieces, html: str | None, defects: list[str]
) -> dict[str, list[dict[str, Any]]]:
    """The members ``calendar`` and ``geo``, each only if there is something to say."""
    described: dict[str, list[dict[str, Any]]] = {}
    if len(found) > MAX_FILES:
        defects.append("limit:special")
        found = found[:MAX_FILES]
    calendars = [each.part for each in found if each.kind == "calendar"]
    if calendars:
        from mailpipe.parse import calendar

        events = calendar.read(calendars, defects)
        if events:
            described["calendar"] = events
    files = [(each.kind, each.part) for each in found if each.kind != "calendar"]
    events = described.get("calendar", [])
    if (
        files
        or any("coordinates" in event for event in events)
        or any(text and _may_have_position(text) for text in (pieces.reply, pieces.signature, html))
    ):
        from mailpipe.parse import geo

        places = geo.find(files, events, pieces, html, defects)
        if places:
            described["geo"] = places
    return described


def _may_have_position(text: str) -> bool:
    """Asked of every message: looking for a plain string is twenty times faster than for any case."""
    return any(scheme in text for scheme in _GEO) or ("//" in text and _MAP.search(text) is not None)
