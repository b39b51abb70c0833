"""Reads positions from ``geo:`` URIs (RFC 5870) and from links to well-known maps."""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from mailpipe.parse import position

MAX_LINKS = 2000  # that are looked at

_N = r"[-+]?\d{1,3}(?:\.\d{1,20})?"
_URL = re.compile(
    r"""\b(?:https?://|geo:(?=[-+]?\d))[^\s"'<>\\^`{|}\u00ab\u00bb\u3000-\u303f]{3,2000}""", re.IGNORECASE
)
_GEO = re.compile(rf"geo:({_N}),({_N})(?:,({_N}))?((?:;[^?;]{{1,100}})*)(?:\?(.*))?", re.IGNORECASE)
_PAIR = re.compile(rf"\s*(?:loc:)?\s*({_N})\s*[,\s]\s*({_N})\s*(?:\((.{{0,200}})\))?\s*")
_PIN = re.compile(rf"!3d({_N})!4d({_N})")
_VIEW = re.compile(rf"/@({_N}),({_N})")
_PLACE = re.compile(r"/place/([^/@]{1,200})")
_IN_PATH = re.compile(rf"/(?:search|place|dir(?:/[^/]*)*?)/({_N}),\+?({_N})(?=/|$)")
_HASH_MAP = re.compile(rf"(?:^|&)map=\d{{1,2}}(?:\.\d+)?/({_N})/({_N})")
_BING = re.compile(rf"(?:point\.|pos\.)?({_N})[~_]({_N})(?:_([^_]{{1,200}}))?")
_HERE = re.compile(rf"/l/({_N}),({_N})(?:,([^,/?]{{1,200}}))?")
_GOOGLE_HOST = re.compile(r"(?:www\.|maps\.)?google\.(?:com|[a-z]{2}|com?\.[a-z]{2})")
_YANDEX_HOST = re.compile(r"(?:www\.|maps\.)?yandex\.(?:com|ru|by|kz|ua|uz|com\.tr)")
_TRAILING = ".,;:!?]}>*\"'"

Found = tuple[str, str, str | None]  # latitude, longitude, name


def find(text: str) -> Iterator[dict[str, Any]]:
    """The positions of the links in a text, in order; a position that is linked twice comes twice."""
    if "geo:" not in text and "http" not in text and "GEO:" not in text and "HTTP" not in text:
        return
    for count, match in enumerate(_URL.finditer(text)):
        if count >= MAX_LINKS:
            return
        found = read(_trimmed(match[0]))
        if found is not None:
            yield found


def _trimmed(url: str) -> str:
    """Without the punctuation of the sentence around it; a parenthesis that the URL opened is its own."""
    url = url.rstrip(_TRAILING)
    return url.rstrip(_TRAILING + ")") if url.count("(") < url.count(")") else url


def read(url: str) -> dict[str, Any] | None:
    """The position that one URL names, or None."""
    if url[:4].lower() == "geo:":
        return _geo_uri(url)
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        query = dict(reversed(parse_qsl(parts.query, max_num_fields=50)))
    except ValueError:
        return None
    found = _of_host(host, parts, query)
    return position.point(found[0], found[1], "map-link", name=_name(found[2]), url=url) if found else None


def _name(text: str | None) -> str | None:
    return " ".join(text.split())[:200] or None if text else None


def _geo_uri(url: str) -> dict[str, Any] | None:
    match = _GEO.match(url)
    if match is None:
        return None
    lat, lon, altitude, parameters, query = match.groups()
    given = dict(item.partition("=")[::2] for item in parameters.lower().split(";") if item)
    if given.get("crs", "wgs84") != "wgs84":
        return None  # numbers of another system are another place
    name = None
    pair = _PAIR.fullmatch(dict(parse_qsl(query or "", max_num_fields=50)).get("q", ""))
    if pair:  # as Android writes a named place: geo:0,0?q=48.85,2.35(Depot)
        lat, lon, name = pair.groups()
    uncertainty = position.number(given["u"]) if "u" in given else None
    return position.point(
        lat,
        lon,
        "geo-uri",
        name=_name(name),
        altitude=position.number(altitude),
        uncertainty=uncertainty,
    )


def _of_host(host: str, parts: SplitResult, query: dict[str, str]) -> Found | None:
    if _GOOGLE_HOST.fullmatch(host) and (host.startswith("maps.") or parts.path.startswith("/maps")):
        return _google(parts, query)
    if host in ("www.openstreetmap.org", "openstreetmap.org", "osm.org", "www.osm.org"):
        return _openstreetmap(parts, query)
    if host == "maps.apple.com":
        found = _pairs(query, "coordinate", "ll", "q", "daddr", "address")
        return found and (found[0], found[1], found[2] or _label(query.get("name") or query.get("q")))
    if host in ("www.bing.com", "bing.com") and parts.path.startswith("/maps"):
        return _bing(query)
    if host in ("waze.com", "www.waze.com", "ul.waze.com"):
        return _pairs(query, "ll", "latlng", "to")
    if host in ("wego.here.com", "share.here.com", "www.here.com"):
        match = _HERE.match(parts.path)
        return (match[1], match[2], match[3]) if match else _first_two(query.get("map", ""))
    if _YANDEX_HOST.fullmatch(host) and "maps" in host + parts.path:
        # Yandex writes the longitude first.
        found = _pairs(
            {key: value.partition("~")[0] for key, value in query.items()}, "pt", "whatshere[point]", "ll"
        )
        return (found[1], found[0], found[2]) if found else None
    return None


def _google(parts: SplitResult, query: dict[str, str]) -> Found | None:
    place = _PLACE.search(parts.path)
    name = _label(_unquoted(place[1])) if place else None
    data = parts.path + "?" + parts.query
    # The pin is the place; what follows the @ is only the middle of the window.
    for pattern, where in ((_PIN, data), (_IN_PATH, parts.path)):
        match = pattern.search(where)
        if match:
            return match[1], match[2], name
    found = _pairs(query, "query", "q", "destination", "daddr", "center", "ll", "viewpoint", "cbll")
    if found:
        return found
    match = _VIEW.search(parts.path)
    return (match[1], match[2], name) if match else None


def _openstreetmap(parts: SplitResult, query: dict[str, str]) -> Found | None:
    if "mlat" in query and "mlon" in query:
        return query["mlat"], query["mlon"], None
    match = _HASH_MAP.search(parts.fragment)
    if match:
        return match[1], match[2], None
    return (query["lat"], query["lon"], None) if "lat" in query and "lon" in query else None


def _bing(query: dict[str, str]) -> Found | None:
    for key in ("sp", "rtp", "cp"):
        match = _BING.search(query.get(key, ""))
        if match:
            return match[1], match[2], match[3]
    return _pairs(query, "where1", "q")


def _pairs(query: dict[str, str], *keys: str) -> Found | None:
    for key in keys:
        match = _PAIR.fullmatch(query.get(key, ""))
        if match:
            return match[1], match[2], match[3]
    return None


def _first_two(value: str) -> Found | None:
    pieces = value.split(",")
    return (pieces[0], pieces[1], None) if len(pieces) >= 2 else None


def _unquoted(text: str) -> str:
    from urllib.parse import unquote_plus

    return unquote_plus(text)


def _label(text: str | None) -> str | None:
    """A name, unless it is only the position again."""
    return None if text is None or _PAIR.fullmatch(text) or _is_number(text) else text


def _is_number(text: str) -> bool:
    return isinstance(position.number(text), Decimal)
