"""Positions in the parts and in the text of a message."""

from decimal import Decimal
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailpipe import exact, jsonl
from mailpipe.parse import core, geo, geofiles, geolinks
from mailpipe.parse.found import DataPart, Pieces

LAT, LON = Decimal("48.8698"), Decimal("2.3311")
NOTHING = Pieces("", "", "")

KML = b"""<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>d</name>
<Placemark><name>Depot
 A</name><Point><coordinates> 2.3311,48.8698,35 </coordinates></Point></Placemark>
<Folder><Placemark><name>Way</name><LineString><coordinates>
2.0,48.0,0 2.5,48.5,0
1.5,49.0</coordinates></LineString></Placemark></Folder>
<Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>0,0 1,0 1,1 0,0</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark>
</Document></kml>"""
GPX = b"""<?xml version="1.0"?>
<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">
<wpt lat="48.8698" lon="2.3311"><time>2026-11-20T09:12:44Z</time><name>Depot</name></wpt>
<wpt lat="98" lon="2"/>
<trk><name>Tour</name><trkseg><trkpt lat="48.0" lon="2.0"/><trkpt lat="48.5" lon="1.5"/></trkseg></trk>
</gpx>"""
BOMB = b"""<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;">
<!ENTITY x SYSTEM "file:///etc/passwd">]>
<kml><Placemark><name>&b;&x;</name><Point><coordinates>1,1</coordinates></Point></Placemark></kml>"""


def places(kind: str, content: bytes, defects: list[str] | None = None) -> list[dict[str, Any]]:
    part = DataPart("application/x", None, content)
    return geo.find([(kind, part)], [], NOTHING, None, [] if defects is None else defects)


def in_text(text: str, quoted: str = "", html: str | None = None) -> list[dict[str, Any]]:
    return geo.find([], [], Pieces(text, quoted, ""), html, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/maps?q=48.8698,2.3311",
        "https://maps.google.com/?q=48.8698,2.3311",
        "https://maps.google.fr/maps?q=loc:48.8698,2.3311&z=15",
        "https://www.google.co.uk/maps?q=48.8698%2C2.3311",
        "https://www.google.com/maps/search/?api=1&query=48.8698,2.3311",
        "https://www.google.com/maps/dir/?api=1&destination=48.8698%2C2.3311",
        "https://www.google.com/maps/@48.8698,2.3311,15z",
        "https://www.google.com/maps/search/48.8698,+2.3311",
        "https://www.google.com/maps/place/A/@1.5,2.5,17z/data=!4m2!3m1!3d48.8698!4d2.3311",
        "https://www.openstreetmap.org/?mlat=48.8698&mlon=2.3311#map=15/1.0/2.0",
        "https://www.openstreetmap.org/#map=15/48.8698/2.3311",
        "https://osm.org/#map=15/48.8698/2.3311&layers=N",
        "https://maps.apple.com/?ll=48.8698,2.3311&q=Depot",
        "https://maps.apple.com/place?coordinate=48.8698,2.3311&name=Depot",
        "https://www.bing.com/maps?cp=48.8698~2.3311&lvl=15",
        "https://bing.com/maps/default.aspx?sp=point.48.8698_2.3311_Depot",
        "https://waze.com/ul?ll=48.8698,2.3311&navigate=yes",
        "https://share.here.com/l/48.8698,2.3311,Depot?z=15",
        "https://wego.here.com/?map=48.8698,2.3311,15,normal",
        "https://yandex.com/maps/?ll=2.0%2C1.0&pt=2.3311,48.8698&z=12",
        "HTTPS://WWW.GOOGLE.COM/maps?q=48.8698,2.3311",
    ],
)
def test_links_to_maps_are_positions(url: str) -> None:
    [found] = in_text(f"It stands here: {url}.")

    assert (found["lat"], found["lon"], found["source"]) == (LAT, LON, "map-link")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/maps?q=48.8698,2.3311",
        "https://maps.google.com.attacker.example.org/?q=48.8698,2.3311",
        "https://notgoogle.com/maps?q=48.8698,2.3311",
        "https://www.google.com/search?q=48.8698,2.3311",
        "https://www.google.com/maps?q=148.8698,2.3311",
        "https://www.google.com/maps?q=Paris",
        "https://[broken/maps?q=1.0,2.0",
        "geo:91,0",
        "geo:48.8698",
        "geo:1.0,2.0;crs=moon-2011",
        "geology:1,2",
    ],
)
def test_other_links_are_none(url: str) -> None:
    assert in_text(url) == []


