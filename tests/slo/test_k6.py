"""k6 itself, run against a tiny server that is well, slow, broken or overrun."""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from slo import k6
from slo.spec import load_spec

PASSED, THRESHOLDS_CROSSED = 0, 99
EVENTS, BASKET = "GET /api/events", "POST /api/basket"
STEADY = {"executor": "shared-iterations", "vus": 20, "iterations": 120, "maxDuration": "20s"}
OVERRUN = {"executor": "constant-arrival-rate", "rate": 100, "duration": "2s", "preAllocatedVUs": 1, "maxVUs": 1}

SCRIPT = """
import http from "k6/http";
import { options as promised, record, tags } from "./thresholds.js";

export const options = promised({ test: SCENARIO }, LIMITS);
export default () => record(ROUTE, http.get(URL, { tags: tags(ROUTE) }));
"""


@dataclass
class Site:
    """A server that answers with this status, after so many seconds."""

    url: str = ""
    status: int = 200
    seconds: float = 0.0

    async def answer(self, _request: web.Request) -> web.Response:
        await asyncio.sleep(self.seconds)
        return web.Response(status=self.status)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    app = web.Application()
    app.router.add_get("/", site.answer)
    async with TestServer(app) as server:
        site.url = str(server.make_url("/"))
        yield site


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The generated module, beside the scripts of a test."""
    (text,) = k6.write(load_spec()).values()
    path = tmp_path / "thresholds.js"
    path.write_text(text)
    return path


@dataclass
class Verdict:
    status: int
    output: str

    def crossed(self) -> set[str]:
        """The metrics whose thresholds were not met."""
        return set(re.findall(r"journey_\w+\{journey:\w+\}|dropped_iterations", self.output))


async def load_test(
    module: Path,
    url: str,
    *,
    scenario: object = STEADY,
    route: str = EVENTS,
    journeys: tuple[str, ...] = ("browse",),
    **limits: int,
) -> Verdict:
    values = {"SCENARIO": scenario, "LIMITS": {"journeys": journeys, **limits}, "ROUTE": route, "URL": url}
    script = SCRIPT
    for name, value in values.items():
        script = script.replace(name, json.dumps(value))
    path = module.with_name("script.js")
    path.write_text(script)
    program = Path(sys.executable).with_name("k6")
    process = await asyncio.create_subprocess_exec(
        program, "run", "--no-usage-report", "--no-color", "--quiet", path,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return Verdict(process.returncode, errors.decode())


async def test_a_fast_site_passes(module: Path, site: Site) -> None:
    verdict = await load_test(module, site.url)
    assert verdict == Verdict(PASSED, "")


async def test_a_slow_site_fails_by_the_share_and_the_quantile(module: Path, site: Site) -> None:
    site.seconds = 0.85
    verdict = await load_test(module, site.url)
    assert verdict.status == THRESHOLDS_CROSSED
    assert verdict.crossed() == {"journey_duration{journey:browse}", "journey_within_800ms{journey:browse}"}


async def test_a_broken_site_fails(module: Path, site: Site) -> None:
    site.status = 503
    verdict = await load_test(module, site.url)
    assert verdict.status == THRESHOLDS_CROSSED
    assert verdict.crossed() == {"journey_failed{journey:browse}"}


async def test_a_site_that_nobody_reaches_fails(module: Path) -> None:
    verdict = await load_test(module, "http://127.0.0.1:1/")
    assert verdict.status == THRESHOLDS_CROSSED
    assert "journey_failed{journey:browse}" in verdict.crossed()


async def test_sold_out_is_an_answer_like_any_other(module: Path, site: Site) -> None:
    site.status = 409
    assert (await load_test(module, site.url, route=BASKET, journeys=("book",))).status == PASSED


async def test_a_journey_that_nobody_made_fails(module: Path, site: Site) -> None:
    verdict = await load_test(module, site.url, journeys=("browse", "account"))
    assert verdict.status == THRESHOLDS_CROSSED
    assert verdict.crossed() == {"journey_requests{journey:account}"}


async def test_requests_that_our_own_limit_refused_prove_nothing(module: Path, site: Site) -> None:
    site.status = 429
    verdict = await load_test(module, site.url)
    assert verdict.status == THRESHOLDS_CROSSED
    assert verdict.crossed() == {"journey_requests{journey:browse}"}


async def test_requests_that_were_never_sent_fail_the_test(module: Path, site: Site) -> None:
    site.seconds = 0.01
    verdict = await load_test(module, site.url, scenario=OVERRUN)
    assert verdict.status == THRESHOLDS_CROSSED
    assert "dropped_iterations" in verdict.crossed()


async def test_a_journey_or_route_that_is_not_promised_is_named(module: Path, site: Site) -> None:
    assert "cart is no journey of slo.yaml" in (await load_test(module, site.url, journeys=("cart",))).output
    stranger = await load_test(module, site.url, route="GET /api/cart", scenario={**STEADY, "iterations": 1, "vus": 1})
    assert "GET /api/cart belongs to no journey of slo.yaml" in stranger.output


@pytest.mark.parametrize(("fewer", "refused"), [(0, True), (1, True), (-1, False)])
async def test_fewer_requests_than_prove_something_cannot_be_asked_for(
    module: Path, site: Site, *, fewer: int, refused: bool
) -> None:
    fewest = load_spec().alerting.slow_quantile.minimum_requests
    minimum = 0 if fewer == 0 else fewest - fewer
    verdict = await load_test(module, site.url, minimum=minimum)
    assert (f"at least {fewest} requests" in verdict.output) == refused
    assert (verdict.status == PASSED) != refused
