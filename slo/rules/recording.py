"""What every alert, dashboard and the gate read: events and bad events of each objective over each window.

Both are kept, not their ratio alone: a ratio cannot be summed. Averaging five-minute ratios over 28 days would let a
quiet night outweigh the rush of an on-sale, so the long windows sum both parts of the fraction first.
"""

from collections.abc import Iterator
from datetime import timedelta

from slo import series
from slo.objectives import HTTP, Objective, objectives
from slo.rules.model import Group, Recording
from slo.spec import Spec

# From here on a rate over raw samples reads too many of them; the sum of the short rates says the same.
_LONG = timedelta(days=1)


def windows(spec: Spec) -> list[timedelta]:
    """Every window that some alert, the gate or the budget looks at, shortest first."""
    alerting = {time for window in spec.alerting.windows for time in (window.long, window.short)}
    return sorted(alerting | {spec.gate.burn.window, spec.window})


def is_summed(objective: Objective, window: timedelta) -> bool:
    """Whether the window adds up what was recorded over the shortest one, instead of asking the raw samples."""
    return window >= _LONG or objective.in_slices


def groups(spec: Spec) -> Iterator[Group]:
    yield Group("objectives", tuple(_rules(spec)))
    yield Group("details", tuple(_details(spec)))


def _rules(spec: Spec) -> Iterator[Recording]:
    for objective in objectives(spec):
        yield Recording(series.OBJECTIVE, f"vector({objective.target!r})", {"slo": objective.name})
    for window in windows(spec):
        for objective in objectives(spec):
            yield from _parts(spec, objective, window)
        if window >= _LONG:
            yield from _summed(spec, window, "")
        yield from _ratios(window)
    yield Recording(series.BUDGET_LEFT, f"1 - {series.burn_rate(spec.window)}")
    measured = f"count_over_time({series.events(spec.sample_window)}[{series.duration(spec.window)}])"
    yield Recording(series.COVERAGE, f"clamp_max({measured} * {_share_of_a_sample(spec, spec.window)}, 1)")


def _parts(spec: Spec, objective: Objective, window: timedelta) -> Iterator[Recording]:
    """Both parts of one objective's fraction; the long windows are summed for all objectives at once."""
    labels = {"slo": objective.name}
    if window >= _LONG:
        return
    if is_summed(objective, window) and window != spec.sample_window:
        yield from _summed(spec, window, f'{{slo="{objective.name}"}}')
        return
    yield Recording(series.events(window), objective.events_over(window), labels)
    yield Recording(series.bad(window), objective.bad_over(window), labels)


def _summed(spec: Spec, window: timedelta, which: str) -> Iterator[Recording]:
    """Both parts, summed from what was recorded over the shortest window at each evaluation.

    What was not measured counts as nothing, so that a day's sum is no guess from its first hour.
    """
    for part in (series.events, series.bad):
        total = f"sum_over_time({part(spec.sample_window)}{which}[{series.duration(window)}])"
        yield Recording(part(window), f"{total} * {_share_of_a_sample(spec, window)}")


def _share_of_a_sample(spec: Spec, window: timedelta) -> str:
    return f"{spec.prometheus.evaluation_interval.total_seconds():g} / {window.total_seconds():.0f}"


def _ratios(window: timedelta) -> Iterator[Recording]:
    """Of all objectives at once. No events give no ratio: neither NaN, which sums never lose again, nor 0."""
    ratio = series.error_ratio(window)
    yield Recording(ratio, f"{series.bad(window)} / ({series.events(window)} > 0)")
    yield Recording(series.burn_rate(window), f"{ratio} / on (slo) group_left () (1 - {series.OBJECTIVE})")


def _details(spec: Spec) -> Iterator[Recording]:
    quantile, short = spec.objectives.latency[0].target, series.duration(spec.sample_window)
    buckets = f'sum by (journey, le) (rate({HTTP}_bucket{{outcome="good"}}[{short}]))'
    yield Recording(series.LATENCY_QUANTILE, f"histogram_quantile({quantile!r}, {buckets}) > 0")  # else NaN when idle
    busy = f"rate(db_pool_busy_seconds_total[{series.duration(spec.objectives.saturation.slice)}])"
    yield Recording(series.POOL_BUSY, f"{busy} / (db_pool_size > 0)")
