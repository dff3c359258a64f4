"""Whether what watches the shop can be trusted: scrapes, rules, history."""

from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import Panel

from slo import series
from slo.dashboards.board import Board
from slo.dashboards.panels import GREEN, ORANGE, RED, Look, lines, numbers
from slo.objectives import HTTP
from slo.spec import Spec

_ITSELF = "From Prometheus about itself."


def monitoring(spec: Spec) -> Board:
    return Board(
        name="monitoring",
        title="Monitoring of the monitoring",
        says="Scrapes, rules, history and the way of alerts: what all other dashboards rest on.",
        rows=[("Scrapes", _scrapes(spec)), ("History", _history(spec)), ("Rules and alerts", _rules(spec))],
    )


def _scrapes(spec: Spec) -> list[Builder[Panel]]:
    every = spec.prometheus.scrape_interval.total_seconds()
    edge = spec.objectives.latency[0].under
    target = "{{job}} {{instance}}"
    return [
        lines("Targets that answer", Look(steps=((1, GREEN),), base=RED, highest=1), ("up", target)),
        lines("Time of a scrape", Look("s", ((every, RED),)), ("scrape_duration_seconds", target)),
        lines(
            "Samples of a scrape",
            Look(says="Should stay level: labels are enumerated, no visitor can add one."),
            ("scrape_samples_scraped", target),
        ),
        lines(
            "Targets whose histogram has the objective's bucket",
            Look(says=f"The edge at {edge:g} s. Without it the latency objective would measure nothing."),
            (f'count(count by (job, instance) ({HTTP}_bucket{{le="{edge!r}"}}))', "with the bucket"),
            (f"count(count by (job, instance) ({HTTP}_count))", "all"),
        ),
    ]


def _history(spec: Spec) -> list[Builder[Panel]]:
    window = spec.window.total_seconds()
    return [
        lines(
            "Share of the window that was measured",
            Look("percentunit", ((spec.gate.coverage, GREEN),), RED, highest=1),
            (series.COVERAGE, "{{slo}} {{journey}}"),
        ),
        lines(
            "History that Prometheus keeps",
            Look("s", ((window, GREEN),), ORANGE, says=f"{_ITSELF} Needed: {series.duration(spec.window)}."),
            ("time() - prometheus_tsdb_lowest_timestamp_seconds", "history"),
        ),
        lines("Series in memory", Look(says=_ITSELF), ("prometheus_tsdb_head_series", "series")),
    ]


def _rules(spec: Spec) -> list[Builder[Panel]]:
    every = spec.prometheus.evaluation_interval.total_seconds()
    growth = "sum by (rule_group) (increase(prometheus_rule_%s_total[1h]))"
    return [
        lines(
            "Time to evaluate each group of rules",
            Look("s", ((every, RED),), says=_ITSELF),
            ("prometheus_rule_group_last_duration_seconds", "{{rule_group}}"),
        ),
        lines(
            "Evaluations that failed or were missed",
            Look(steps=((1, RED),), says=_ITSELF),
            (growth % "evaluation_failures", "failed {{rule_group}}"),
            (growth % "group_iterations_missed", "missed {{rule_group}}"),
        ),
        lines(
            "Alerts that reached no Alertmanager",
            Look(steps=((1, RED),), says=_ITSELF),
            ("increase(prometheus_notifications_dropped_total[1h])", "dropped"),
        ),
        numbers(
            "Watchdog",
            Look(steps=((1, GREEN),), base=RED, says="An alert that always fires. When it does not arrive, none does."),
            ('count(ALERTS{alertname="Watchdog",alertstate="firing"}) or vector(0)', "firing"),
        ),
    ]
