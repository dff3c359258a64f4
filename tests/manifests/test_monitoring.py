"""What Prometheus, Alertmanager and Grafana get is what follows from the promise, and what it asks for is measured."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cdk.names import Output
from slo import alertmanager, series
from slo.dashboards import build as dashboards
from slo.rules import document
from slo.spec import load_spec
from tests.slo import promql
from tests.slo.test_dashboards import exposed, recorded
from ticketing.build import build
from ticketing.charts import monitoring
from ticketing.checks.every import findings, meaning
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs

SPEC = load_spec()
# Who measures what is not the service's own: kube-state-metrics, the kubelet, Prometheus of itself and of its targets.
EXPORTERS = ("kube_", "kubelet_", "prometheus_", "up")
# What nothing in the cluster measures: no alert on these is loaded there, as it could never fire.
UNFED = {"EdgeErrorsHigh", "CertificateExpiring"}


def test_rules_are_those_of_the_promise_but_for_what_nothing_feeds(manifests: Objects) -> None:
    spec = manifests.one("PrometheusRule", "promise")["spec"]
    assert spec == document.document(SPEC, exporters=False)
    assert named(document.document(SPEC)) - named(spec) == UNFED


def named(rules: Any) -> set[str]:
    return {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}


def test_every_metric_that_the_rules_ask_for_is_measured_by_somebody(manifests: Objects) -> None:
    rules = [rule for group in manifests.one("PrometheusRule", "promise")["spec"]["groups"] for rule in group["rules"]]
    asked = set().union(*(promql.metrics(rule["expr"]) for rule in rules))
    measured = exposed(SPEC) | recorded(SPEC)
    assert {name for name in asked - measured if not name.startswith(EXPORTERS)} == set()


def test_dashboards_are_those_of_the_promise(manifests: Objects) -> None:
    made = {path.name: json.loads(text) for path, text in dashboards.write(SPEC).items()}
    given = {name: json.loads(text) for board in manifests.of("ConfigMap") for name, text in board["data"].items()}
    assert given == made


def test_both_kinds_of_processes_are_asked_as_often_as_the_promise_says(manifests: Objects) -> None:
    monitors = {each["metadata"]["name"]: each["spec"]["podMetricsEndpoints"] for each in manifests.of("PodMonitor")}
    interval = series.duration(SPEC.prometheus.scrape_interval)
    expected = [{"port": "metrics", "path": "/metrics", "interval": interval, "scrapeTimeout": "10s"}]
    assert monitors == {"backend": expected, "worker": expected}


def test_pages_and_tickets_go_to_the_topic_of_alarms_as_the_promise_routes_them(
    manifests: Objects, inputs: Inputs
) -> None:
    spec = manifests.one("AlertmanagerConfig", "promise")["spec"]
    told = alertmanager.configuration(SPEC)
    assert [each["name"] for each in spec["receivers"]] == [each["name"] for each in told["receivers"]]
    topics = {each["name"]: [sns["topicARN"] for sns in each.get("snsConfigs", [])] for each in spec["receivers"]}
    assert topics == {
        "page": [inputs[Output.ALARM_TOPIC]],
        "ticket": [inputs[Output.ALARM_TOPIC]],
        "watchdog": [],
        "silent": [],
    }
    assert [(route["receiver"], said(route["matchers"])) for route in spec["route"]["routes"]] == [
        (route["receiver"], route["matchers"]) for route in told["route"]["routes"]
    ]
    assert [route["repeatInterval"] for route in spec["route"]["routes"]] == [
        route["repeat_interval"] for route in told["route"]["routes"]
    ]
    assert [
        {
            "source_matchers": said(rule["sourceMatch"]),
            "target_matchers": said(rule["targetMatch"]),
            "equal": rule["equal"],
        }
        for rule in spec["inhibitRules"]
    ] == told["inhibit_rules"]


@pytest.mark.parametrize("alert", ["ProbeFailing", "PrescalingFailing"])
def test_the_alert_on_the_probe_asks_for_what_runs_it(manifests: Objects, alert: str) -> None:
    (rule,) = [rule for rule in document.alerts(SPEC) if rule.name == alert]
    (asked,) = set(re.findall(r'cronjob="([^"]+)"', rule.expr))
    spec = manifests.one("CronJob", asked)["spec"]
    assert spec["schedule"] == "* * * * *"
    # What is to tell of an outage must not be what is left out when there is no room.
    assert spec["jobTemplate"]["spec"]["template"]["spec"]["priorityClassName"] == "tickets-serving"


def test_the_watchdog_is_told_to_whoever_misses_it_where_there_is_an_address(
    dev_inputs: Inputs, tmp_path: Path
) -> None:
    env = replace(dev_inputs.env, monitoring=replace(dev_inputs.env.monitoring, heartbeat=True))
    watched = replace(dev_inputs, env=env)
    build(watched, tmp_path)
    objects = Objects.read(tmp_path)
    (watchdog,) = [
        each for each in objects.one("AlertmanagerConfig", "promise")["spec"]["receivers"] if each["name"] == "watchdog"
    ]
    url = {"name": "heartbeat", "key": "HEARTBEAT_URL"}
    assert watchdog["webhookConfigs"] == [{"urlSecret": url, "sendResolved": False}]
    (data,) = objects.one("ExternalSecret", "heartbeat")["spec"]["data"]
    wanted = {"key": "tickets-dev/application", "property": "HEARTBEAT_URL"}
    assert data == {"secretKey": "HEARTBEAT_URL", "remoteRef": wanted}
    assert list(findings(objects, watched)) == []
    objects.bodies.remove(objects.one("ExternalSecret", "heartbeat"))
    assert list(meaning(objects, watched)) == [
        "AlertmanagerConfig promise: nothing brings HEARTBEAT_URL of the secret heartbeat"
    ]


def said(matchers: list[Any]) -> list[str]:
    """As Alertmanager's own file writes them."""
    return [f'{each["name"]}{each["matchType"]}"{each["value"]}"' for each in matchers]


@pytest.mark.parametrize("operator", ["=", "!=", "=~", "!~"])
def test_every_operator_of_a_matcher_is_understood(operator: str) -> None:
    assert monitoring._matcher(f'slo{operator}"a=\\"b.+"') == {"name": "slo", "matchType": operator, "value": 'a="b.+'}


@pytest.mark.parametrize("text", ["severity=page", 'severity=="page"', '"page"', 'a="b" c="d"'])
def test_what_is_no_matcher_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no matcher"):
        monitoring._matcher(text)
