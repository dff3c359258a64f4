"""The promise in the words of OpenSLO v1, for tools that read those.

OpenSLO has no advisory objectives and no second, short window: page_load is left out, and conditions name their short
window in words. The indicators are the recorded series that our own alerts are made of.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backend.telemetry.promise_sections import BurnWindow
from slo import series
from slo.heads import MADE_BY
from slo.objectives import Objective, objectives
from slo.rules import burn
from slo.spec import Spec
from slo.yaml_text import dump

OUTPUT = Path("slo/out/openslo.yaml")

Document = dict[str, Any]


def write(spec: Spec) -> dict[Path, str]:
    text = "---\n".join(dump(document) for document in documents(spec))
    return {OUTPUT: f"# {MADE_BY}\n\n{text}"}


def documents(spec: Spec) -> Iterator[Document]:
    yield _document("Service", spec.service, "AegisTickets", {"description": "A ticket shop."})
    for severity in dict.fromkeys(window.severity for window in spec.alerting.windows):
        yield _document("AlertNotificationTarget", severity, severity.title(), {"target": "alertmanager"})
    for window in spec.alerting.windows:
        yield _condition(spec, window)
        yield _policy(window)
    for objective in objectives(spec):
        for journey in objective.events_per_second:
            yield _slo(spec, objective, journey)


def _document(kind: str, name: str, title: str, content: Document) -> Document:
    return {
        "apiVersion": "openslo/v1",
        "kind": kind,
        "metadata": {"name": name, "displayName": title},
        "spec": content,
    }


def _name(window: BurnWindow) -> str:
    return f"{window.severity}-{series.duration(window.long)}"


def _condition(spec: Spec, window: BurnWindow) -> Document:
    long, short = series.duration(window.long), series.duration(window.short)
    lasting = spec.alerting.for_.page if window.severity == "page" else spec.alerting.for_.ticket
    return _document(
        "AlertCondition",
        f"burn-{_name(window)}",
        f"Burns {window.burn:g} times too fast over {long}",
        {
            "description": (
                f"Over {long}, and still over {short}, and by at least {spec.alerting.minimum_bad_events} bad events."
            ),
            "severity": window.severity,
            "condition": {
                "kind": "burnrate",
                "op": "gt",  # dropped from the text of the specification, required by its tools
                "threshold": window.burn,
                "lookbackWindow": long,
                "alertAfter": series.duration(lasting),
            },
        },
    )


def _policy(window: BurnWindow) -> Document:
    return _document(
        "AlertPolicy",
        _name(window),
        f"{window.severity.title()} by {series.duration(window.long)}",
        {
            "alertWhenNoData": False,  # the alert SLIAbsent sees to that
            "alertWhenResolved": True,
            "alertWhenBreaching": True,
            "conditions": [{"conditionRef": f"burn-{_name(window)}"}],
            "notificationTargets": [{"targetRef": window.severity}],
        },
    )


def _slo(spec: Spec, objective: Objective, journey: str) -> Document:
    name = "-".join(filter(None, (objective.name, journey)))
    title = f"{objective.title}: {spec.journeys[journey].title}" if journey else objective.title
    windows = [window for window in spec.alerting.windows if burn.can_fire(objective, window)]
    alerts = dict.fromkeys(burn.alert_name(objective, window.severity) for window in windows)
    return _document(
        "SLO",
        name,
        title,
        {
            "description": " ".join(["Runbooks:", *map(spec.links.runbook, alerts)]),
            "service": spec.service,
            "indicator": {
                "metadata": {"name": name, "displayName": objective.title},
                "spec": _slices() if objective.in_slices else _events(spec, objective, journey),
            },
            "timeWindow": [{"duration": series.duration(spec.window), "isRolling": True}],
            **_objective(spec, objective),
            "alertPolicies": [{"alertPolicyRef": _name(window)} for window in windows],
        },
    )


def _events(spec: Spec, objective: Objective, journey: str) -> Document:
    labels = f'slo="{objective.name}"' + (f',journey="{journey}"' if journey else "")
    return {
        "ratioMetric": {
            "counter": False,  # events a second
            "bad": _source(f"{series.bad(spec.sample_window)}{{{labels}}}"),
            "total": _source(f"{series.events(spec.sample_window)}{{{labels}}}"),
        }
    }


def _slices() -> Document:
    return {"thresholdMetric": _source(f"max({series.POOL_BUSY})")}


def _source(query: str) -> Document:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _objective(spec: Spec, objective: Objective) -> Document:
    if not objective.in_slices:
        return {
            "budgetingMethod": "Occurrences",
            "objectives": [{"displayName": objective.title, "target": objective.target}],
        }
    saturation = spec.objectives.saturation
    return {
        "budgetingMethod": "Timeslices",
        "objectives": [
            {
                "displayName": objective.title,
                "op": "lte",
                "value": saturation.busy,
                "target": objective.target,
                "timeSliceTarget": 1.0,
                "timeSliceWindow": series.duration(saturation.slice),
            }
        ],
    }
