"""Rows of the performance table: what was measured, against what, and whether that is enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from tools.console import Failure, step

_HEAD = ("what", "measured", "target", "met", "from … to")


@dataclass(frozen=True, slots=True)
class Target:
    """A bound of a figure. unit: x for a ratio, else what it counts."""

    bound: float
    unit: str
    at_most: bool = False

    def met_by(self, value: float) -> bool:
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        return f"{'<=' if self.at_most else '>='} {_figure(self.bound, self.unit)}"


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure: the median of its rounds, between the lowest and the highest."""

    name: str
    value: float
    low: float
    high: float
    target: Target

    @classmethod
    def of(cls, name: str, target: Target, rounds: Sequence[float]) -> Row:
        return cls(name, median(rounds), min(rounds), max(rounds), target)

    @property
    def met(self) -> bool:
        return self.target.met_by(self.value)

    def record(self) -> dict[str, Any]:
        """For programs."""
        return {
            "row": self.name,
            "value": round(self.value, 3),
            "target": self.target.bound,
            "bound": "at most" if self.target.at_most else "at least",
            "met": self.met,
            "min": round(self.low, 3),
            "max": round(self.high, 3),
            "unit": self.target.unit,
        }

    def cells(self) -> tuple[str, ...]:
        """For people, in the order of the table's head."""
        unit = self.target.unit
        spread = "" if self.low == self.high else f"{_figure(self.low, unit)} … {_figure(self.high, unit)}"
        return self.name, _figure(self.value, unit), str(self.target), "yes" if self.met else "NO", spread


class Measured:
    """The rows so far, and what could not be measured."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.failures: list[str] = []

    def take(self, title: str, measure: Callable[[], Sequence[Row]]) -> None:
        """Add the rows of one group. A Failure is said and kept, for what follows can be measured all the same."""
        step(title)
        try:
            self.rows += measure()
        except Failure as failure:
            step(f"  failed: {failure}")
            self.failures.append(f"{title}: {failure}")


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown, which reads well on a terminal too."""
    lines = [_HEAD, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    padded.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def write_json(path: Path, measured: Measured) -> None:
    """For programs; what could not be measured is a missed row without figures."""
    failed = [{"row": failure, "value": None, "target": None, "met": False} for failure in measured.failures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*(row.record() for row in measured.rows), *failed], indent=2) + "\n")


def write_figures(path: Path, rows: Sequence[Row], machine: Mapping[str, str]) -> None:
    """Replace what stands between the two marks of the document by these rows and their machine."""
    begin, end = "<!-- figures: begin -->\n", "<!-- figures: end -->"
    before, _, rest = path.read_text().partition(begin)
    _, _, after = rest.partition(end)
    where = ", ".join(f"{name} {what}" for name, what in machine.items())
    path.write_text(f"{before}{begin}{table(rows)}\n\nMeasured on: {where}.\n{end}{after}")


def _figure(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f}x"
    return f"{value:,.{0 if value == int(value) or value >= 100 else 2}f} {unit}".rstrip()
