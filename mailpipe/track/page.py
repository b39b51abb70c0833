"""Writes a report as one page of HTML that needs nothing from elsewhere and runs no script."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape
from itertools import islice
from typing import NamedTuple

from mailpipe.record import Record
from mailpipe.track import plots
from mailpipe.track.classify import CLASSES, SEEN
from mailpipe.track.table import shown_time

ROWS = 1000  # recipients that the page lists; all are counted
COLUMNS = 45  # of the plot over time, at most
MEANINGS = {
    "human": "a mail program",
    "proxy": "a server for its user",
    "prefetch": "a server beforehand",
    "scanner": "a scanner",
    "self": "our own networks",
}
_MARKS = ((60.0, "1 min"), (600.0, "10 min"), (3600.0, "1 h"), (6 * 3600.0, "6 h"), (86400.0, "1 day"))
_LATEST = 7 * 86400.0
_STEPS = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=7), timedelta(days=30))

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#5d6b7c;--line:#dfe4ea;--paper:#fff;--card:#f5f7f9;
--human:#1f6feb;--proxy:#58a6ff;--prefetch:#b7c4d3;--scanner:#d29922;--self:#8b949e}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9aa7b5;--line:#30363d;--paper:#0d1117;
--card:#161b22;--prefetch:#485566}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;
margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem}p{color:var(--soft);margin:.25rem 0}
.tiles{display:flex;gap:.75rem;flex-wrap:wrap;margin:1.25rem 0}
.tiles div{background:var(--card);border-radius:8px;padding:.75rem 1rem;flex:1 1 8rem}
.tiles b{display:block;font-size:1.6rem;line-height:1.2}.tiles span{color:var(--soft);font-size:.85rem}
svg{width:100%;height:auto;display:block}svg text{fill:var(--soft);font:11px system-ui,sans-serif}
.grid{stroke:var(--line)}.curve{fill:none;stroke:var(--human);stroke-width:2.5}
.human{fill:var(--human);background:var(--human)}.proxy{fill:var(--proxy);background:var(--proxy)}
.prefetch{fill:var(--prefetch);background:var(--prefetch)}.scanner{fill:var(--scanner);
background:var(--scanner)}.self{fill:var(--self);background:var(--self)}
.key{display:flex;gap:1rem;flex-wrap:wrap;color:var(--soft);font-size:.85rem;margin:.5rem 0}
.key i{display:inline-block;width:.75rem;height:.75rem;border-radius:2px;margin-right:.35rem}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}
th{text-align:left;color:var(--soft);font-weight:600}th,td{padding:.35rem .6rem .35rem 0;
border-bottom:1px solid var(--line);vertical-align:top}td.n,th.n{text-align:right}td.t{white-space:nowrap}
td.s{overflow-wrap:anywhere}
"""


class Totals(NamedTuple):
    """What the report says of all recipients together."""

    recipients: int
    opened: int
    opens: Counter[str]
    delays: list[float]  # seconds from acceptance to the first open, ascending


def page(report: Iterable[Record], events: Iterable[Record], now: datetime) -> str:
    """The page; ``now`` is when it is made."""
    rows: list[Record] = []
    totals = counted(_kept(report, rows))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Opens</title><style>{STYLE}</style></head><body>"
        f"<h1>Opens</h1><p>As of {now:%Y-%m-%d %H:%M} UTC. An open is a hint, never proof: many programs "
        "load no pictures, and servers load them without anybody.</p>"
        f"{_tiles(totals)}{_over_time(events)}{_speed(totals)}{_table(rows, totals)}</body></html>\n"
    )


def _kept(report: Iterable[Record], rows: list[Record]) -> Iterable[Record]:
    for record in report:
        if "recipient" in record and len(rows) < ROWS:
            rows.append(record)
        yield record


def counted(report: Iterable[Record]) -> Totals:
    """Count, row by row."""
    recipients = opened = 0
    opens: Counter[str] = Counter()
    delays = []
    for record in report:
        opens.update(record["opens"])
        if "recipient" not in record:
            continue
        recipients += 1
        if "openedAt" in record:
            opened += 1
            first, sent = map(datetime.fromisoformat, (record["openedAt"], record["acceptedAt"]))
            delays.append(max(0.0, (first - sent).total_seconds()))
    return Totals(recipients, opened, opens, sorted(delays))


