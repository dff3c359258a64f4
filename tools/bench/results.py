"""Rows of the performance table: what was measured, against what, and whether that is enough."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from tools.console import Failure, step

_HEAD = ("what", "median", "min", "max", "target", "met")


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
    """One measured figure: the median of its rounds, between the lowest and the highest.

    rate: how many a second, where that was counted. costs: microseconds of CPU that each process spent on one of them.
    """

    name: str
    value: float
    low: float
    high: float
    target: Target
    rate: float = 0.0
    costs: Mapping[str, float] = field(default_factory=dict)

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
            "per_second": round(self.rate, 1),
            "cpu_us": {name: round(cost, 1) for name, cost in self.costs.items()},
        }

    def cells(self) -> tuple[str, ...]:
        """For people, in the order of the table's head."""
        figures = (_figure(value, self.target.unit) for value in (self.value, self.low, self.high))
        return self.name, *figures, str(self.target), "yes" if self.met else "NO"


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
    return in_columns([_HEAD, *(row.cells() for row in rows)])


def costs_table(rows: Sequence[Row]) -> str:
    """How many a second, and microseconds of CPU by process, of the rows that know them; '' when none does."""
    known = [row for row in rows if row.costs]
    names = list(dict.fromkeys(name for row in known for name in row.costs))
    lines = [(row.name, f"{row.rate:,.0f}", *(f"{row.costs.get(name, 0):,.0f}" for name in names)) for row in known]
    return in_columns([("us of CPU each", "a second", *names), *lines]) if known else ""


def in_columns(lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first line is its head."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines]
    padded.insert(1, ["-" * width for width in widths])
    return "\n".join(f"| {' | '.join(line)} |" for line in padded)


def write_json(path: Path, measured: Measured) -> None:
    """For programs; what could not be measured is a missed row without figures."""
    failed = [{"row": failure, "value": None, "target": None, "met": False} for failure in measured.failures]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*(row.record() for row in measured.rows), *failed], indent=2) + "\n")


def figures(measured: Measured, how: str, left_out: Sequence[str]) -> str:
    """What the document says of a run. how: rounds and machine. left_out: groups of rows that were not measured."""
    missing = [*left_out, *measured.failures]
    return "\n\n".join(
        part
        for part in (
            table(measured.rows),
            costs_table(measured.rows),
            f"Not measured: {'; '.join(missing)}." if missing else "Every row was measured.",
            how,
        )
        if part
    )


def write_between(path: Path, mark: str, text: str) -> None:
    """Replace what stands between the two marks of this name in the document; LookupError when it has none."""
    begin, end = f"<!-- {mark}: begin -->\n", f"<!-- {mark}: end -->"
    before, found, rest = path.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise LookupError(f"{path} has no place for {mark}")
    path.write_text(f"{before}{begin}{text}\n{end}{after}")


def _figure(value: float, unit: str) -> str:
    if unit == "x":
        return f"{value:.2f}x"
    return f"{value:,.{0 if value == int(value) or value >= 100 else 2}f} {unit}".rstrip()
