"""What Prometheus has recorded for the gate: latest values with their age, firing pages, and how far back it goes."""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta

from pydantic import BaseModel

from backend.telemetry.prometheus import Prometheus, PrometheusError, Series
from slo import series
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
    """latest: by name of the recorded series and place. alerts_evaluated: whether the one that always fires does.

    began: seconds since the first sample of the window, by place. retention: None when it cannot be learnt.
    """

    latest: dict[tuple[str, Place], Latest]
    pages: tuple[Page, ...]
    alerts_evaluated: bool
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
    names = (series.BUDGET_LEFT, series.COVERAGE, series.burn_rate(burn), series.events(burn), series.bad(burn))
    # Twice as far back as a sample may be old: so that a stale one is told from one that never was.
    back = series.duration(2 * spec.gate.stale)
    recorded = await prometheus.query(f'{{__name__=~"{"|".join(names)}"}}[{back}]')
    firing = await prometheus.query('ALERTS{alertstate="firing"}')
    return Measured(
        latest={
            (found.metric.get("__name__", ""), _place(found)): Latest(found.latest, now - found.samples[-1][0])
            for found in _with_samples(recorded)
        },
        pages=tuple(
            Page(found.metric.get("alertname", ""), *_place(found))
            for found in firing
            if found.metric.get("severity") == "page"
        ),
        alerts_evaluated=any(found.metric.get("alertname") == "Watchdog" for found in firing),
        began=await _began(spec, prometheus, now),
        retention=await _retention(prometheus),
    )


async def _began(spec: Spec, prometheus: Prometheus, now: float) -> dict[Place, float]:
    """How long ago each was first measured, as far back as the window goes."""
    short = spec.sample_window
    first = f"min_over_time(timestamp({series.events(short)})[{series.duration(spec.window)}:{series.duration(short)}])"
    return {_place(found): now - found.latest for found in _with_samples(await prometheus.query(first))}


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


def _with_samples(found: Iterable[Series]) -> Iterable[Series]:
    return (each for each in found if each.samples)


def _place(found: Series) -> Place:
    return found.metric.get("slo", ""), found.metric.get("journey", "")
