"""Collects the positions that a message holds: in files, in invitations, in links of its text."""

from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any

from mailpipe import exact
from mailpipe.mail import contentlines
from mailpipe.parse import geofiles, geolinks, position
from mailpipe.parse.found import DataPart, Pieces

MAX_TEXT = 1024 * 1024  # characters in which links are looked for

Place = dict[str, Any]


def find(
    files: Iterable[tuple[str, DataPart]],
    events: Iterable[dict[str, Any]],
    pieces: Pieces,
    html: str | None,
    defects: list[str],
) -> list[Place]:
    """Every position once, with its ``source``: files first, then invitations, then links.

    ``files`` have their kind: geojson, kml, gpx or vcard.  Links that the message only quotes do not count.
    """
    found: dict[tuple[Any, Any], Place] = {}
    for place in _all(files, events, pieces, html, defects):
        if len(found) >= position.MAX_POSITIONS:
            defects.append("limit:geo")
            break
        found.setdefault((place["lat"], place["lon"]), place)
    return list(found.values())


def _all(
    files: Iterable[tuple[str, DataPart]],
    events: Iterable[dict[str, Any]],
    pieces: Pieces,
    html: str | None,
    defects: list[str],
) -> Iterator[Place]:
    for kind, part in files:
        try:
            for place in _READERS[kind](part):
                yield {**place, "file": part.name} if part.name else place
        except geofiles.Unreadable as exc:
            defects.append(exc.slug)
    for event in events:
        there = geolinks.read(event["coordinates"]) if "coordinates" in event else None
        if there is not None:
            named = event.get("location")
            yield {**there, "source": "calendar", **({"name": named[:200]} if named else {})}
    yield from geolinks.find(pieces.reply[:MAX_TEXT])
    yield from geolinks.find(pieces.signature[:MAX_TEXT])
    if html and ("geo:" in html or "map" in html or "osm" in html or "waze" in html or ".here.com" in html):
        quoted = {(place["lat"], place["lon"]) for place in geolinks.find(pieces.quoted[:MAX_TEXT])}
        for place in geolinks.find(unescape(html[:MAX_TEXT])):
            if (place["lat"], place["lon"]) not in quoted:
                yield place


def _geojson(part: DataPart) -> Iterator[Place]:
    if len(part.content) > geofiles.MAX_SIZE:
        raise geofiles.Unreadable("limit:geojson")
    try:
        value = exact.loads(part.content.removeprefix(b"\xef\xbb\xbf"))
    except exact.NotJSON as exc:
        raise geofiles.Unreadable("geojson-invalid") from exc
    if not geofiles.is_geojson(value):
        raise geofiles.Unreadable("geojson-invalid")
    return geofiles.geojson(value)


def _json(part: DataPart) -> Iterator[Place]:
    """Plain JSON that may be GeoJSON; if it is not, nothing is wrong."""
    try:
        return _geojson(part)
    except geofiles.Unreadable:
        return iter(())


def _vcard(part: DataPart) -> Iterator[Place]:
    """GEO of vCard 3 is ``lat;lon``, that of vCard 4 a URI (RFC 6350 section 6.5.2)."""
    name: str | None = None
    places: list[Place] = []
    for line in contentlines.read(part.content, part.charset, []):
        value = line.value.strip()
        if line.name == "BEGIN":
            name, places = None, []
        elif line.name == "FN":
            name = line.text().strip()[:200]
        elif line.name == "GEO" or (line.name == "ADR" and "GEO" in line.parameters):
            place = _card_position(value if line.name == "GEO" else line.parameters["GEO"])
            places.extend([place] if place else [])
        elif line.name == "END":
            for place in places:
                yield {**place, "source": "vcard", **({"name": name} if name else {})}


def _card_position(value: str) -> Place | None:
    value = contentlines.unescape(value)
    if value[:4].lower() == "geo:":
        return geolinks.read(value)
    lat, _, lon = value.replace(",", ";").partition(";")
    return position.point(lat, lon, "vcard")


_READERS: dict[str, Callable[[DataPart], Iterator[Place]]] = {
    "geojson": _geojson,
    "json": _json,
    "kml": lambda part: geofiles.kml(part.content),
    "gpx": lambda part: geofiles.gpx(part.content),
    "vcard": _vcard,
}
