"""Reads positions from GeoJSON (RFC 7946) values and from KML and GPX documents."""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from mailpipe.parse import position

MAX_SIZE = 4 * 1024 * 1024  # octets of a document
MAX_ELEMENTS = 5000  # of a KML document that have coordinates
MAX_DEPTH = 12  # collections within collections

_GEOMETRIES = frozenset(
    {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection"}
)
_KML = {"Point": "Point", "LineString": "LineString"}
_NAMES = ("name", "title", "label", "id")
_TUPLE = re.compile(r"[^\s,]+(?:,[^\s,]*)+")

Pair = tuple[Decimal, Decimal]  # latitude, longitude


class Unreadable(ValueError):
    """Raised when a document is not what its type says; ``slug`` is the defect."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


def is_geojson(value: Any) -> bool:
    """Whether a JSON value is GeoJSON, whatever it is called."""
    if not isinstance(value, dict):
        return False
    kind = value.get("type")
    if kind == "FeatureCollection":
        return isinstance(value.get("features"), list)
    if kind == "Feature":
        return "geometry" in value
    return kind in _GEOMETRIES and isinstance(value.get("coordinates", value.get("geometries")), list)


def geojson(value: Any) -> Iterator[dict[str, Any]]:
    """The positions of a GeoJSON value: each point, and each line or area once."""
    todo: list[tuple[Any, str | None, int]] = [(value, None, 0)]
    while todo:
        held, name, depth = todo.pop()
        if not isinstance(held, dict) or depth > MAX_DEPTH:
            continue
        kind = held.get("type")
        if kind == "FeatureCollection":
            todo.extend((each, None, depth + 1) for each in reversed(_list(held.get("features"))))
        elif kind == "Feature":
            properties = held.get("properties")
            named = _named(properties if isinstance(properties, dict) else {}) or _named(held)
            todo.append((held.get("geometry"), named, depth + 1))
        elif kind == "GeometryCollection":
            todo.extend((each, name, depth + 1) for each in reversed(_list(held.get("geometries"))))
        elif isinstance(kind, str) and kind in _GEOMETRIES:
            yield from _geometry(kind, held.get("coordinates"), name)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(properties: dict[str, Any]) -> str | None:
    """What a feature is called; a member "name" is custom, not standard."""
    value = next((properties[key] for key in _NAMES if isinstance(properties.get(key), str)), None)
    return value[:200] if value else None


def _geometry(kind: str, coordinates: Any, name: str | None) -> Iterator[dict[str, Any]]:
    pairs = list(_positions(coordinates))
    if kind in ("Point", "MultiPoint"):
        for lat, lon in pairs:
            if found := position.point(lat, lon, "geojson", name=name):
                yield found
    elif found := position.shape(kind, pairs, "geojson", name):
        yield found


def _positions(coordinates: Any) -> Iterator[Pair]:
    """Every position, longitude first as the RFC has it, of arrays nested at most four deep."""
    todo: list[tuple[Any, int]] = [(coordinates, 0)]
    while todo:
        held, depth = todo.pop()
        if not isinstance(held, list) or depth > 4:
            continue
        if held and not isinstance(held[0], list):
            if len(held) >= 2:
                lat, lon = position.number(held[1]), position.number(held[0])
                if lat is not None and lon is not None:
                    yield lat, lon
            continue
        todo.extend((each, depth + 1) for each in reversed(held))


def kml(data: bytes) -> Iterator[dict[str, Any]]:
    """The places of a KML document; raises :class:`Unreadable`."""
    names: dict[Any, str | None] = {None: None}
    for element in islice(_root(data, "kml").iter("{*}coordinates"), MAX_ELEMENTS):
        place = next(element.iterancestors("{*}Placemark"), None)
        if place not in names:
            names[place] = _child_text(place, "name")
        name = names[place]
        pairs = _tuples(element.text or "")
        kind = _KML.get(_local(element.getparent()), "Polygon")
        if kind == "Point":
            found = position.point(*pairs[0], "kml", name=name) if pairs else None
        else:
            found = position.shape(kind, pairs, "kml", name)
        if found:
            yield found


def _tuples(text: str) -> list[Pair]:
    """``longitude,latitude[,altitude]`` separated by blanks."""
    found: list[Pair] = []
    for match in _TUPLE.finditer(text):
        numbers = [position.number(each) for each in match[0].split(",")[:2]]
        if numbers[0] is not None and numbers[1] is not None:
            found.append((numbers[1], numbers[0]))
    return found


def gpx(data: bytes) -> Iterator[dict[str, Any]]:
    """The waypoints of a GPX document, and each route and track once; raises :class:`Unreadable`."""
    root = _root(data, "gpx")
    for element in root:
        kind = _local(element)
        name = _child_text(element, "name")
        if kind == "wpt":
            found = position.point(
                element.get("lat"), element.get("lon"), "gpx", name=name, time=_child_text(element, "time")
            )
        elif kind in ("rte", "trk"):
            tag = {"rte": "rtept", "trk": "trkpt"}[kind]
            pairs = [_attributes(each) for each in element.iter(f"{{*}}{tag}", tag)]
            found = position.shape("LineString", [pair for pair in pairs if pair], "gpx", name)
        else:
            continue
        if found:
            yield found


def _attributes(element: Any) -> Pair | None:
    lat, lon = position.number(element.get("lat")), position.number(element.get("lon"))
    return (lat, lon) if lat is not None and lon is not None else None


def _root(data: bytes, wanted: str) -> Any:
    """The root of a document without entities: neither format has a DOCTYPE, attacks do (CWE-776, 611)."""
    from lxml import etree  # costs a library; few messages have such a part

    if len(data) > MAX_SIZE:
        raise Unreadable(f"limit:{wanted}")
    if b"<!DOCTYPE" in data.replace(b"\0", b""):
        raise Unreadable(f"{wanted}-invalid")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data.strip(), parser)
    except (etree.XMLSyntaxError, ValueError) as exc:
        raise Unreadable(f"{wanted}-invalid") from exc
    if _local(root) != wanted:
        raise Unreadable(f"{wanted}-invalid")
    return root


def _local(element: Any) -> str:
    tag = element.tag if element is not None else ""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _child_text(element: Any, name: str) -> str | None:
    text = element.findtext(f"{{*}}{name}")
    return " ".join(text.split())[:200] or None if text else None


DOCUMENTS: dict[str, Callable[[bytes], Iterator[dict[str, Any]]]] = {"kml": kml, "gpx": gpx}
