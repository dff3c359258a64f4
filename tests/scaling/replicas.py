"""Four real backend processes, a worker and a payment provider, on one database and behind a real nginx."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestServer

from backend.psp.options import PspOptions
from backend.psp.service import create_psp
from backend.settings import Settings
from tests.box_office import BoxOffice, eventually
from tests.rollout.balancer import LoadBalancer, load_balancer
from tests.shop import PSP_KEY, PSP_SECRET, Shop, backend_process, free_ports, variables

MOST = 4
ADDRESS_LIMIT = 1000
"""Tickets that one address may hold; all who come through nginx have one, so it has to be a large one."""


@dataclass
class Replicas:
    """front: the shop as customers reach it, through nginx. backends: each process by itself."""

    front: Shop
    backends: list[Shop]
    _balancer: LoadBalancer
    _processes: list[asyncio.subprocess.Process]
    _registered: set[int]

    def behind(self, count: int) -> None:
        """Have nginx send requests to the first so many processes."""
        wanted = set(range(count))
        for number in wanted - self._registered:
            self._balancer.register(number)
        for number in self._registered - wanted:
            self._balancer.deregister(number)
        self._registered = wanted

    async def kill(self, number: int) -> None:
        """With -9; nginx goes on sending requests to it until it is told."""
        self._processes[number].kill()
        await self._processes[number].wait()


@asynccontextmanager
async def running_replicas(box_office: BoxOffice, dsn: str, folder: Path) -> AsyncIterator[Replicas]:
    ports = free_ports(MOST)
    async with AsyncExitStack() as stack:
        psp = TestServer(create_psp(PspOptions(environment="test", api_key=PSP_KEY, webhook_secret=PSP_SECRET)))
        await stack.enter_async_context(psp)
        psp_url = str(psp.make_url("")).rstrip("/")
        balancer = stack.enter_context(load_balancer(folder, ports, idle=30))
        settings = Settings.model_validate({
            "environment": "test", "host": "127.0.0.1", "public_url": balancer.url, "trusted_hops": 1,
            "secret_key": "a secret for tests only", "database_url": dsn, "payment_provider": "test",
            "psp_url": psp_url, "psp_api_key": PSP_KEY, "psp_webhook_secret": PSP_SECRET,
            "mailbox_dir": folder / "mailbox", "limit_tickets_per_address": ADDRESS_LIMIT,
            "limit_holds_per_customer": 1,
        })  # fmt: skip
        client = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), connector=aiohttp.TCPConnector(limit=0))
        )
        front = Shop(balancer.url, psp_url, settings, box_office, client)
        backends = [replace(front, url=f"http://127.0.0.1:{port}") for port in ports]
        log = stack.enter_context((folder / "backends.log").open("ab"))
        await stack.enter_async_context(backend_process(variables(settings), "worker", stdout=log, stderr=log))
        processes = [
            await stack.enter_async_context(
                backend_process({**variables(settings), "PORT": str(port)}, "serve", stdout=log, stderr=log)
            )
            for port in ports
        ]
        await asyncio.gather(*(_ready(backend) for backend in backends))
        yield Replicas(front, backends, balancer, processes, set())


async def _ready(backend: Shop) -> None:
    async def answers() -> bool:
        try:
            return (await backend.ask("GET", "/readiness")).status == 200
        except aiohttp.ClientError:
            return False

    await eventually(answers, within=30)
