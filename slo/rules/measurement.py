"""Whether there is anything to judge by: an objective that is not measured must not look as if it were kept."""

from collections.abc import Iterator
from datetime import timedelta

from slo import series
from slo.objectives import HTTP, TICKETS
from slo.rules.model import Alert, Group
from slo.spec import Spec

# Of the API and of the worker: each stays away only when nothing that measures it is scraped any more.
_VITAL = (
    f"{TICKETS}_count",
    "db_pool_size",
    "tickets_oversold",
    "invariants_broken",
    "outbox_oldest_seconds",
    "payments_unsettled_seconds",
)


def groups(spec: Spec) -> Iterator[Group]:
    alerts = (_absent(spec), _bucket_missing(spec), _target_down(spec), _history_short(spec), _rules_failing())
    yield Group("measurement", (*alerts, _watchdog()))


def _absent(spec: Spec) -> Alert:
    """Zero series exist from the start, so an idle journey is not an absent one."""
    journeys = [f'absent({HTTP}_count{{journey="{journey}"}})' for journey in spec.journeys]
    others = [f"absent({metric})" for metric in _VITAL]
    metrics = [f"{HTTP}_count"] * len(journeys) + list(_VITAL)
    named = [
        f'label_replace({absent}, "metric", "{metric}", "", "")'
        for absent, metric in zip(journeys + others, metrics, strict=True)
    ]
    return Alert(
        name="SLIAbsent",
        when="no series of a metric that is always there",
        expr="\nor ".join(named),
        severity="page",
        slo="measurement",
        lasting=spec.alerting.absent.for_,
        summary="{{ $labels.metric }}{{ with $labels.journey }} of the journey {{ . }}{{ end }} is not measured",
        description="None of its series is left (absent: {{ $value }}), and no alert can tell how the service does.",
    )


def _bucket_missing(spec: Spec) -> Alert:
    """Some pod counts durations without the edge that its objective is judged by."""
    edges = [(HTTP, latency.under) for latency in spec.objectives.latency]
    edges.append((TICKETS, spec.objectives.tickets.under))
    return Alert(
        name="LatencyBucketMissing",
        when="a histogram lacks the edge of its objective",
        expr="\nor ".join(_without_edge(metric, repr(float(edge))) for metric, edge in edges),
        severity="ticket",
        slo="measurement",
        lasting=spec.alerting.for_.ticket,
        summary="{{ $labels.instance }} counts {{ $labels.metric }} without the edge {{ $labels.edge }}",
        description="Series without that bucket: {{ $value }}. The share within {{ $labels.edge }} s is wrong.",
    )


def _without_edge(metric: str, edge: str) -> str:
    lacking = f'count by (instance) ({metric}_count) unless count by (instance) ({metric}_bucket{{le="{edge}"}})'
    return f'label_replace(label_replace({lacking}, "edge", "{edge}", "", ""), "metric", "{metric}", "", "")'


def _target_down(spec: Spec) -> Alert:
    return Alert(
        name="TargetDown",
        when="a scrape fails",
        expr="count by (job, instance) (up == 0)",
        severity="ticket",
        slo="measurement",
        lasting=spec.alerting.absent.for_,
        summary="{{ $labels.instance }} of {{ $labels.job }} cannot be scraped",
        description="It may be down or out of Prometheus's reach; targets there without metrics: {{ $value }}.",
    )


def _history_short(spec: Spec) -> Alert:
    """Silent while a young Prometheus still gains a day each day; else data is lost, or kept for too short a time."""
    half_a_day = timedelta(days=0.5) / spec.window
    return Alert(
        name="BudgetHistoryShort",
        when=f"< {spec.gate.coverage:.0%} of the window is measured, and it does not grow",
        expr=(
            f"min by (slo) ({series.COVERAGE}) < {spec.gate.coverage!r}\n"
            f"and min by (slo) ({series.COVERAGE} - {series.COVERAGE} offset 1d) < {half_a_day:.6f}"
        ),
        severity="ticket",
        slo="",
        lasting=spec.alerting.for_.ticket,
        summary="The budget of {{ $labels.slo }} is judged by too little history",
        description=(
            f"{{{{ $value | humanizePercentage }}}} of the {series.duration(spec.window)} were measured, and it does "
            f"not grow; Prometheus is to keep {series.duration(spec.prometheus.retention)}."
        ),
    )


def _rules_failing() -> Alert:
    return Alert(
        name="RuleEvaluationFailing",
        when="any in 15m",
        expr=(
            "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[15m])) > 0\n"
            "or sum by (rule_group) (increase(prometheus_rule_group_iterations_missed_total[15m])) > 0"
        ),
        severity="ticket",
        slo="measurement",
        summary="Prometheus does not evaluate all rules",
        description='Evaluations of {{ $labels.rule_group }} failed or left out in 15m: {{ printf "%.0f" $value }}.',
    )


def _watchdog() -> Alert:
    return Alert(
        name="Watchdog",
        when="always",
        expr="vector(1)",
        severity=None,
        slo="measurement",
        summary="Alerts get through",
        description="Always {{ $value }}: whoever stops hearing of it knows that no other alert would arrive either.",
    )
