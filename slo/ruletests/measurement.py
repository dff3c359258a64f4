"""Measuring that stops, and history that is missing."""

from collections.abc import Iterator
from datetime import timedelta

from slo import series as recorded
from slo.objectives import HTTP
from slo.ruletests.model import Check, Series, World
from slo.ruletests.notation import counter, gauge
from slo.ruletests.simple import Span, span_checks, steps
from slo.ruletests.traffic import Phase, journey_series, name, payment_series, pool_series
from slo.spec import Spec

_LENGTH = 60
_FROM, _UNTIL = 10, 40
_LOOKBACK = 5  # minutes: how long Prometheus goes on showing a series without samples
_DAY = 24 * 60


def worlds(spec: Spec) -> Iterator[World]:
    yield _everything_measured(spec)
    yield _some_gone(spec)
    yield _history(spec)


def _everything_measured(spec: Spec) -> World:
    alerts = ("SLIAbsent", "LatencyBucketMissing", "TargetDown", "RuleEvaluationFailing")
    found = [
        *span_checks(spec, [Span(alert) for alert in alerts], _LENGTH),
        *span_checks(spec, [Span("Watchdog", 0, _LENGTH)], _LENGTH),
    ]
    return World("everything is measured, and idle: all is silent but the watchdog", _vital(spec), tuple(found))


def _some_gone(spec: Spec) -> World:
    """Of a journey, of the worker, of a bucket, a target and an evaluation."""
    journey, under = next(iter(spec.journeys)), repr(float(spec.objectives.latency[0].under))
    gap: list[float | None] = [0.0] * _FROM + [None] * (_UNTIL - _FROM) + [0.0] * (_LENGTH - _UNTIL)
    guest: list[float | None] = [None] * _FROM + [0.0] * (_UNTIL - _FROM) + [None] * (_LENGTH - _UNTIL)
    idle = [0.0] * _LENGTH
    series = [
        Series(each.name, gauge(gap))
        if f'journey="{journey}"' in each.name or each.name == "outbox_oldest_seconds"
        else each
        for each in _vital(spec)
    ]
    down = [1.0] * _FROM + [0.0] * (_UNTIL - _FROM) + [1.0] * (_LENGTH - _UNTIL)
    failing = [0.0] * _FROM + [1.0] + [0.0] * (_LENGTH - _FROM - 2)
    # A pod of a version that counts durations by other edges.
    stranger = {"journey": list(spec.journeys)[-1], "instance": "backend-2", "outcome": "good"}
    series += [
        Series(name(f"{HTTP}_count", stranger), gauge(guest)),
        Series(name(f"{HTTP}_bucket", stranger | {"le": "0.75"}), gauge(guest)),
        Series(name("up", {"job": "backend", "instance": "backend-2"}), gauge(down)),
        Series(name("prometheus_rule_evaluation_failures_total", {"rule_group": "burn"}), counter(failing)),
        Series(name("prometheus_rule_evaluation_failures_total", {"rule_group": "edge"}), counter(idle)),
    ]
    gone = _FROM + _LOOKBACK
    spans = [
        Span("SLIAbsent", gone, _UNTIL, {"journey": journey}),
        Span("SLIAbsent", gone, _UNTIL, {"metric": "outbox_oldest_seconds"}),
        Span("SLIAbsent", labels={"metric": "invariants_broken"}),
        Span("LatencyBucketMissing", _FROM, _UNTIL + _LOOKBACK - 1, {"edge": under, "instance": "backend-2"}, ragged=1),
        Span("LatencyBucketMissing", labels={"instance": "backend-1"}),
        Span("TargetDown", _FROM, _UNTIL, {"instance": "backend-2"}),
        Span("TargetDown", labels={"instance": "backend-1"}),
        Span("RuleEvaluationFailing", _FROM + 1, _FROM + 14, {"rule_group": "burn"}),
        Span("RuleEvaluationFailing", labels={"rule_group": "edge"}),
    ]
    about = (
        f"{journey}, the outbox's age and a bucket are not measured, a target is down, a rule fails; then all is well"
    )
    return World(about, tuple(series), tuple(span_checks(spec, spans, _LENGTH)))


def _history(spec: Spec) -> World:
    """Coverage itself is given: it would take the window's whole length to come about."""
    wait = steps(spec.alerting.for_.ticket)  # evaluated as often as that, or a day and a half would take a while
    length = _DAY + 6 * wait + _LOOKBACK
    days = spec.window / timedelta(days=1)
    least = spec.gate.coverage
    growing = [min(0.1 + minute / _DAY / days, 1) for minute in range(0, length + 1, 5)]
    constant = {"availability": least * 0.6, "saturation": (1 + least) / 2}
    series = [
        Series(name(recorded.COVERAGE, {"slo": slo}), gauge([value] * len(growing))) for slo, value in constant.items()
    ]
    series.append(Series(name(recorded.COVERAGE, {"slo": "tickets"}), gauge(growing)))
    spans = [
        Span("BudgetHistoryShort", _DAY, length, {"slo": "availability"}),
        Span("BudgetHistoryShort", labels={"slo": "saturation"}),
        Span("BudgetHistoryShort", labels={"slo": "tickets"}),
    ]
    found: list[Check] = list(span_checks(spec, spans, length))
    about = (
        "much of the history is lost for one objective; one has nearly all of it, one is young and gains a day a day"
    )
    return World(about, tuple(series), tuple(found), evaluation=wait * 60, step=300)


def _vital(spec: Spec) -> tuple[Series, ...]:
    """All that must always be there, with nobody in the shop."""
    idle = [Phase(_LENGTH, 0)]
    series = [each for journey in spec.journeys for each in journey_series(spec, journey, idle)]
    series += [*payment_series(spec, idle), *pool_series([0.0] * _LENGTH)]
    gauges = ("tickets_oversold", "invariants_broken", "outbox_oldest_seconds", "payments_unsettled_seconds")
    series += [Series(metric, gauge([0.0] * _LENGTH)) for metric in gauges]
    series.append(Series(name("up", {"job": "backend", "instance": "backend-1"}), gauge([1.0] * _LENGTH)))
    return tuple(series)
