from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from backend.telemetry.promise import Promise, load_promise
from backend.telemetry.promise_faults import PromiseError

PROMISE = Path(__file__).parents[2] / "slo.yaml"


@pytest.fixture(scope="module")
def promise() -> Promise:
    return load_promise()


def written(folder: Path, **changes: Any) -> Path:
    """The repository's slo.yaml with some sections replaced."""
    content = yaml.safe_load(PROMISE.read_text(encoding="utf-8")) | changes
    path = folder / "slo.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_the_window_is_28_days_and_800_ms_is_an_edge(promise: Promise) -> None:
    assert promise.window == timedelta(days=28)
    assert 0.8 in promise.buckets.seconds


@pytest.mark.parametrize(
    ("status", "seconds", "outcome"),
    [
        (200, 0.01, "good"),
        (200, 9.0, "good"),
        (204, 0.01, "good"),
        (304, 0.01, "good"),
        (400, 0.01, "good"),
        (401, 0.01, "good"),
        (403, 0.01, "good"),
        (404, 0.01, "good"),
        (409, 0.01, "good"),
        (413, 0.01, "good"),
        (422, 0.01, "good"),
        (429, 0.01, "excluded"),
        (429, 5.0, "excluded"),
        (499, 0.799, "excluded"),
        (499, 0.8, "bad"),
        (499, 3.0, "bad"),
        (500, 0.01, "bad"),
        (503, 0.001, "bad"),
        (504, 2.0, "bad"),
    ],
)
def test_each_answer_has_the_outcome_of_the_contract(
    promise: Promise, status: int, seconds: float, outcome: str
) -> None:
    assert promise.outcome(status, seconds) == outcome


def test_a_served_route_outside_the_promise_is_named(promise: Promise) -> None:
    served = {*promise.route_journeys, *promise.excluded_routes, "GET /api/secret"}
    with pytest.raises(PromiseError, match="GET /api/secret is served but in no journey"):
        promise.check_routes(served)


def test_a_promised_route_that_is_not_served_is_named(promise: Promise) -> None:
    served = {*promise.route_journeys, *promise.excluded_routes} - {"POST /api/checkout"}
    with pytest.raises(PromiseError, match="POST /api/checkout is named but not served"):
        promise.check_routes(served)


def test_a_matching_service_passes(promise: Promise) -> None:
    promise.check_routes([*promise.route_journeys, *promise.excluded_routes])


def test_a_threshold_that_is_no_bucket_edge_is_refused(tmp_path: Path) -> None:
    buckets = yaml.safe_load(PROMISE.read_text(encoding="utf-8"))["buckets"]
    buckets["seconds"].remove(0.8)
    with pytest.raises(PromiseError, match=r"threshold 0\.8 is no edge of buckets\.seconds"):
        load_promise(written(tmp_path, buckets=buckets))


def test_two_objectives_of_one_threshold_are_refused_in_a_line(tmp_path: Path) -> None:
    objectives = yaml.safe_load(PROMISE.read_text(encoding="utf-8"))["objectives"]
    objectives["latency"] = [{"target": 0.95, "under": 0.8}, {"target": 0.99, "under": 0.8}]
    with pytest.raises(PromiseError) as refused:
        load_promise(written(tmp_path, objectives=objectives))
    assert "objectives.latency.1.under: expected a threshold of its own, 0.8 s is latency.0's" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_route_in_two_places_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromiseError, match="a route stands in two places"):
        load_promise(written(tmp_path, excluded={"twice": ["GET /api/events"]}))


def test_a_status_without_a_rule_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PromiseError, match="no rule for every answer with status 100"):
        load_promise(written(tmp_path, classification=[{"status": "5xx", "outcome": "bad"}]))


def test_a_missing_file_says_how_to_name_it(tmp_path: Path) -> None:
    with pytest.raises(PromiseError, match="SLO_FILE names the file"):
        load_promise(tmp_path / "none.yaml")


def test_what_the_rules_and_the_gate_alone_need_does_not_concern_the_backend(tmp_path: Path) -> None:
    path = written(tmp_path, gate={"tiers": [{"verdict": "block"}], "coverage": "most"}, traffic="much")
    assert load_promise(path).service == "aegistickets"
