"""What Prometheus, Alertmanager and Grafana get is what follows from the promise, and what it asks for is measured."""

import json

from cdk.names import Output
from slo import alertmanager, series
from slo.dashboards import build as dashboards
from slo.rules import document
from slo.spec import load_spec
from tests.slo import promql
from tests.slo.test_dashboards import exposed, recorded
from ticketing.checks.objects import Objects
from ticketing.inputs import Inputs

SPEC = load_spec()
# Who measures what is not the service's own: kube-state-metrics, the kubelet, Prometheus of itself and of its targets.
EXPORTERS = ("kube_", "kubelet_", "prometheus_", "up")
# The load balancer's own answers and its certificate are known to CloudWatch alone, whose alarms the observability
# stack has. Alerts on these stay silent until somebody adds an exporter.
CLOUDWATCH_ONLY = {
    "aws_applicationelb_httpcode_elb_5_xx_count_sum",
    "aws_applicationelb_request_count_sum",
    "probe_ssl_earliest_cert_expiry",
}


def test_rules_are_those_of_the_promise(manifests: Objects) -> None:
    assert manifests.one("PrometheusRule", "promise")["spec"] == document.document(SPEC)


def test_every_metric_that_the_rules_ask_for_is_measured_by_somebody(manifests: Objects) -> None:
    rules = [rule for group in manifests.one("PrometheusRule", "promise")["spec"]["groups"] for rule in group["rules"]]
    asked = set().union(*(promql.metrics(rule["expr"]) for rule in rules))
    measured = exposed(SPEC) | recorded(SPEC)
    others = {name for name in asked - measured if not name.startswith(EXPORTERS)}
    assert others == CLOUDWATCH_ONLY


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
    assert topics == {"page": [inputs[Output.ALARM_TOPIC]], "ticket": [inputs[Output.ALARM_TOPIC]], "watchdog": []}
    matchers = [
        (route["receiver"], [f'{m["name"]}{m["matchType"]}"{m["value"]}"' for m in route["matchers"]])
        for route in spec["route"]["routes"]
    ]
    assert matchers == [(route["receiver"], route["matchers"]) for route in told["route"]["routes"]]
    assert [route["repeatInterval"] for route in spec["route"]["routes"]] == [
        route["repeat_interval"] for route in told["route"]["routes"]
    ]
    assert [rule["equal"] for rule in spec["inhibitRules"]] == [rule["equal"] for rule in told["inhibit_rules"]]
