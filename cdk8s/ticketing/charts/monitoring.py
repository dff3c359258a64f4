"""What Prometheus, Alertmanager and Grafana are told: everything that follows from the promise."""

from __future__ import annotations

import json
import re
from typing import Any

from cdk8s import Chart
from cdk8s_plus_36 import k8s
from constructs import Construct

from cdk.names import Output
from slo import alertmanager, series
from slo.dashboards import build as dashboards
from slo.rules import document
from slo.spec import Spec
from ticketing.custom import alertmanager_config, pod_monitor, prometheus_rule
from ticketing.inputs import Inputs
from ticketing.labels import metadata
from ticketing.shop import BACKEND, HEARTBEAT_SECRET, HEARTBEAT_URL, METRICS, WORKER

_NAME = "promise"
_MATCHER = re.compile(r"""(\w+)(=~|!~|!=|=)("(?:[^"\\]|\\.)*")""")
_WATCHDOG = "watchdog"  # told each minute, so never by a letter
_SILENT = "silent"


class Monitoring(Chart):
    """Targets, rules, the way of alerts, and dashboards."""

    def __init__(self, scope: Construct, name: str, *, inputs: Inputs, spec: Spec) -> None:
        super().__init__(scope, name)
        interval = series.duration(spec.prometheus.scrape_interval)
        for workload in (BACKEND, WORKER):
            pod_monitor(self, inputs, workload, port=METRICS, interval=interval)
        # Where nothing feeds an alert, it would only look as if somebody watched.
        prometheus_rule(self, inputs, _NAME, document.document(spec, exporters=False))
        told = alertmanager.configuration(spec)
        alertmanager_config(
            self,
            inputs,
            _NAME,
            route=_route(told["route"]),
            receivers=[_receiver(inputs, each["name"]) for each in told["receivers"]],
            inhibit_rules=[_inhibition(rule) for rule in told["inhibit_rules"]],
        )
        self._dashboards(inputs, spec)

    def _dashboards(self, inputs: Inputs, spec: Spec) -> None:
        for path, text in dashboards.write(spec).items():
            k8s.KubeConfigMap(
                self,
                f"Dashboard-{path.stem}",
                metadata=metadata(
                    inputs, f"dashboard-{path.stem}", component="dashboards", more={"grafana_dashboard": "1"}
                ),
                data={path.name: text},
            )


def _receiver(inputs: Inputs, name: str) -> dict[str, Any]:
    """The topic of alarms, which Alertmanager's role may publish to; of the watchdog whoever misses it, if anybody."""
    if name == _WATCHDOG:
        url = {"urlSecret": {"name": HEARTBEAT_SECRET, "key": HEARTBEAT_URL}, "sendResolved": False}
        return {"name": name, **({"webhookConfigs": [url]} if inputs.env.monitoring.heartbeat else {})}
    if name == _SILENT:
        return {"name": name}
    return {
        "name": name,
        "snsConfigs": [
            {
                "topicARN": inputs[Output.ALARM_TOPIC],
                "sigv4": {"region": inputs.env.region},
                "subject": f"{inputs.env.name} {name}: {{{{ .CommonLabels.alertname }}}} {{{{ .Status | toUpper }}}}",
                "sendResolved": True,
            }
        ],
    }


def _route(route: dict[str, Any]) -> dict[str, Any]:
    """As the operator's resource spells it."""
    made = {_camel(key): value for key, value in route.items() if key not in ("matchers", "routes")}
    if "matchers" in route:
        made["matchers"] = [_matcher(each) for each in route["matchers"]]
    if "routes" in route:
        made["routes"] = [_route(each) for each in route["routes"]]
    return made


def _inhibition(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        "sourceMatch": [_matcher(each) for each in rule["source_matchers"]],
        "targetMatch": [_matcher(each) for each in rule["target_matchers"]],
        "equal": rule["equal"],
    }


def _matcher(text: str) -> dict[str, str]:
    """From name="value", or with another of the four operators. ValueError when it is none."""
    found = _MATCHER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is no matcher of Alertmanager's")
    return {"name": found[1], "matchType": found[2], "value": json.loads(found[3])}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
