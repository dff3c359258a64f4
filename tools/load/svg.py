"""Line charts as SVG: panels below each other over one axis of time, readable in light and in dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from tools.load.timeline import Points

WIDTH, LEFT, RIGHT = 760, 62, 16
_HEIGHT, _GAP, _TOP, _BOTTOM = 120, 46, 34, 34  # of a panel, between two of them, above the first, below the last

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-weight: 600 } .small { font-size: 11px; fill: #666 }
.grid { stroke: #ddd } .limit { stroke: #c22; stroke-dasharray: 5 4 } .limit-text { fill: #c22; font-size: 11px }
path { fill: none; stroke-width: 1.6; stroke-linejoin: round }
.s0 { stroke: #2563c9 } .s1 { stroke: #c2570c } .s2 { stroke: #12805c } .s3 { stroke: #8b3fb8 }
.t0 { fill: #2563c9 } .t1 { fill: #c2570c } .t2 { fill: #12805c } .t3 { fill: #8b3fb8 }
@media (prefers-color-scheme: dark) {
text { fill: #ddd } .small { fill: #999 } .grid { stroke: #444 } .limit { stroke: #f77 } .limit-text { fill: #f77 }
.s0 { stroke: #7aa7ff } .s1 { stroke: #f0a060 } .s2 { stroke: #5cc9a0 } .s3 { stroke: #cf9bf0 }
.t0 { fill: #7aa7ff } .t1 { fill: #f0a060 } .t2 { fill: #5cc9a0 } .t3 { fill: #cf9bf0 }
}
"""


@dataclass(frozen=True)
class Panel:
    """lines: name and points each, at most four. limit: a value not to cross, and what it is called. log: of ten."""

    title: str
    lines: Sequence[tuple[str, Points]]
    show: Callable[[float], str]
    limit: tuple[float, str] | None = None
    log: bool = False


def chart(title: str, seconds: float, panels: Sequence[Panel]) -> str:
    """seconds: how long the time axis is."""
    height = _TOP + len(panels) * (_HEIGHT + _GAP) + _BOTTOM
    box = f'viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box}>',
        f"<style>{_STYLE}</style>",
    ]
    for place, panel in enumerate(panels):
        parts += _panel(panel, _TOP + place * (_HEIGHT + _GAP), seconds)
    bottom = _TOP + len(panels) * (_HEIGHT + _GAP) - _GAP
    for moment in _ticks(seconds):
        x = _x(moment, seconds)
        parts.append(f'<text class="small" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{moment:g} s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, top: float, seconds: float) -> Iterator[str]:
    yield f'<text class="title" x="{LEFT}" y="{top - 10}">{escape(panel.title)}</text>'
    scale = _scale(panel)
    for value in scale.marks:
        y = top + _HEIGHT * (1 - scale.share(value))
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="small" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(panel.show(value))}</text>'
    if panel.limit is not None:
        value, name = panel.limit
        y = top + _HEIGHT * (1 - scale.share(value))
        yield f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="limit-text" x="{WIDTH - RIGHT}" y="{y - 4:.1f}" text-anchor="end">{escape(name)}</text>'
    x = LEFT + 8.0 * len(panel.title) + 20
    for number, (name, points) in enumerate(panel.lines):
        drawn = " ".join(
            f"{'L' if place else 'M'}{_x(at, seconds):.1f} {top + _HEIGHT * (1 - scale.share(value)):.1f}"
            for place, (at, value) in enumerate(points)
        )
        yield f'<path class="s{number}" d="{drawn}"/>'
        yield f'<text class="t{number}" x="{x:.0f}" y="{top - 10}">{escape(name)}</text>'
        x += 7.0 * len(name) + 18


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    marks: Sequence[float]
    log: bool

    def share(self, value: float) -> float:
        """Of the height, 0..1."""
        value = min(max(value, self.low), self.high)
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def _scale(panel: Panel) -> _Scale:
    values = [value for _, points in panel.lines for _, value in points]
    highest = max([*values, panel.limit[0] if panel.limit else 0.0, 1e-9])
    if panel.log:
        low = 10.0 ** math.floor(math.log10(max(min([value for value in values if value > 0], default=1.0), 0.1)))
        high = max(10.0 ** math.ceil(math.log10(highest)), 10 * low)
        marks = [low * 10**power for power in range(round(math.log10(high / low)) + 1)]
        return _Scale(low, high, marks, log=True)
    step = _round_step(highest / 3)
    high = step * math.ceil(highest / step * 1.0001)
    return _Scale(0.0, high, [step * number for number in range(round(high / step) + 1)], log=False)


def _ticks(seconds: float) -> list[float]:
    step = _round_step(seconds / 8)
    return [step * number for number in range(int(seconds / step) + 1)]


def _round_step(about: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(about, 1e-9)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= about * 0.999)


def _x(at: float, seconds: float) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * min(at / max(seconds, 1e-9), 1.0)
