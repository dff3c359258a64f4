"""The dashboards as files: PromQL that parses, metrics that exist, numbers from slo.yaml, no surprise for Grafana."""

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from aioprometheus.renderer import render
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from backend.telemetry.metrics import Metrics
from slo.dashboards import build
from slo.rules import document
from slo.rules.model import Recording
from slo.spec import Spec, load_spec
from tests.slo import grafana, promql

SPEC = load_spec()

# What neither the backend nor our rules make, by who does.
OTHERS = {
    "Prometheus itself": {
        "ALERTS", "up", "scrape_duration_seconds", "scrape_samples_scraped", "prometheus_notifications_dropped_total",
        "prometheus_rule_evaluation_failures_total", "prometheus_rule_group_iterations_missed_total",
        "prometheus_rule_group_last_duration_seconds", "prometheus_tsdb_head_series",
        "prometheus_tsdb_lowest_timestamp_seconds",
    },
    "kube-state-metrics": {
        "kube_horizontalpodautoscaler_spec_max_replicas", "kube_horizontalpodautoscaler_status_current_replicas",
        "kube_horizontalpodautoscaler_status_desired_replicas", "kube_node_labels", "kube_node_status_condition",
        "kube_pod_container_resource_limits", "kube_pod_container_resource_requests",
        "kube_pod_container_status_last_terminated_reason", "kube_pod_container_status_restarts_total",
        "kube_pod_info", "kube_replicaset_created",
    },
    "cAdvisor and the kubelet": {
        "container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total",
        "container_cpu_usage_seconds_total", "container_memory_working_set_bytes",
        "kubelet_volume_stats_available_bytes", "kubelet_volume_stats_capacity_bytes",
    },
    "the node exporter": {"node_memory_MemAvailable_bytes", "node_memory_MemTotal_bytes"},
    "the CloudWatch exporter": {
        "aws_applicationelb_httpcode_elb_5_xx_count_sum", "aws_rds_cpuutilization_average",
        "aws_rds_database_connections_average", "aws_rds_deadlocks_average", "aws_rds_free_storage_space_average",
        "aws_rds_read_iops_average", "aws_rds_write_iops_average", "aws_rds_write_latency_average",
        "aws_sqs_approximate_age_of_oldest_message_maximum", "aws_sqs_approximate_number_of_messages_visible_average",
    },
    "k6, writing to Prometheus": {"k6_journey_requests_total"},
}  # fmt: skip


def exposed(spec: Spec) -> set[str]:
    """Every name under which the backend's registry shows samples."""
    registry = Metrics(spec, providers=("test",), sinks=("mail",)).registry
    text = render(registry, [])[0].decode()
    kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    parts = ("_bucket", "_sum", "_count")
    return {
        shown
        for name, kind in kinds.items()
        for shown in ([name + part for part in parts] if kind == "histogram" else [name])
    }


def recorded(spec: Spec) -> set[str]:
    return {rule.name for group in document.groups(spec) for rule in group.rules if isinstance(rule, Recording)}


def altered(**changes: Any) -> Spec:
    """slo.yaml with some objectives changed."""
    objectives = SPEC.objectives.model_copy(update=changes)
    return SPEC.model_copy(update={"objectives": objectives})


