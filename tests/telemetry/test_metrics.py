import asyncio
import math
import time
from collections.abc import Callable

import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from backend.db import pool as db
from backend.telemetry.instruments import Counter, Family, Histogram
from backend.telemetry.metrics import Metrics, metrics_app
from backend.telemetry.process import watch_loop
from backend.telemetry.promise import load_promise
from tools.programs.prometheus import MISSING, find

Scrape = Callable[[], list[str]]

CONTRACT = {
    "http_request_duration_seconds": "histogram",
    "http_requests_total": "counter",
    "http_requests_in_flight": "gauge",
    "requests_shed_total": "counter",
    "db_pool_connections": "gauge",
    "db_pool_size": "gauge",
    "db_pool_busy_seconds_total": "counter",
    "db_pool_wait_seconds": "histogram",
    "db_pool_timeouts_total": "counter",
    "holds_total": "counter",
    "holds_expired_total": "counter",
    "orders_total": "counter",
    "tickets_sold_total": "counter",
    "tickets_oversold": "gauge",
    "invariants_broken": "gauge",
    "payments_unsettled_seconds": "gauge",
    "outbox_pending": "gauge",
    "outbox_oldest_seconds": "gauge",
    "events_relayed_total": "counter",
    "payments_total": "counter",
    "payment_duration_seconds": "histogram",
    "payment_to_ticket_seconds": "histogram",
    "event_loop_lag_seconds": "histogram",
    "process_cpu_seconds_total": "counter",
    "process_resident_memory_bytes": "gauge",
    "process_open_fds": "gauge",
    "process_start_time_seconds": "gauge",
    "web_vitals_lcp_seconds": "histogram",
    "web_vitals_inp_seconds": "histogram",
    "web_vitals_cls": "histogram",
}


def test_every_metric_of_the_contract_is_there_with_its_type(scrape: Scrape) -> None:
    types = dict(line.split()[2:4] for line in scrape() if line.startswith("# TYPE"))
    assert {name: types.get(name) for name in CONTRACT} == CONTRACT


def test_series_exist_at_zero_before_anything_happened(metrics: Metrics, scrape: Scrape) -> None:
    metrics.http.declare("POST", "/api/basket", [201, 409, 503])
    lines = scrape()
    assert 'holds_total{result="sold_out"} 0' in lines
    assert 'events_relayed_total{result="dead",sink="mailbox"} 0' in lines
    assert 'http_requests_total{code="503",method="POST",route="/api/basket"} 0' in lines
    for outcome in ("good", "bad", "excluded"):
        labels = f'journey="book",le="0.8",method="POST",outcome="{outcome}",route="/api/basket"'
        assert f"http_request_duration_seconds_bucket{{{labels}}} 0.0" in lines


def test_a_gauge_nobody_has_measured_is_not_shown_as_zero(metrics: Metrics, scrape: Scrape) -> None:
    assert not any(line.startswith("invariants_broken ") for line in scrape())
    metrics.invariants_broken.set(0)
    assert "invariants_broken 0" in scrape()


def test_requests_are_counted_by_status_and_timed_by_outcome(metrics: Metrics, scrape: Scrape) -> None:
    meter = metrics.http.declare("GET", "/api/events")
    meter.record(200, 0.03)
    meter.record(500, 0.9)
    lines = scrape()
    assert 'http_requests_total{code="200",method="GET",route="/api/events"} 1' in lines
    assert (
        'http_request_duration_seconds_bucket{journey="browse",le="0.05",method="GET",outcome="good",route="/api/events"} 1.0'  # noqa: E501 - a line of the format
        in lines
    )
    assert (
        'http_request_duration_seconds_count{journey="browse",method="GET",outcome="bad",route="/api/events"} 1.0'
        in lines
    )


def test_excluded_and_unmatched_routes_stay_out_of_the_slo_histogram(metrics: Metrics, scrape: Scrape) -> None:
    metrics.http.declare("GET", "/healthz").record(200, 0.001)
    metrics.http.unmatched("BREW").record(404, 0.001)
    lines = scrape()
    assert 'http_requests_total{code="404",method="other",route="unmatched"} 1' in lines
    assert not any(line.startswith("http_request_duration_seconds_") for line in lines)


@given(st.lists(st.tuples(st.text(), st.integers(), st.floats()), max_size=30))
def test_no_request_can_grow_the_labels_beyond_the_declared(requests: list[tuple[str, int, float]]) -> None:
    metrics = Metrics(load_promise())
    for method, status, seconds in requests:
        metrics.http.unmatched(method).record(status, abs(seconds))
    assert {labels[:2] for labels in metrics.http._requests._children} <= {
        (method, "unmatched") for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other")
    }
    assert all(100 <= int(labels[2]) <= 599 for labels in metrics.http._requests._children)


