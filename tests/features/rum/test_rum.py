from typing import Any, get_args

import pytest
from aioprometheus.renderer import render

from backend.features.rum.routes import Page, rum_routes
from backend.telemetry.metrics import PAGES, Metrics
from backend.telemetry.promise import load_promise
from backend.web.edge import EdgeOptions
from tests.web.serving import ROOT, serving


async def told(*measured: dict[str, Any], page: str = "event") -> tuple[int, list[str]]:
    """Status of the answer and the lines of a scrape after it."""
    metrics = Metrics(load_promise(ROOT / "slo.yaml"))
    async with serving(rum_routes(metrics.vitals), EdgeOptions()) as door:
        answer = await door.client.post("/api/rum", json={"page": page, "metrics": measured})
        return answer.status, render(metrics.registry, [])[0].decode().splitlines()


async def test_vitals_are_recorded_in_seconds_by_page() -> None:
    status, lines = await told({"name": "LCP", "value": 1234.5}, {"name": "CLS", "value": 0.03})
    assert status == 204
    assert 'web_vitals_lcp_seconds_sum{page="event"} 1.2345' in lines
    assert 'web_vitals_cls_bucket{le="0.05",page="event"} 1.0' in lines
    assert 'web_vitals_inp_seconds_count{page="event"} 0.0' in lines


async def test_a_liar_counts_as_a_minute_at_most() -> None:
    _, lines = await told({"name": "INP", "value": 1e300})
    assert 'web_vitals_inp_seconds_sum{page="event"} 60.0' in lines


@pytest.mark.parametrize(
    "metric",
    [{"name": "FID", "value": 1}, {"name": "LCP", "value": -1}, {"name": "LCP", "value": "fast"}, {"name": "LCP"}],
)
async def test_what_is_no_vital_is_400(metric: dict[str, Any]) -> None:
    assert (await told(metric))[0] == 400


async def test_a_page_nobody_has_is_400_and_no_label() -> None:
    status, lines = await told({"name": "LCP", "value": 1}, page='x"} 1\nevil 1')
    assert status == 400
    assert not any("evil" in line for line in lines)


async def test_a_beacon_beyond_4_kib_is_413() -> None:
    async with serving(rum_routes(Metrics(load_promise()).vitals), EdgeOptions()) as door:
        assert (await door.problem("POST", "/api/rum", data=b" " * 4097))[0] == 413


def test_the_pages_that_are_taken_are_those_that_are_measured() -> None:
    assert get_args(Page) == PAGES
