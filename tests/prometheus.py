"""A Prometheus for tests: a real one with samples written into its past, or a fake one with every fault."""

from __future__ import annotations

import asyncio
import os
import re
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.shop import free_ports
from tests.slo.promql import program
from tools.processes import Start, start, stop
from tools.programs import prometheus as programs

BURN_PAGES = ("SLOAvailabilityFastBurn", "SLOLatencyFastBurn", "SLOTicketsFastBurn")

Moments = Mapping[float, float]
"""Seconds before now, and the value then."""


@dataclass(frozen=True)
class Recorded:
    """A series as it stands in Prometheus."""

    name: str
    labels: Mapping[str, str]
    samples: Moments

    def at(self, now: float) -> list[tuple[float, str]]:
        return [(now - age, str(value)) for age, value in sorted(self.samples.items(), reverse=True)]


@dataclass
class FakePrometheus:
    """Answers queries with the series that they name. fault: what it does instead of answering.

    history: seconds for which it has measured, by objective and journey. rules: health of the paging ones, by name.
    """

    recorded: list[Recorded] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    history: dict[tuple[str, str], float] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=lambda: dict.fromkeys(BURN_PAGES, "ok"))
    rules_age: float = 0.0  # seconds since their evaluation
    retention: str = "35d"
    clock: float = 0.0  # seconds that it is ahead
    fault: Callable[[web.Request], Any] | None = None
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.router.add_get("/api/v1/{path:.*}", self._answer)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.query.get("query", request.path))
        if self.fault is not None:
            answer = await self.fault(request)
            assert isinstance(answer, web.StreamResponse)
            return answer
        return web.json_response({"status": "success", "data": self._data(request.match_info["path"], request.query)})

    def _data(self, path: str, query: Mapping[str, str]) -> Any:
        if path == "alerts":
            return {"alerts": self.alerts}
        if path == "status/runtimeinfo":
            return {"storageRetention": self.retention}
        if path == "rules":
            return {"groups": [{"name": "burn", "rules": list(self._rules())}]}
        now = time.time() + self.clock
        if query["query"].startswith("min_over_time"):
            ages = [
                {"metric": {"slo": slo, "journey": journey}, "value": (now, str(now - age))}
                for (slo, journey), age in self.history.items()
            ]
            return {"resultType": "vector", "result": ages}
        named = set(re.findall(r"[A-Za-z_][\w:]*", query["query"]))
        found = [series for series in self.recorded if series.name in named]
        if path == "query_range" or query["query"].endswith("]"):
            return {"resultType": "matrix", "result": [self._series(s, values=s.at(now)) for s in found]}
        return {"resultType": "vector", "result": [self._series(s, value=(now, s.at(now)[-1][1])) for s in found]}

    def _rules(self) -> Iterator[dict[str, Any]]:
        moment = datetime.fromtimestamp(time.time() + self.clock - self.rules_age, UTC).isoformat()
        for name, health in self.rules.items():
            yield {"name": name, "type": "alerting", "health": health, "lastEvaluation": moment}

    def _series(self, series: Recorded, **samples: Any) -> dict[str, Any]:
        return {"metric": {"__name__": series.name, **series.labels}, **samples}


async def answer_503(_request: web.Request) -> web.Response:
    return web.Response(status=503, text="upstream connect error")


async def answer_html(_request: web.Request) -> web.Response:
    return web.Response(text="<html>Sign in</html>", content_type="text/html")


async def answer_other_json(_request: web.Request) -> web.Response:
    return web.json_response({"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}})


async def refuse(_request: web.Request) -> web.Response:
    return web.json_response({"status": "error", "errorType": "bad_data", "error": "no such thing"}, status=400)


async def warn(_request: web.Request) -> web.Response:
    empty = {"resultType": "vector", "result": []}
    return web.json_response({"status": "success", "warnings": ["a store is away"], "data": empty})


async def drip(request: web.Request) -> web.StreamResponse:
    """A byte now and then, for ever: no single read takes long."""
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


@contextmanager
def running_prometheus(folder: Path, config: Path, retention: timedelta = timedelta(days=35)) -> Iterator[str]:
    """A real one with its data in the folder; its address."""
    (port,) = free_ports(1)
    args = programs.command(program("prometheus"), config, folder / "data", port, retention)
    process = start(Start(args, log=folder / "prometheus.log", env=os.environ))
    url = f"http://127.0.0.1:{port}"
    give_up = time.monotonic() + 20
    try:
        while not _ready(url):
            assert process.poll() is None, (folder / "prometheus.log").read_text()
            assert time.monotonic() < give_up, "Prometheus is not ready after 20 s"
            time.sleep(0.05)
        yield url
    finally:
        stop(process)


def _ready(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/-/ready", timeout=1) as answer:
        return bool(answer.status == 200)
    return False


def write_past(folder: Path, recorded: Iterable[Recorded]) -> None:
    """Make blocks of these samples in the folder's data, before a Prometheus starts on it."""
    now = time.time()
    samples: dict[str, list[tuple[float, float]]] = {}
    for series in recorded:  # the same one may be given in parts
        past = [(now - age, value) for age, value in series.samples.items()]
        samples.setdefault(series.name + _labels(series.labels), []).extend(past)
    programs.write_past(folder / "data", {series: sorted(past) for series, past in samples.items()})


def _labels(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