@pytest.mark.parametrize(
    ("uri", "wanted"),
    [
        ("geo:48.8698,2.3311", {}),
        ("GEO:48.8698,2.3311,35.5;u=20", {"altitude": Decimal("35.5"), "uncertainty": 20}),
        ("geo:48.8698,2.3311;crs=wgs84;x=y", {}),
        ("geo:0,0?q=48.8698,2.3311(Depot+A)", {"name": "Depot A"}),
        ("geo:48.8698,2.3311?z=15", {}),
    ],
)
def test_geo_uris_are_positions(uri: str, wanted: dict[str, Any]) -> None:
    assert in_text(f"at {uri}, thanks") == [{"lat": LAT, "lon": LON, "source": "geo-uri", **wanted}]


def test_what_is_only_quoted_does_not_count() -> None:
    url = "https://www.google.com/maps?q=48.8698,2.3311"

    assert in_text("done", quoted=f"> see {url}", html=f'<p>done</p><a href="{url}">map</a>') == []


def test_a_link_behind_a_word_of_the_html_counts_once() -> None:
    html = '<a href="https://www.openstreetmap.org/?mlat=48.8698&amp;mlon=2.3311">here</a>'

    [found] = in_text("here", html=html + html)

    assert (found["lat"], found["lon"]) == (LAT, LON)


def test_geojson_features_have_their_names() -> None:
    value = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": "Depot"},
                "geometry": {"type": "Point", "coordinates": [LON, LAT, 35]},
            },
            {
                "type": "Feature",
                "properties": None,
                "geometry": {"type": "LineString", "coordinates": [[2, 48], [3, 47], [1, 49]]},
            },
            {
                "type": "Feature",
                "id": "area",
                "properties": {},
                "geometry": {
                    "type": "GeometryCollection",
                    "geometries": [{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}],
                },
            },
            {"type": "Feature", "properties": {}, "geometry": None},
        ],
    }

    assert places("geojson", exact.dumps(value)) == [
        {"lat": LAT, "lon": LON, "source": "geojson", "name": "Depot"},
        {
            "lat": 48,
            "lon": 2,
            "source": "geojson",
            "geometry": "LineString",
            "positions": 3,
            "bbox": [1, 47, 3, 49],
        },
        {
            "lat": 0,
            "lon": 0,
            "source": "geojson",
            "name": "area",
            "geometry": "Polygon",
            "positions": 4,
            "bbox": [0, 0, 1, 1],
        },
    ]


def test_kml_placemarks_have_their_names() -> None:
    first, way, area = places("kml", KML)

    assert first == {"lat": LAT, "lon": LON, "source": "kml", "name": "Depot A"}
    assert (way["name"], way["positions"], way["geometry"]) == ("Way", 3, "LineString")
    assert (area["positions"], area["geometry"]) == (4, "Polygon")


def test_gpx_waypoints_and_tracks_are_read() -> None:
    assert places("gpx", GPX) == [
        {"lat": LAT, "lon": LON, "source": "gpx", "name": "Depot", "time": "2026-11-20T09:12:44Z"},
        {
            "lat": Decimal("48.0"),
            "lon": Decimal("2.0"),
            "source": "gpx",
            "name": "Tour",
            "geometry": "LineString",
            "positions": 2,
            "bbox": [Decimal("1.5"), Decimal("48.0"), Decimal("2.0"), Decimal("48.5")],
        },
    ]


@pytest.mark.parametrize(
    "document", [BOMB, BOMB.decode().replace('1.0"?', '1.0" encoding="utf-16"?').encode("utf-16")]
)
def test_a_document_with_entities_is_refused(document: bytes) -> None:
    defects: list[str] = []

    assert places("kml", document, defects) == []
    assert defects == ["kml-invalid"]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("kml", b"<kml"),
        ("kml", b""),
        ("kml", b"<html/>"),
        ("gpx", KML),
        ("kml", b"<a>" * 100_000),
        ("geojson", b"[1, 2]"),
        ("geojson", b'{"type": "Point"'),
        ("geojson", b'{"type": "Car", "coordinates": [1, 2]}'),
    ],
)
def test_a_document_that_is_not_what_it_says_is_named(kind: str, content: bytes) -> None:
    defects: list[str] = []

    assert places(kind, content, defects) == []
    assert defects == [f"{kind}-invalid"]


