"""What customers met, moment by moment, from the samples that k6 wrote."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs

_MOST_POINTS = 150
_METRICS = ("journey_requests", "journey_failed", "journey_duration")

Points = Sequence[tuple[float, float]]
"""Seconds since the test began, and a value."""


@dataclass(frozen=True)
class Timeline:
    """p95: in milliseconds, by journey. rate: requests a second, by journey. bad, late: how many so far, of all."""

    seconds: float
    began: float
    p95: Mapping[str, Points]
    rate: Mapping[str, Points]
    bad: Points
    late: Points
    requests: int


@dataclass(frozen=True)
class _Sample:
    metric: str
    at: float
    journey: str
    value: float


def read(path: Path, late_after: float) -> Timeline:
    """late_after: milliseconds from which on an answer is late."""
    samples = sorted(_samples(path), key=lambda sample: sample.at)
    began, ended = samples[0].at, samples[-1].at
    width = max(1.0, round((ended - began) / _MOST_POINTS))
    durations: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    requests: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    bad: dict[int, float] = defaultdict(float)
    late: dict[int, float] = defaultdict(float)
    for sample in samples:
        place = int((sample.at - began) / width)
        if sample.metric == "journey_duration":
            durations[sample.journey][place].append(sample.value)
            late[place] += sample.value > late_after
        elif sample.metric == "journey_requests":
            requests[sample.journey][place] += sample.value
        else:
            bad[place] += sample.value
    last = int((ended - began) / width)
    return Timeline(
        seconds=ended - began,
        began=began,
        p95={
            journey: [(place * width, _p95(met)) for place, met in sorted(bins.items())]
            for journey, bins in durations.items()
        },
        rate={
            journey: [(place * width, bins.get(place, 0.0) / width) for place in range(last + 1)]
            for journey, bins in requests.items()
        },
        bad=_summed(bad, last, width),
        late=_summed(late, last, width),
        requests=int(sum(sum(bins.values()) for bins in requests.values())),
    )


def _samples(path: Path) -> Iterator[_Sample]:
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        for row in rows:
            if row["metric_name"] in _METRICS:
                journey = parse_qs(row["extra_tags"])["journey"][0]
                yield _Sample(row["metric_name"], int(row["timestamp"]) / 1000, journey, float(row["metric_value"]))


def _p95(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


def _summed(counts: Mapping[int, float], last: int, width: float) -> Points:
    total, points = 0.0, []
    for place in range(last + 1):
        total += counts.get(place, 0.0)
        points.append((place * width, total))
    return points