@pytest.mark.parametrize("hostile", ['quote"', "back\\slash", "new\nline", "return\r"])
def test_a_label_value_that_would_break_the_scrape_is_refused(hostile: str) -> None:
    family = Family(Counter, ("route",))
    with pytest.raises(ValueError, match="cannot be the labels"):
        family.add(hostile)


def test_a_label_value_outside_the_enumeration_is_an_error(metrics: Metrics) -> None:
    with pytest.raises(KeyError):
        metrics.holds.labels("sold-out")


@pytest.mark.parametrize(("value", "counted"), [(math.nan, 0.0), (-1.0, 0.0), (-math.inf, 0.0), (math.inf, 1e9)])
def test_an_observation_that_is_no_duration_cannot_spoil_the_sum(value: float, counted: float) -> None:
    histogram = Histogram([0.5, 1])
    histogram.observe(value)
    assert histogram.sample()["sum"] == counted
    assert histogram.sample()["count"] == 1


@given(st.lists(st.floats(min_value=0, max_value=20)))
def test_a_histogram_counts_as_the_naive_definition_does(values: list[float]) -> None:
    edges = (0.5, 0.8, 10.0)
    histogram = Histogram(edges)
    for value in values:
        histogram.observe(value)
    expected = {edge: sum(value <= edge for value in values) for edge in (*edges, math.inf)}
    sample = histogram.sample()
    assert {edge: sample[edge] for edge in expected} == expected
    assert sample["count"] == len(values)


async def test_promtool_accepts_the_scrape(metrics: Metrics) -> None:
    metrics.http.declare("POST", "/api/basket", [201, 409, 503]).record(201, 0.004)
    metrics.http.unmatched("GET").record(404, 0.001)
    metrics.invariants_broken.set(0)
    async with TestClient(TestServer(metrics_app(metrics.registry))) as client:
        answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text"})
        assert answer.content_type == "text/plain"
        text = await answer.read()
    promtool = find("promtool")
    assert promtool, MISSING
    check = await asyncio.create_subprocess_exec(
        promtool, "check", "metrics", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=-2
    )
    output, _ = await check.communicate(text)
    complaints = [line for line in output.decode().splitlines() if line]
    assert (check.returncode, complaints) == (0, [])


def test_a_full_scrape_does_not_stall_the_event_loop_for_long(metrics: Metrics, scrape: Scrape) -> None:
    for route in metrics.http._promise.route_journeys:
        method, template = route.split(" ")
        metrics.http.declare(method, template, range(400, 420))
    started = time.process_time()
    assert len(scrape()) < 4000
    assert time.process_time() - started < 0.25


async def test_a_blocked_event_loop_shows_in_its_lag(metrics: Metrics) -> None:
    async with watch_loop(metrics.loop_lag):
        async with asyncio.timeout(5):
            while not metrics.loop_lag.sample()["sum"] > 0.25:
                time.sleep(0.5)  # noqa: ASYNC251 - blocking is what is to be seen
                await asyncio.sleep(0.01)


def test_the_process_reports_what_it_costs(scrape: Scrape) -> None:
    values = dict(line.split(" ") for line in scrape() if line.startswith("process_"))
    assert float(values["process_resident_memory_bytes"]) > 10e6
    assert float(values["process_cpu_seconds_total"]) > 0
    assert 0 < float(values["process_open_fds"]) < float(values["process_max_fds"])
    assert time.time() - 86_400 < float(values["process_start_time_seconds"]) <= time.time()


def test_the_pool_reports_what_saturates_it(metrics: Metrics, scrape: Scrape) -> None:
    pool: db.PoolMetrics = metrics.pool
    metrics.pool.size.set(10)
    pool.connections(7, 3)
    pool.busy(0.25)
    pool.waited(0.02)
    pool.timed_out()
    assert {
        'db_pool_connections{state="used"} 7',
        'db_pool_connections{state="idle"} 3',
        "db_pool_size 10",
        "db_pool_busy_seconds_total 0.25",
        'db_pool_wait_seconds_bucket{le="0.025"} 1.0',
        "db_pool_timeouts_total 1",
    } <= set(scrape())


async def test_a_process_without_another_port_says_here_that_it_lives(metrics: Metrics) -> None:
    async with TestClient(TestServer(metrics_app(metrics.registry))) as client:
        answer = await client.get("/healthz")
        assert (answer.status, await answer.json()) == (200, {"status": "alive"})