def _tiles(totals: Totals) -> str:
    share = f"{totals.opened / totals.recipients:.0%}" if totals.recipients else "-"
    middle = totals.delays[len(totals.delays) // 2] if totals.delays else None
    seen = sum(totals.opens[one] for one in SEEN)
    tiles = [
        (f"{totals.recipients:,}", "recipients"),
        (f"{totals.opened:,}", f"opened it ({share})"),
        (f"{seen:,}", "opens by people"),
        (f"{sum(totals.opens.values()) - seen:,}", "loads by machines"),
        ("-" if middle is None else span(middle), "until the first open, median"),
    ]
    return (
        '<div class="tiles">' + "".join(f"<div><b>{a}</b><span>{b}</span></div>" for a, b in tiles) + "</div>"
    )


def span(seconds: float) -> str:
    """A time as people say it: ``40 s``, ``5 min``, ``3 h``, ``2 d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _over_time(events: Iterable[Record]) -> str:
    hours: dict[datetime, Counter[str]] = {}
    for record in events:
        if record["event"] == "open":
            hour = datetime.fromisoformat(record["openedAt"]).replace(minute=0, second=0, microsecond=0)
            hours.setdefault(hour, Counter())[record["class"]] += record["count"]
    if not hours:
        return "<h2>Opens over time</h2><p>None yet.</p>"
    first, last = min(hours), max(hours)
    step = next((one for one in _STEPS if (last - first) / one < COLUMNS), _STEPS[-1])
    if step >= timedelta(days=1):
        first = first.replace(hour=0)
    count = (last - first) // step + 1
    series: dict[str, list[int]] = {one: [0] * count for one in CLASSES}
    for hour, classes in hours.items():
        for one, opens in classes.items():
            series[one][(hour - first) // step] += opens
    shape = "%d %b" if step >= timedelta(days=1) else "%d %b %Hh"
    labels = [f"{first + at * step:{shape}}" for at in range(count)]
    used = {one: values for one, values in series.items() if any(values)}
    key = "".join(f'<span><i class="{one}"></i>{one}: {MEANINGS[one]}</span>' for one in used)
    plot = plots.columns("Opens over time", labels, used)
    return f'<h2>Opens over time (UTC)</h2>{plot}<div class="key">{key}</div>'


def _speed(totals: Totals) -> str:
    if not totals.delays:
        return ""
    points = [(0.0, 0.0)]
    for at, delay in enumerate(_thinned(totals.delays), 1):
        x, share = _place(delay), at / min(len(totals.delays), 200) * totals.opened / totals.recipients
        points += [(x, points[-1][1]), (x, share)]
    points.append((1.0, points[-1][1]))
    marks = [(_place(seconds), label) for seconds, label in (*_MARKS, (_LATEST, "1 week"))]
    plot = plots.curve("Share of recipients who have opened, by time since acceptance", points, marks)
    return f"<h2>Share of recipients who have opened, by time since acceptance</h2>{plot}"


def _thinned(delays: Sequence[float]) -> list[float]:
    if len(delays) <= 200:
        return list(delays)
    return [delays[min(len(delays) - 1, round((at + 1) * len(delays) / 200) - 1)] for at in range(200)]


def _place(seconds: float) -> float:
    """Where a time is between ten seconds and a week, on a logarithmic scale."""
    low, high = math.log(10.0), math.log(_LATEST)
    return min(1.0, max(0.0, (math.log(max(seconds, 1.0)) - low) / (high - low)))


def _table(rows: Sequence[Record], totals: Totals) -> str:
    lines = [
        "<tr>"
        f'<td class="t">{shown_time(row["acceptedAt"])}</td><td class="s">{escape(row["recipient"])}</td>'
        f'<td class="s">{escape(row.get("subject", ""))}</td>'
        f'<td class="t">{shown_time(row.get("openedAt")) or "-"}</td>'
        f'<td class="n">{sum(row["opens"][one] for one in SEEN) or "-"}</td>'
        f'<td class="n">{sum(row["opens"][one] for one in CLASSES if one not in SEEN) or "-"}</td></tr>'
        for row in islice(rows, ROWS)
    ]
    more = f"<p>And {totals.recipients - len(rows):,} more.</p>" if totals.recipients > len(rows) else ""
    heads = (
        '<tr><th>Accepted</th><th>Recipient</th><th>Subject</th><th>First opened</th><th class="n">Opens</th>'
        '<th class="n">Machines</th></tr>'
    )
    return f'<h2>Recipients</h2><div class="wide"><table>{heads}{"".join(lines)}</table></div>{more}'