@pytest.mark.parametrize(
    "value", ["GEO:48.8698;2.3311", "GEO:geo:48.8698\\,2.3311", 'ADR;GEO="geo:48.8698,2.3311":;;']
)
def test_cards_have_positions(value: str) -> None:
    card = f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Dupont\\, Garage\r\nitem1.{value}\r\nEND:VCARD\r\n"

    assert places("vcard", card.encode()) == [
        {"lat": LAT, "lon": LON, "source": "vcard", "name": "Dupont, Garage"}
    ]


def test_files_of_a_message_are_found_by_type_or_name() -> None:
    def part(kind: str, name: str, content: bytes) -> bytes:
        head = f'--m\r\nContent-Type: {kind}; name="{name}"\r\nContent-Disposition: attachment\r\n\r\n'
        return head.encode() + content + b"\r\n"

    raw = (
        b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n"
        b"--m\r\nContent-Type: text/plain\r\n\r\nsee geo:1.5,2.5\r\n"
        + part("application/octet-stream", "a.kml", KML)
        + part("application/gpx+xml", "b", GPX.replace(b"48.8698", b"48.9"))
        + part("application/json", "c.json", b'{"type": "Point", "coordinates": [7, 8]}')
        + part("application/json", "d.json", b'{"coordinates": "none"}')
        + b"--m--\r\n"
    )

    parsed = core.read(raw)

    assert [(each["source"], each.get("file")) for each in parsed["geo"]] == [
        ("kml", "a.kml"),
        ("kml", "a.kml"),
        ("kml", "a.kml"),
        ("gpx", "b"),
        ("geojson", "c.json"),
        ("geo-uri", None),
    ]
    assert parsed["defects"] == []
    assert b'"lat":48.8698,' in jsonl.encode(parsed)


def test_a_message_without_positions_has_no_such_member() -> None:
    assert "geo" not in core.read(b"From: a@example.com\r\n\r\nsee https://maps.google.com/\r\n")


def test_many_positions_are_cut_and_named() -> None:
    defects: list[str] = []
    value = {"type": "MultiPoint", "coordinates": [[number / 1000, 1] for number in range(5000)]}

    assert len(places("geojson", exact.dumps(value), defects)) == 200
    assert defects == ["limit:geo"]


def test_only_so_many_files_are_read() -> None:
    part = b"--m\r\nContent-Type: application/gpx+xml\r\n\r\n" + GPX + b"\r\n"
    raw = (
        b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n" + part * 60 + b"--m--\r\n"
    )

    assert "limit:special" in core.read(raw)["defects"]


def test_hostile_texts_take_no_time() -> None:
    begun = perf_counter()
    for text in (
        "geo:1.0," * 50_000,
        "https://www.google.com/maps/dir" + "/dir" * 50_000,
        "https://www.google.com/maps?" + "q=&" * 50_000,
        "https://" * 50_000,
        "geo:1,2;" + "a;" * 50_000,
        "https://maps.google.com/?q=1,2 " * 20_000,
        "https://maps.google.com/?q=1,2(" + "(" * 50_000,
    ):
        in_text(text, html=text)
    places(
        "kml",
        b"<kml>" + b"<Placemark>" * 200 + b"<coordinates/>" * 200_000 + b"</Placemark>" * 200 + b"</kml>",
    )
    nested: Any = []
    for _ in range(200):
        nested = [nested]
    list(geofiles.geojson({"type": "Polygon", "coordinates": nested}))

    assert perf_counter() - begun < 5


@given(st.text(alphabet="geo:1,2.;u=?q()/@!3d4&#maphtps", max_size=80))
def test_no_url_is_too_strange(text: str) -> None:
    for prefix in (
        "geo:",
        "https://www.google.com/maps",
        "https://osm.org/",
        "https://bing.com/maps?",
        "https://",
    ):
        geolinks.read(prefix + text)


@given(
    st.recursive(st.none() | st.integers() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=3))
)
def test_no_geometry_is_too_strange(coordinates: Any) -> None:
    for kind in ("Point", "MultiPoint", "LineString", "Polygon"):
        list(geofiles.geojson({"type": kind, "coordinates": coordinates}))
