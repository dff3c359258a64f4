"""The names of what the recording rules write; rules, dashboards, the gate and the status page all take them from here.

Each has the label `slo` (availability, latency-800ms, latency-2500ms, tickets, saturation), and `journey` where the
objective is one journey's.
"""

from datetime import timedelta

OBJECTIVE = "slo:objective:ratio"
"""The target, e.g. 0.999."""

BUDGET_LEFT = "slo:budget_left:ratio"
"""Share of the window's budget that is left: 1 untouched, 0 gone, negative overspent."""

COVERAGE = "slo:coverage:ratio"
"""Share of the window for which events were measured, 0..1."""

LATENCY_QUANTILE = "journey:latency_p95:seconds"
"""By journey: the quantile that the first latency objective names, interpolated; to look at, never to add up."""

POOL_BUSY = "pod:db_pool_busy:ratio"
"""By instance: the share of time that the pool's connections were in use."""


def events(window: timedelta) -> str:
    """Events a second that count for the objective, over that window."""
    return f"slo:events:rate{duration(window)}"


def bad(window: timedelta) -> str:
    """Bad ones of them a second."""
    return f"slo:bad:rate{duration(window)}"


def error_ratio(window: timedelta) -> str:
    """Share of bad events, 0..1; absent when there were none at all."""
    return f"slo:errors:ratio{duration(window)}"


def burn_rate(window: timedelta) -> str:
    """How many times faster than allowed the budget went."""
    return f"slo:burn:ratio{duration(window)}"


def duration(time: timedelta) -> str:
    """As Prometheus and slo.yaml write it: 5m, 6h, 28d; the largest unit that leaves no rest."""
    seconds = int(time.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
