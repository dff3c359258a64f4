"""What k6 says at the end of a test, as loadtests/summary.js writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.console import Failure

_METRIC = re.compile(r"(\w+)(?:\{(.*)\})?")
Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Limit:
    """A threshold. measured: what it judges by, for people."""

    metric: str
    tags: Tags
    says: str
    met: bool
    measured: str

    def __str__(self) -> str:
        of = ",".join(f"{name}:{value}" for name, value in self.tags)
        return f"{self.metric}{{{of}}} {self.says}" if of else f"{self.metric} {self.says}"


@dataclass(frozen=True)
class Row:
    """The requests with these tags, which have a journey. Times in milliseconds; shares 0..1.

    within: share of good answers under each latency objective, by its metric. failed: how many were bad.
    """

    tags: Tags
    requests: int
    rate: float
    failed: int
    within: Mapping[str, float]
    times: Mapping[str, float]
    kept: bool

    def tag(self, name: str) -> str:
        return dict(self.tags).get(name, "")


@dataclass(frozen=True)
class Summary:
    seconds: float
    metrics: Mapping[str, Any]
    limits: tuple[Limit, ...]
    journeys: tuple[str, ...]

    def rows(self) -> list[Row]:
        """Of each journey, and of each phase or step of one; those without a request are left out."""
        counted = [_parts(name)[1] for name in self.metrics if name.startswith("journey_requests{journey:")]
        return [row for row in map(self._row, sorted(counted, key=self._order)) if row.requests]

    def row(self, **tags: str) -> Row | None:
        return next((row for row in self.rows() if dict(row.tags) == tags), None)

    def others(self) -> list[Limit]:
        """Those that are of no journey: what was sold, whether the invariants hold, whether k6 kept up."""
        return [limit for limit in self.limits if "journey" not in dict(limit.tags)]

    def count(self, metric: str) -> float:
        return float(self.metrics.get(metric, {"values": {}})["values"].get("count", 0))

    def _order(self, tags: Tags) -> tuple[float, int, str]:
        given = dict(tags)
        return float(given.get("step", 0)), self.journeys.index(given["journey"]), given.get("phase", "")

    def _row(self, tags: Tags) -> Row:
        of = "{" + ",".join(f"{name}:{value}" for name, value in tags) + "}"
        requests = self.metrics[f"journey_requests{of}"]["values"]
        within = {
            name: float(metric["values"]["rate"])
            for name, metric in (
                (_parts(full)[0], metric) for full, metric in self.metrics.items() if full.endswith(of)
            )
            if name.startswith("journey_within")
        }
        return Row(
            tags=tags,
            requests=int(requests["count"]),
            rate=float(requests["rate"]),
            failed=int(self.metrics[f"journey_failed{of}"]["values"]["passes"]),
            within=within,
            times=self.metrics.get(f"journey_duration{of}", {"values": {}})["values"],
            kept=all(limit.met for limit in self.limits if limit.tags == tags),
        )


def read(path: Path, journeys: Iterable[str]) -> Summary:
    """journeys: in the order in which they are shown. Failure when k6 ended before it could write a summary."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Failure(f"k6 has written no summary: {error}") from None
    metrics = content["metrics"]
    return Summary(content["state"]["testRunDurationMs"] / 1000, metrics, tuple(_limits(metrics)), tuple(journeys))


def _limits(metrics: Mapping[str, Any]) -> Iterator[Limit]:
    for full, metric in sorted(metrics.items()):
        name, tags = _parts(full)
        for says, judged in metric.get("thresholds", {}).items():
            yield Limit(name, tags, says, bool(judged["ok"]), _measured(metric["values"], says))


def _measured(values: Mapping[str, float], says: str) -> str:
    statistic = re.match(r"[\w.()]+", says)
    value = values.get(statistic[0]) if statistic else None
    if value is None:
        return "nothing"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.4g}"


def _parts(metric: str) -> tuple[str, Tags]:
    match = _METRIC.fullmatch(metric)
    if match is None:
        return metric, ()
    pairs = (pair.partition(":") for pair in (match[2] or "").split(",") if pair)
    return match[1], tuple((name, value) for name, _, value in pairs)