@pytest.fixture(params=grafana.boards(SPEC), ids=lambda board: str(board["uid"]))
def board(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(request.param)


def test_there_are_seven_at_addresses_that_stay() -> None:
    assert [board["uid"] for board in grafana.boards(SPEC)] == [
        "aegis-overview", "aegis-routes", "aegis-resources", "aegis-database", "aegis-business", "aegis-onsale",
        "aegis-monitoring",
    ]  # fmt: skip


def test_every_query_parses(tmp_path: Path) -> None:
    drawn = {query.expr for query in grafana.queries(SPEC)} | grafana.marks(SPEC)
    assert promql.faults(map(promql.filled_in, drawn), tmp_path) == ""


def test_a_query_that_does_not_parse_is_found(tmp_path: Path) -> None:
    assert "parse error" in promql.faults(["sum by (route (up)"], tmp_path)


def test_every_metric_exists() -> None:
    known = exposed(SPEC) | recorded(SPEC) | set().union(*OTHERS.values())
    drawn = {name for query in grafana.queries(SPEC) for name in promql.metrics(query.expr)}
    drawn |= {name for expr in grafana.marks(SPEC) for name in promql.metrics(expr)}
    assert drawn - known == set()
    assert set().union(*OTHERS.values()) - drawn == set(), "the list of others names what nobody draws"


@pytest.mark.parametrize(
    ("expr", "names"),
    [
        ('sum by (le, route) (rate(a_bucket{le="0.8"}[5m])) / (b > 0)', {"a_bucket", "b"}),
        ("slo:burn:ratio1h / on (slo) group_left () (1 - c) or vector(0)", {"slo:burn:ratio1h", "c"}),
        ("clamp_min(d, 0) * 2.4e+06 offset 1d and e unless f", {"d", "e", "f"}),
    ],
)
def test_the_metrics_of_a_query_are_told_from_its_other_words(expr: str, names: set[str]) -> None:
    assert promql.metrics(expr) == names


def test_every_panel_says_what_it_shows(board: dict[str, Any]) -> None:
    for panel in grafana.panels(board):
        assert panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"]
        lowest, *values = [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]]
        assert lowest is None
        assert values == sorted(set(values))
        assert [target["refId"] for target in panel["targets"]] == list("ABCDEFG"[: len(panel["targets"])])
    titles = [panel["title"] for panel in grafana.panels(board)]
    assert len(titles) == len(set(titles))


def test_the_data_source_is_chosen_at_the_top(board: dict[str, Any]) -> None:
    source = {"type": "prometheus", "uid": "${datasource}"}
    first = board["templating"]["list"][0]
    assert (first["name"], first["type"], first["query"]) == ("datasource", "datasource", "prometheus")
    used = [panel["datasource"] for panel in grafana.panels(board)]
    used += [target["datasource"] for panel in grafana.panels(board) for target in panel["targets"]]
    used += [mark["datasource"] for mark in board["annotations"]["list"]]
    used += [variable["datasource"] for variable in board["templating"]["list"][1:]]
    assert [each for each in used if each != source] == []


def test_a_variable_that_is_used_can_be_chosen(board: dict[str, Any]) -> None:
    names = {variable["name"] for variable in board["templating"]["list"]}
    assert ("$journey" in json.dumps(board["panels"])) == ("journey" in names)


def test_deploys_and_starts_are_marked(board: dict[str, Any]) -> None:
    assert [(mark["name"], mark["useValueForTime"]) for mark in board["annotations"]["list"]] == [
        ("Deploys", True),
        ("Starts", True),
    ]


def test_no_panel_lies_on_another_or_beside_the_grid(board: dict[str, Any]) -> None:
    places = [panel["gridPos"] for panel in board["panels"]]
    for place in places:
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        apart = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart |= one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart, (one, other)


def test_grafanas_own_types_read_each_file_without_loss() -> None:
    for path, text in build.write(SPEC).items():
        read = json.loads(json.dumps(Dashboard.from_json(json.loads(text)), cls=JSONEncoder))
        for each in (*read["links"], *read["annotations"]["list"]):
            assert each.pop("placement") == "inControlsMenu", "the SDK's own default"
        assert read == json.loads(text), path


def test_a_target_that_moves_moves_the_line_that_is_drawn() -> None:
    stricter = altered(availability=SPEC.objectives.availability.model_copy(update={"target": 0.9975}))
    overview, routes, *_ = grafana.boards(stricter)
    (kept,) = (panel for panel in grafana.panels(overview) if panel["title"] == "Requests answered well")
    assert kept["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] == 0.9975
    assert "0.0025" in json.dumps(routes)


def test_every_board_leads_to_the_runbooks_and_to_the_other_boards(board: dict[str, Any]) -> None:
    assert [(link["title"], link.get("url", "")) for link in board["links"]] == [
        ("Dashboards", ""),
        ("Runbooks", SPEC.links.runbooks),
    ]


def test_an_alert_in_the_table_leads_to_its_runbook() -> None:
    overview, *_ = grafana.boards(SPEC)
    (firing,) = (panel for panel in grafana.panels(overview) if panel["title"] == "Alerts firing")
    assert SPEC.links.runbook("${__value.raw}") in json.dumps(firing["fieldConfig"]["overrides"])
