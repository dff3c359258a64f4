"""All groups together, as the document that Prometheus reads."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from slo import series
from slo.heads import MADE_BY
from slo.rules import burn, correctness, database, edge, latency, measurement, platform, recording
from slo.rules.model import Alert, Group, Recording
from slo.spec import Spec
from slo.yaml_text import dump

OUTPUT = Path("slo/out/rules.yaml")

_SUBJECTS: tuple[Callable[[Spec], Iterator[Group]], ...] = (
    recording.groups,
    burn.groups,
    latency.groups,
    database.groups,
    correctness.groups,
    edge.groups,
    platform.groups,
    measurement.groups,
)


def write(spec: Spec) -> dict[Path, str]:
    return {OUTPUT: f"# {MADE_BY}\n\n{dump(document(spec))}"}


def document(spec: Spec, *, exporters: bool = True) -> dict[str, Any]:
    """The content of a rules file, and of a PrometheusRule's spec.

    exporters: with the alerts that need an exporter of their own. Where there is none they could never fire.
    """
    # Sums over long windows count evaluations, so the interval belongs to the group, not to whoever loads it.
    interval = series.duration(spec.prometheus.evaluation_interval)
    return {
        "groups": [
            {
                "name": f"slo-{group.name}",
                "interval": interval,
                "rules": [_rule(spec, rule) for rule in group.rules if exporters or not _needs_exporter(rule)],
            }
            for group in groups(spec)
        ]
    }


def groups(spec: Spec) -> list[Group]:
    return [group for subject in _SUBJECTS for group in subject(spec)]


def alerts(spec: Spec) -> list[Alert]:
    return [rule for group in groups(spec) for rule in group.rules if isinstance(rule, Alert)]


def _needs_exporter(rule: Recording | Alert) -> bool:
    return isinstance(rule, Alert) and rule.exporter != ""


def _rule(spec: Spec, rule: Recording | Alert) -> dict[str, Any]:
    if isinstance(rule, Alert):
        return _alert(spec, rule)
    return {"record": rule.name, "expr": rule.expr, **({"labels": rule.labels} if rule.labels else {})}


def _alert(spec: Spec, alert: Alert) -> dict[str, Any]:
    times: dict[str, str] = {}
    if alert.lasting:
        times["for"] = series.duration(alert.lasting)
    if alert.severity:
        keep = spec.alerting.keep_firing
        times["keep_firing_for"] = series.duration(keep.page if alert.severity == "page" else keep.ticket)
    labels = {"severity": alert.severity, "slo": alert.slo}
    return {
        "alert": alert.name,
        "expr": alert.expr,
        **times,
        "labels": {name: value for name, value in labels.items() if value},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": spec.links.runbook(alert.name),
        },
    }
