"""Date fields (RFC 5322 section 3.3), with the obsolete and the wrong forms that occur, to ISO 8601."""

import re

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_ZONES = {
    **dict.fromkeys(("ut", "utc", "gmt", "z", "wet"), 0),
    "bst": 60,
    "met": 60,
    "mez": 60,
    "cet": 60,
    "mest": 120,
    "mesz": 120,
    "cest": 120,
    "eet": 120,
    "eest": 180,
    "msk": 180,
    "jst": 540,
    "kst": 540,
    "edt": -240,
    "est": -300,
    "cdt": -300,
    "cst": -360,
    "mdt": -360,
    "mst": -420,
    "pdt": -420,
    "pst": -480,
}
_TIME = r"(\d{1,2})[:.](\d\d)(?:[:.](\d\d)(?:[.,]\d+)?)?"
_ZONE = r"\s*(?:((?i:am|pm))\b)?\s*([+-]\s?\d{1,2}:?\d\d\b|[A-Za-z]{1,5}\b)?\s?([+-]\d{4}\b)?"
# 20 Nov 2026 09:12:44 +0100, 20-Nov-26 9:12
_USUAL = re.compile(
    r"(\d{1,2})[\s-]+([A-Za-z]{3})[A-Za-z]*\.?,?[\s-]+(\d{2,5})[\s,]+(?:at\s)?" + _TIME + _ZONE
)
# Nov 20 09:12:44 2026 (asctime), Nov 20 09:12:44 PST 2026, Nov 20, 2026 09:12
_ASCTIME = re.compile(
    r"([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2})\s+" + _TIME + r"\s+(?:([A-Za-z]{1,5}|[+-]\d{4})\s+)?(\d{4})" + _ZONE
)
_AMERICAN = re.compile(r"([A-Za-z]{3})[a-z]*\.?\s+(\d{1,2}),?\s+(\d{4}),?\s+(?:at\s)?" + _TIME + _ZONE)
# 2026-11-20T09:12:44+01:00
_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T\s]+" + _TIME + _ZONE + ")?")
_COMMENT = re.compile(r"\([^()]*\)")
_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse(field: str, defects: list[str]) -> str | None:
    """``2026-11-20T09:12:44+01:00``, or None and the defect ``date-invalid``; never a guess.

    A date without zone is taken as UTC (``date-zone-missing``), like one with the zone ``-0000``.
    """
    text = field[:200]
    if "(" in text:
        text = _COMMENT.sub(" ", text)
    found = _usual(text) or _iso(text) or _asctime(text) or _american(text)
    if found is None:
        defects.append("date-invalid")
        return None
    year, month, day, clock, half, zone = found
    hour, minute, second = (int(part or 0) for part in clock)
    if half:
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if not (1900 <= year <= 9999 and 1 <= month <= 12 and 1 <= day <= _length(year, month)):
        defects.append("date-invalid")
        return None
    offset = _offset(zone, defects)
    if offset is None or hour > 23 or minute > 59 or second > 60:
        defects.append("date-invalid")
        return None
    second = min(second, 59)  # a leap second
    sign, minutes = ("-" if offset < 0 else "+"), abs(offset)
    clock_time = f"{hour:02}:{minute:02}:{second:02}{sign}{minutes // 60:02}:{minutes % 60:02}"
    return f"{year:04}-{month:02}-{day:02}T{clock_time}"


_Found = tuple[int, int, int, tuple[str | None, ...], str | None, str | None]


def _usual(text: str) -> _Found | None:
    match = _USUAL.search(text)
    if match is None:
        return None
    day, month, year, *clock, half, zone, extra = match.groups()
    return _year(year), _month(month), int(day), tuple(clock), half, _zone(zone, extra)


def _iso(text: str) -> _Found | None:
    match = _ISO.search(text)
    if match is None:
        return None
    year, month, day, *clock, half, zone, extra = match.groups()
    return int(year), int(month), int(day), tuple(clock), half, _zone(zone, extra)


def _asctime(text: str) -> _Found | None:
    match = _ASCTIME.search(text)
    if match is None:
        return None
    month, day, hour, minute, second, zone, year, half, after, extra = match.groups()
    return int(year), _month(month), int(day), (hour, minute, second), half, zone or _zone(after, extra)


def _american(text: str) -> _Found | None:
    match = _AMERICAN.search(text)
    if match is None:
        return None
    month, day, year, *clock, half, zone, extra = match.groups()
    return int(year), _month(month), int(day), tuple(clock), half, _zone(zone, extra)


def _zone(zone: str | None, extra: str | None) -> str | None:
    """``GMT+0100`` means the number."""
    return extra if extra and (zone or "").lower() in ("gmt", "utc", "ut") else zone


def _month(name: str) -> int:
    return _MONTHS.get(name[:3].lower(), 0)


def _year(text: str) -> int:
    """Two digits are 1950 to 2049, three count from 1900 (RFC 5322 section 4.3)."""
    year = int(text)
    if len(text) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(text) == 3 else year


def _length(year: int, month: int) -> int:
    leap = month == 2 and year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return _DAYS[month - 1] + leap


def _offset(zone: str | None, defects: list[str]) -> int | None:
    """Minutes east of Greenwich, or None for an impossible zone."""
    if not zone:
        defects.append("date-zone-missing")
        return 0
    if zone[0] in "+-":
        digits = zone[1:].strip().replace(":", "")
        minutes = int(digits[:-2] or 0) * 60 + int(digits[-2:])
        if minutes >= 24 * 60 or int(digits[-2:]) > 59:
            return None
        return -minutes if zone[0] == "-" else minutes
    known = _ZONES.get(zone.lower())
    if known is None:  # military letters were defined the wrong way round (RFC 5322 section 4.3)
        defects.append("date-zone-unknown")
        return 0
    return known
