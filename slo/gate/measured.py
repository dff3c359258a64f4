"""What Prometheus has recorded for the gate: latest values with their age, firing pages, and how far back it goes."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import BaseModel

from backend.telemetry.prometheus import Prometheus, PrometheusError, Series, differing_labels
from slo import series
from slo.gate.evaluated import not_evaluated
from slo.objectives import Objective, objectives
from slo.spec import Spec

Place = tuple[str, str]
"""An objective's name, and the journey's or ""."""

_UNITS = {"y": 365 * 86400, "w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class Latest:
    """A value, and how many seconds ago it was recorded."""

    value: float
    age: float

    def usable(self, stale: timedelta) -> bool:
        return math.isfinite(self.value) and abs(self.age) <= stale.total_seconds()


@dataclass(frozen=True, slots=True)
class Page:
    """An alert that fires and wakes somebody."""

    name: str
    slo: str
    journey: str


@dataclass(frozen=True, slots=True)
class Measured:
    """latest: by name of the recorded series and place. not_evaluated: why alerts tell nothing, "" when they do.

    told_apart: where there are several series instead of one, the labels that differ, and their values. began: seconds
    since the first sample of the window, by place. retention: None when it cannot be learnt.
    """

    latest: dict[tuple[str, Place], Latest]
    pages: tuple[Page, ...]
    not_evaluated: str
    told_apart: dict[tuple[str, Place], str] = field(default_factory=dict)
    began: dict[Place, float] = field(default_factory=dict)
    retention: timedelta | None = None

    def of(self, name: str, place: Place) -> Latest | None:
        return self.latest.get((name, place))


def places(spec: Spec) -> list[tuple[Objective, Place]]:
    """Every objective with each of its journeys: all of them must be known."""
    return [
        (objective, (objective.name, journey))
        for objective in objectives(spec)
        for journey in (spec.journeys if objective.by_journey else [""])
    ]


async def measure(spec: Spec, prometheus: Prometheus, now: float) -> Measured:
    """PrometheusError when it gives no usable answer to any of the questions. now: seconds since 1970."""
    burn = spec.gate.burn.window
    names = (
        series.OBJECTIVE,
        series.BUDGET_LEFT,
        series.COVERAGE,
        series.events(spec.window),
        *(name(burn) for name in (series.burn_rate, series.events, series.bad)),
    )
    # Twice as far back as a sample may be old: so that a stale one is told from one that never was.
    back = series.duration(2 * spec.gate.stale)
    recorded = [each for each in await prometheus.query(f'{{__name__=~"{"|".join(names)}"}}[{back}]') if each.samples]
    firing = await prometheus.query('ALERTS{alertstate="firing"}')
    return Measured(
        latest={_which(found): Latest(found.latest, now - found.samples[-1][0]) for found in recorded},
        pages=tuple(
            Page(found.metric.get("alertname", ""), *_place(found))
            for found in firing
            if found.metric.get("severity") == "page"
        ),
        not_evaluated=_silent(firing) or await not_evaluated(spec, prometheus, now),
        told_apart=_told_apart(recorded),
        began=await _began(spec, prometheus, now),
        retention=await _retention(prometheus),
    )


def _silent(firing: Iterable[Series]) -> str:
    """The alert that always fires has to be the one of our rules: other rule sets have one of that name."""
    ours = {"alertname": "Watchdog", "slo": "measurement"}
    if any(ours.items() <= found.metric.items() for found in firing):
        return ""
    return "the alert that always fires does not: alerts are not evaluated"


def _told_apart(recorded: Iterable[Series]) -> dict[tuple[str, Place], str]:
    """Which of several environments or replicas is meant cannot be known."""
    same: dict[tuple[str, Place], list[Series]] = {}
    for found in recorded:
        same.setdefault(_which(found), []).append(found)
    return {which: differing_labels(those) for which, those in same.items() if len(those) > 1}


async def _began(spec: Spec, prometheus: Prometheus, now: float) -> dict[Place, float]:
    """How long ago each was first measured, as far back as the window goes."""
    short = spec.sample_window
    first = f"min_over_time(timestamp({series.events(short)})[{series.duration(spec.window)}:{series.duration(short)}])"
    return {_place(found): now - found.latest for found in await prometheus.query(first) if found.samples}


async def _retention(prometheus: Prometheus) -> timedelta | None:
    """What the server says of itself; services that only speak its query language do not."""
    try:
        text = (await prometheus.read("status/runtimeinfo", _RuntimeInfo)).storageRetention
    except PrometheusError:
        return None
    parts = re.findall(r"(\d+)([ywdhms])(?!\w*[Bb])", text)
    return timedelta(seconds=sum(int(number) * _UNITS[unit] for number, unit in parts)) if parts else None


class _RuntimeInfo(BaseModel):
    """35d, or 35d or 20GiB: what comes first ends it."""

    storageRetention: str  # noqa: N815 - its name there


def _which(found: Series) -> tuple[str, Place]:
    return found.metric.get("__name__", ""), _place(found)


def _place(found: Series) -> Place:
    return found.metric.get("slo", ""), found.metric.get("journey", "")
