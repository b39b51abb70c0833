"""Draws plots as SVG text: stacked columns over time, and a curve of a share; no library, no script."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 240  # of a plot with its labels
LEFT, RIGHT, TOP, BOTTOM = 48, 12, 12, 32
_INNER_X, _INNER_Y = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
TICKS = 4


def columns(title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> str:
    """Stacked columns: one for each label, a layer for each series, whose name is its CSS class."""
    totals = [sum(values[at] for values in series.values()) for at in range(len(labels))]
    top = nice(max(totals, default=0))
    step = _INNER_X / max(1, len(labels))
    parts = _grid([(value, _y(value / top)) for value in _ticks(top)])
    for at, label in enumerate(labels):
        x, below = LEFT + at * step, 0
        for name, values in series.items():
            if values[at]:
                high = _y((below + values[at]) / top)
                parts.append(
                    f'<rect class="{escape(name)}" x="{x + step * 0.12:.1f}" y="{high:.1f}"'
                    f' width="{step * 0.76:.1f}" height="{_y(below / top) - high:.1f}">'
                    f"<title>{escape(label)}: {values[at]} {escape(name)}</title></rect>"
                )
                below += values[at]
        if at % max(1, -(-len(labels) // 8)) == 0:
            parts.append(_text(x + step / 2, HEIGHT - 12, label, "middle"))
    return _svg(title, parts)


def curve(title: str, points: Sequence[tuple[float, float]], marks: Sequence[tuple[float, str]]) -> str:
    """A rising line through points (position 0 to 1, share 0 to 1), with marks below."""
    parts = _grid([(f"{share}%", _y(share / 100)) for share in (0, 25, 50, 75, 100)])
    for position, label in marks:
        x = LEFT + position * _INNER_X
        anchor = "end" if position > 0.97 else "middle"
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(_text(x, HEIGHT - 12, label, anchor))
    if points:
        line = " ".join(f"{LEFT + x * _INNER_X:.1f},{_y(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="curve" points="{line}"/>')
    return _svg(title, parts)


def nice(value: int) -> int:
    """The next number that four steps of people's numbers lead to: 4, 8, 20, 40, 80, 200, ..."""
    size = 4
    while size < value:
        size = size * 5 // 2 if str(size).startswith("8") else size * 2
    return size


def _ticks(top: int) -> list[int]:
    return [top * at // TICKS for at in range(TICKS + 1)]


def _y(share: float) -> float:
    return TOP + _INNER_Y * (1 - share)


def _grid(lines: Sequence[tuple[object, float]]) -> list[str]:
    return [
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        + _text(LEFT - 8, y + 4, str(label), "end")
        for label, y in lines
    ]


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        + "".join(parts)
        + "</svg>"
    )
