"""How long it takes until an alert notices, from the windows' own arithmetic: steady traffic, a clean history."""

import math
from dataclasses import dataclass
from datetime import timedelta

from backend.telemetry.promise_sections import BurnWindow
from slo.objectives import Objective
from slo.rules.burn import alert_name, can_fire
from slo.rules.recording import is_summed
from slo.spec import Spec

_NOISE = 1e-9  # 1 - 0.95 is a little more than 0.05

TOTAL = 1.0
PARTIAL = 0.05
"""The two outages that are told: every event is bad, one in twenty is."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One pair of windows of one alert.

    threshold: share of bad events that it takes over the whole long window. noticed: seconds from the first bad event
    until the condition holds, by share of bad events and journey ("" without one); infinite when it never will.
    lasting: how long it must hold before somebody hears of it.
    """

    alert: str
    window: BurnWindow
    threshold: float
    lasting: timedelta
    noticed: dict[float, dict[str, float]]


def detections(spec: Spec, objective: Objective) -> list[Detection]:
    """Of every pair of windows that watches the objective, in the order of the file."""
    return [
        Detection(
            alert=alert_name(objective, window.severity),
            window=window,
            threshold=window.burn * objective.budget,
            lasting=spec.alerting.for_.page if window.severity == "page" else spec.alerting.for_.ticket,
            noticed={
                share: {
                    journey: seconds_to_notice(spec, objective, window, share=share, events_per_second=rate)
                    for journey, rate in objective.events_per_second.items()
                }
                for share in (TOTAL, PARTIAL)
            },
        )
        for window in spec.alerting.windows
        if can_fire(objective, window)
    ]


def seconds_to_notice(
    spec: Spec, objective: Objective, window: BurnWindow, *, share: float, events_per_second: float
) -> float:
    """Until enough of the long window is bad, by share and by number; the short one is there long before."""
    threshold = window.burn * objective.budget
    if share <= threshold + _NOISE:
        return math.inf
    for_share = threshold * window.long.total_seconds() / share
    for_number = spec.alerting.minimum_bad_events / (share * events_per_second)
    if for_number > window.long.total_seconds():
        return math.inf
    return _with_lag(spec, objective, window, max(for_share, for_number))


def seconds_to_breach(spec: Spec, *, share: float, events_per_second: float) -> float:
    """Until LatencyP95Breaching's condition holds when that share of the requests is slow."""
    allowed, rule = 1 - spec.objectives.latency[0].target, spec.alerting.slow_quantile
    requests = events_per_second * (spec.sample_window + rule.for_).total_seconds()
    if share <= allowed + _NOISE or requests < rule.minimum_requests:
        return math.inf
    return allowed * spec.sample_window.total_seconds() / share


def budget_seconds(spec: Spec, objective: Objective) -> float:
    """How long everything may be bad until the budget of a whole window is gone."""
    return objective.budget * spec.window.total_seconds()


def bad_events_allowed(spec: Spec, objective: Objective, journey: str) -> float:
    """In a whole window, at the traffic that is expected at least."""
    return objective.events_per_second[journey] * budget_seconds(spec, objective)


def _with_lag(spec: Spec, objective: Objective, window: BurnWindow, seconds: float) -> float:
    """A window summed from short rates sees an event only as those rise: as a ramp, not as a step.

    A slice of time is found bad at the latest when all of it was.
    """
    if not is_summed(objective, window.long):
        return seconds
    ramp = spec.sample_window.total_seconds()
    if objective.in_slices:
        return seconds + ramp
    return seconds + ramp / 2 if seconds > ramp / 2 else math.sqrt(2 * ramp * seconds)
