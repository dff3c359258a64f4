"""The end of a test, for people."""

from __future__ import annotations

from collections.abc import Sequence

from tools.load.scenarios import Scenario
from tools.load.summary import Row, Summary

_HEAD = ("journey", "requests", "a second", "p50", "p95", "p99", "under 0.8 s", "errors", "verdict")


def table(scenario: Scenario, summary: Summary) -> str:
    """Per journey, and per phase or step of it, as Markdown, which reads well on a terminal too."""
    rows = [row for row in summary.rows() if not scenario.climbs or row.tag("step")]
    lines = [_HEAD, *(_cells(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(line, widths) for line in (lines[0], rule, *lines[1:]))


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cells[0].ljust(widths[0]),
        *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)),
    ]
    return f"| {' | '.join(padded)} |"


def _cells(row: Row) -> tuple[str, ...]:
    under = min(row.within, key=lambda name: int("".join(filter(str.isdigit, name))), default="")
    return (
        _label(row),
        f"{row.requests:,}",
        "" if row.tag("step") else f"{row.rate:,.1f}",
        *(f"{row.times[name]:,.0f} ms" if name in row.times else "" for name in ("med", "p(95)", "p(99)")),
        f"{row.within[under]:.2%}" if under else "",
        f"{row.failed:,}",
        "kept" if row.kept else "NOT KEPT",
    )


def _label(row: Row) -> str:
    journey, phase, step = row.tag("journey"), row.tag("phase"), row.tag("step")
    return f"{journey} at {step}/s" if step else f"{journey}, {phase}" if phase else journey
