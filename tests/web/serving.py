"""A service of a few routes behind the real door, on a real port."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from aioprometheus.renderer import render

from backend.telemetry.logs import LogOptions, RequestLog
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from backend.web.edge import Edge, EdgeOptions
from backend.web.health import Health
from backend.web.routes import Route
from backend.web.sse import Hub

ROOT = Path(__file__).parents[2]


@dataclass
class Door:
    client: aiohttp.ClientSession
    runner: web.AppRunner
    metrics: Metrics
    health: Health
    port: int

    def scrape(self) -> list[str]:
        return render(self.metrics.registry, [])[0].decode().splitlines()

    async def problem(self, method: str, path: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """Status and members of an answer that is a problem."""
        async with self.client.request(method, path, **request) as answer:
            assert answer.content_type == "application/problem+json"
            return answer.status, await answer.json(content_type=None)


@asynccontextmanager
async def serving(
    routes: Iterable[Route],
    options: EdgeOptions,
    *,
    hub: Hub | None = None,
    log: LogOptions | None = None,
    handler_cancellation: bool = False,
) -> AsyncIterator[Door]:
    """handler_cancellation: as aiohttp's own test server has it and `web.run_app` has not."""
    metrics = Metrics(load_promise(ROOT / "slo.yaml"))
    health = Health(warmed=True, schema_current=True)
    app = web.Application(client_max_size=64 * 1024)
    if hub is not None:
        hub.serve(app)
    Edge(options, metrics.http, health, RequestLog(log or LogOptions(sample=0.0))).serve(app, routes)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=handler_cancellation, shutdown_timeout=5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        try:
            yield Door(client, runner, metrics, health, port)
        finally:
            await runner.cleanup()


Serve = Callable[..., Awaitable[Door]]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that nothing announces, five seconds at most."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - what is waited for is seen from outside and sets no event
            await asyncio.sleep(0.005)
