"""How the objectives are kept, from what the rules of slo/out/rules.yaml record in Prometheus."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from backend.features.status.views import (
    AlertView,
    BudgetView,
    BurnView,
    HistoryView,
    PrometheusState,
    Report,
    TierView,
)
from backend.telemetry.prometheus import Alert, Prometheus, PrometheusError, Series, differing_labels
from backend.telemetry.promise import Promise
from backend.telemetry.promise_sections import BurnWindow, Objective

log = logging.getLogger(__name__)

_POINTS = 360
"""Of each plot: one a minute for the six hours of the slower page."""

_ADVICE: dict[PrometheusState, str] = {
    "missing": (
        "Nothing is measured over time, because PROMETHEUS_URL is not set. `make up` starts a Prometheus by itself "
        "once the package `prometheus` can be had (apt-get install prometheus); elsewhere run one that loads "
        "slo/out/rules.yaml, and set PROMETHEUS_URL to its address."
    ),
    "unreachable": "Prometheus gives no usable answer at PROMETHEUS_URL: see whether it runs, and the shop's log.",
    "silent": (
        "Prometheus has recorded no budgets yet. The first come about a minute after its start; if they do not, "
        "load slo/out/rules.yaml into it."
    ),
    "several": (
        "Prometheus has recorded the same objectives several times: the worst of each is shown. Ask one that knows "
        "of a single environment, or keep the labels of replicas out of it."
    ),
}

Find = Callable[[], Awaitable[Report]]
_Which = tuple[str, str, str]
"""A recorded value's name, objective and journey ("" for none)."""


class Budgets:
    """Reads the report from one Prometheus."""

    def __init__(self, promise: Promise, prometheus: Prometheus) -> None:
        self._promise = promise
        self._prometheus = prometheus
        self._names = _Names.of(promise)

    async def report(self) -> Report:
        """Never fails: a Prometheus that gives no usable answer is reported as such."""
        end = time.time()
        span = max(window.long for window in self._promise.alerting.of("page")).total_seconds()
        step = max(1.0, span / _POINTS)
        start = end - span
        try:
            values, history, alerts = await asyncio.gather(
                self._prometheus.query(self._names.query()),
                self._prometheus.query_range(self._names.burn[0], start=start, end=end, step=step),
                self._prometheus.alerts(),
            )
        except PrometheusError as error:
            log.warning("no status from Prometheus: %s", error)
            return empty_report(self._promise, "unreachable")
        known = _worst(self._names, values)
        state, advice = _state(values)
        return Report(
            prometheus=state,
            advice=advice,
            window=_duration(self._promise.window),
            budgets=list(_budgets(self._promise, known, _histories(history, start, step, int(span / step) + 1))),
            history=HistoryView(
                start=datetime.fromtimestamp(start, UTC),
                step_seconds=step,
                window=_duration(self._promise.alerting.of("page")[0].long),
            ),
            alerts=[_alert(alert) for alert in sorted(alerts, key=_pages_first) if _tells(alert)],
        )


def _state(values: Sequence[Series]) -> tuple[PrometheusState, str | None]:
    """How much is known, and what to do if that is nothing, or of nobody knows whom."""
    if not values:
        return "silent", _ADVICE["silent"]
    same: dict[_Which, list[Series]] = {}
    for series in values:
        same.setdefault(_which(series), []).append(series)
    several = next((those for those in same.values() if len(those) > 1), None)
    if several is None:
        return "connected", None
    return "several", f"{_ADVICE['several']} They are told apart by {differing_labels(several)}."


def empty_report(promise: Promise, state: PrometheusState) -> Report:
    """The promise alone, and what to do to see how it is kept."""
    return Report(
        prometheus=state,
        advice=_ADVICE[state],
        window=_duration(promise.window),
        budgets=list(_budgets(promise, {}, {})),
        history=None,
        alerts=[],
    )


@dataclass(frozen=True, slots=True)
class _Names:
    """Of the recorded values, as slo/series.py writes them."""

    left: str
    errors: str
    coverage: str
    burn: tuple[str, ...]

    @classmethod
    def of(cls, promise: Promise) -> _Names:
        return cls(
            left="slo:budget_left:ratio",
            errors=f"slo:errors:ratio{_duration(promise.window)}",
            coverage="slo:coverage:ratio",
            burn=tuple(f"slo:burn:ratio{_duration(window.long)}" for window in promise.alerting.of("page")),
        )

    def query(self) -> str:
        """All of them at once, as they stand now."""
        return f'{{__name__=~"{"|".join((self.left, self.errors, self.coverage, *self.burn))}"}}'


