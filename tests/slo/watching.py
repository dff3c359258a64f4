"""A real Prometheus that scrapes and evaluates each second, so that a test need not wait for minutes."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from slo.spec import Spec
from tests.box_office import eventually
from tests.shop import free_ports
from tests.slo.promql import program
from tools.programs import prometheus

SECOND = timedelta(seconds=1)


class Prometheus:
    """Asked at its own time: now."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self._url = url
        self._session = session

    async def ask(self, expr: str) -> list[dict[str, Any]]:
        """The series of an instant query."""
        async with self._session.get(f"{self._url}/api/v1/query", params={"query": expr}) as response:
            answer = await response.json()
        assert answer["status"] == "success", (expr, answer)
        return list(answer["data"]["result"])

    async def ready(self) -> bool:
        try:
            async with self._session.get(f"{self._url}/-/ready") as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False


@asynccontextmanager
async def watching(spec: Spec, folder: Path, targets: Mapping[str, int]) -> AsyncIterator[Prometheus]:
    """A Prometheus with this spec's rules that scrapes these jobs (name: port) and itself."""
    fast = spec.prometheus.model_copy(update={"scrape_interval": SECOND, "evaluation_interval": SECOND})
    (port,) = free_ports(1)
    config = prometheus.config(folder, {**targets, "prometheus": port}, spec.model_copy(update={"prometheus": fast}))
    command = prometheus.command(program("prometheus"), config, folder / "data", port, fast.retention)
    with (folder / "prometheus.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stderr=log)
    try:
        async with aiohttp.ClientSession() as session:
            server = Prometheus(f"http://127.0.0.1:{port}", session)
            await eventually(server.ready, within=20)
            yield server
    finally:
        process.terminate()
        await process.wait()
