"""A pod whose database pool is full, and one in which it only looks like that."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from slo.ruletests.expected import Condition, Watch, checks
from slo.ruletests.model import STEP, Check, Series, World
from slo.ruletests.notation import counter
from slo.ruletests.traffic import Life, Phase, histogram, minutes, name, parts, pool_series
from slo.spec import Spec

_CALM, _FULL = 10, 40  # minutes
_PER_SECOND = 20.0


def worlds(spec: Spec) -> Iterator[World]:
    """The full pool stands beside one that is hardly used, which must not make it look half as bad."""
    busy, rule = spec.objectives.saturation.busy, spec.alerting.saturation
    length = _CALM + _FULL + 30
    yield _world(
        spec,
        "the pool of one pod is in use all the time, requests wait for its connections and get none; then it recovers",
        busy=[busy / 2] * _CALM + [(1 + busy) / 2] * _FULL + [busy / 2] * 30,
        waits=[
            Phase(_CALM, _PER_SECOND),
            Phase(_FULL, _PER_SECOND, slow={rule.wait * 2: (1 - rule.wait_quantile) * 3}),
            Phase(30, _PER_SECOND),
        ],
        timeouts=[0.0] * _CALM + [2.0] * _FULL + [0.0] * 30,
    )
    short = round(rule.for_.total_seconds() / STEP / 3)
    yield _world(
        spec,
        "a pool is well used, and full for a moment: all is silent",
        busy=[busy * 0.8] * _CALM + [1.0] * 2 + [busy * 0.8] * (length - _CALM - 2),
        waits=[Phase(length, _PER_SECOND, slow={rule.wait * 2: (1 - rule.wait_quantile) / 3})],
        timeouts=[0.0] * _CALM + [2.0] * short + [0.0] * (length - _CALM - short),
    )


def _world(spec: Spec, about: str, *, busy: Sequence[float], waits: Life, timeouts: Sequence[float]) -> World:
    labels = {"instance": "backend-1"}
    series: list[Series] = [
        *pool_series(busy),
        *pool_series([0.01] * len(busy), "backend-2"),
        *histogram("db_pool_wait_seconds", labels, spec.buckets.seconds, waits),
        *histogram(
            "db_pool_wait_seconds", {"instance": "backend-2"}, spec.buckets.seconds, [Phase(minutes(waits), 200)]
        ),
        Series(name("db_pool_timeouts_total", labels), counter(timeouts)),
    ]
    conditions = {
        "DatabaseSaturationHigh": _mean_above(spec, busy, spec.objectives.saturation.busy),
        "DatabasePoolWaitHigh": _waiting(spec, waits),
        "DatabasePoolTimeouts": _mean_above(spec, timeouts, 0),
    }
    found: list[Check] = []
    for alert, condition in conditions.items():
        watch = Watch(alert, "ticket", spec.alerting.saturation.for_, {"slo": "saturation"})
        found += checks(spec, watch, condition, len(busy))
    return World(about, tuple(series), tuple(found))


def _mean_above(spec: Spec, values: Sequence[float], threshold: float) -> Condition:
    steps = _steps(spec.objectives.saturation.slice)
    return lambda factor, minute: sum(values[max(minute - steps, 0) : minute]) / steps > threshold * factor


def _waiting(spec: Spec, waits: Life) -> Condition:
    rule, steps = spec.alerting.saturation, _steps(spec.objectives.saturation.slice)
    events, slow = parts(waits, rule.wait)

    def condition(factor: float, minute: int) -> bool:
        recent = slice(max(minute - steps, 0), minute)
        return sum(slow[recent]) > sum(events[recent]) * (1 - rule.wait_quantile) * factor

    return condition


def _steps(time: timedelta) -> int:
    return round(time.total_seconds() / STEP)