def _worst(names: _Names, values: Iterable[Series]) -> dict[_Which, float]:
    """One value of each. Of several the least that is left or measured, and the most that failed or burns."""
    known: dict[_Which, float] = {}
    for series in values:
        which, value = _which(series), series.latest
        if math.isfinite(value):
            worse = min if which[0] in (names.left, names.coverage) else max
            known[which] = worse(value, known.get(which, value))
    return known


def _budgets(
    promise: Promise, known: dict[_Which, float], histories: dict[tuple[str, str], list[float | None]]
) -> Iterator[BudgetView]:
    names = _Names.of(promise)
    for objective in promise.objectives.with_a_budget():
        for journey, title in _journeys(promise, objective):
            place = (objective.name, journey)

            def value(name: str, place: tuple[str, str] = place) -> float | None:
                return _finite(known.get((name, *place)))

            yield BudgetView(
                slo=objective.name,
                title=objective.title,
                journey=journey or None,
                journey_title=title,
                target=objective.target,
                left=value(names.left),
                tier=_tier(promise, known.get((names.left, *place))),
                error_ratio=value(names.errors),
                measured=value(names.coverage),
                burn=[
                    _burn(objective, window, value(name))
                    for window, name in zip(promise.alerting.of("page"), names.burn, strict=True)
                ],
                history=histories.get(place, []),
            )


def _journeys(promise: Promise, objective: Objective) -> Iterable[tuple[str, str | None]]:
    """Name and title of each journey that it is kept for; of none in particular otherwise."""
    if not objective.by_journey:
        return [("", None)]
    return [(name, journey.title) for name, journey in promise.journeys.items()]


def _tier(promise: Promise, left: float | None) -> TierView | None:
    if left is None:
        return None
    tier = promise.gate.of(left)
    return TierView(verdict=tier.verdict, excepted=list(tier.except_))


def _burn(objective: Objective, window: BurnWindow, rate: float | None) -> BurnView:
    return BurnView(window=_duration(window.long), rate=rate, limit=window.burn if objective.can_page else None)


def _which(series: Series) -> _Which:
    labels = series.metric
    return labels.get("__name__", ""), labels.get("slo", ""), labels.get("journey", "")


def _histories(
    found: Iterable[Series], start: float, step: float, steps: int
) -> dict[tuple[str, str], list[float | None]]:
    """By objective and journey, a value for each step, the worst of several; None where nothing was measured."""
    histories: dict[tuple[str, str], list[float | None]] = {}
    for series in found:
        history = histories.setdefault(_which(series)[1:], [None] * steps)
        for moment, value in series.samples:
            place = round((moment - start) / step)
            if 0 <= place < len(history) and math.isfinite(value):
                history[place] = max(round(value, 3), history[place] or 0.0)
    return histories


def _finite(value: float | None) -> float | None:
    """To four digits, which is more than anybody reads; NaN says as much as nothing does."""
    return float(f"{value:.4g}") if value is not None and math.isfinite(value) else None


def _tells(alert: Alert) -> bool:
    """The one without a severity always fires, to show that alerts get through."""
    return alert.state == "firing" and alert.labels.get("severity") in {"page", "ticket"}


def _pages_first(alert: Alert) -> tuple[bool, datetime]:
    return alert.labels.get("severity") != "page", alert.activeAt


def _alert(alert: Alert) -> AlertView:
    runbook = alert.annotations.get("runbook_url", "")
    return AlertView(
        name=alert.labels.get("alertname", ""),
        severity="page" if alert.labels["severity"] == "page" else "ticket",
        slo=alert.labels.get("slo"),
        journey=alert.labels.get("journey"),
        summary=alert.annotations.get("summary", ""),
        since=alert.activeAt,
        runbook_url=runbook if runbook.startswith("https://") else None,
    )


def _duration(time: timedelta) -> str:
    """As slo.yaml writes it: 1h, 28d; the largest unit that leaves no rest."""
    seconds = int(time.total_seconds())
    units = (("d", 86400), ("h", 3600), ("m", 60))
    return next((f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0), f"{seconds}s")
