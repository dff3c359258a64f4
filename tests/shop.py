"""A whole shop for tests: the real application, worker and payment provider on ephemeral ports, one real database."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from random import SystemRandom
from typing import IO, Any

import aiohttp
import orjson
from aiohttp.test_utils import TestServer

from backend.app import create_app
from backend.psp.options import PspOptions
from backend.psp.service import create_psp
from backend.settings import Settings
from backend.worker import jobs_of
from tests.box_office import BoxOffice, Sale, eventually

ROOT = Path(__file__).parents[1]
# Each of the workers that run tests side by side has its own, below those that the system gives to connections.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_OUR_PORTS = range(10_000 + _WORKER % 8, 20_000, 8)
_ports = cycle(SystemRandom().sample(_OUR_PORTS, len(_OUR_PORTS)))
PSP_KEY, PSP_SECRET = "the api key of the tests", "the webhook secret of the tests"


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def problem(self) -> str:
        """The slug of a problem's type."""
        return str(self.body["type"]).rpartition("/")[2]


@dataclass
class Shop:
    """A customer's view of a running shop. Every call is without cookies unless a cookie is given."""

    url: str
    psp_url: str
    settings: Settings
    box_office: BoxOffice
    client: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request. headers: with _ for -."""
        data = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.client.request(method, self.url + path, data=data, headers=sent) as response:
            raw = await response.read()
            is_json = "json" in response.content_type and raw
            return Answer(response.status, orjson.loads(raw) if is_json else raw, response.headers)

    async def hold(self, sale: Sale, quantity: int = 1, **more: Any) -> Answer:
        body = {"event_id": sale.event_id, **({} if "seat_ids" in more else {"quantity": quantity}), **more}
        return await self.ask("POST", "/api/basket", body)

    async def basket(self, sale: Sale, quantity: int = 1, **more: Any) -> str:
        """The id of a new basket with these tickets."""
        answer = await self.hold(sale, quantity, **more)
        assert answer.status == 201, answer.body
        return str(answer.body["basket_id"])

    async def check_out(self, basket: str, method: str = "card", **more: Any) -> Answer:
        body = {"basket_id": basket, "payment": {"method": method}, **more}
        return await self.ask("POST", "/api/checkout", body)

    async def order(self, bought: Answer) -> Any:
        """The order as its page shows it."""
        order_id, token = bought.body["order_id"], bought.body["order_token"]
        answer = await self.ask("GET", f"/api/orders/{order_id}?token={token}")
        assert answer.status == 200, answer.body
        return answer.body

    async def pay(self, bought: Answer, card: str) -> None:
        """Pay on the hosted page with this card number, as the form does."""
        url = bought.body["payment_url"]
        async with self.client.post(url, data={"card": card}, allow_redirects=False) as response:
            assert response.status in {200, 303}, await response.text()

    async def at_last(self, bought: Answer, **expected: Any) -> Any:
        """The order, once these fields have these values."""
        order: Any = {}
        try:
            async with asyncio.timeout(8):
                while {name: order.get(name) for name in expected} != expected:
                    await asyncio.sleep(0.05)
                    order = await self.order(bought)
        except TimeoutError:
            raise AssertionError(f"expected {expected}, got {order}") from None
        return order

    async def settled(self, condition: str, **params: Any) -> None:
        """Wait until this SQL condition holds."""
        await eventually(lambda: self.box_office.value(f"SELECT {condition}", **params), within=8)

    async def check_soon(self) -> None:
        """Let the reconciler look at every open payment and refund now."""
        await self.box_office.database.execute(
            "UPDATE payment SET check_at = now(); UPDATE refund SET check_at = now()"
        )

    async def metrics(self, port: int | None = None) -> dict[str, float]:
        """What a scrape of this port shows, the shop's own by default: `name{label="value"}` to its value."""
        async with self.client.get(f"http://127.0.0.1:{port or self.settings.metrics_port}/metrics") as response:
            lines = (await response.text()).splitlines()
        samples = (line.rpartition(" ") for line in lines if not line.startswith("#"))
        return {name: float(value) for name, _, value in samples}

    async def broken(self) -> list[str]:
        return await self.box_office.broken()


@asynccontextmanager
async def running_shop(box_office: BoxOffice, dsn: str, folder: Path, **changes: Any) -> AsyncIterator[Shop]:
    """A shop with these settings. psp: options of the payment provider. worker=False: nobody works behind it."""
    psp_options, worker = changes.pop("psp", {}), changes.pop("worker", True)
    port, metrics_port = free_ports(2)
    url = f"http://127.0.0.1:{port}"
    async with AsyncExitStack() as stack:
        psp = TestServer(create_psp(PspOptions(
            environment="test", api_key=PSP_KEY, webhook_secret=PSP_SECRET, late_seconds=0.5, timeout_seconds=1.0,
            webhook_retry_seconds=0.1, **psp_options,
        )))  # fmt: skip
        await stack.enter_async_context(psp)
        settings = Settings.model_validate({
            "environment": "test", "host": "127.0.0.1", "port": port, "metrics_port": metrics_port, "public_url": url,
            "secret_key": "a secret for tests only", "database_url": dsn, "payment_provider": "test",
            "psp_url": str(psp.make_url("")).rstrip("/"), "psp_api_key": PSP_KEY, "psp_webhook_secret": PSP_SECRET,
            "mailbox_dir": folder / "mailbox", **changes,
        })  # fmt: skip
        await stack.enter_async_context(TestServer(create_app(settings), host="127.0.0.1", port=port))
        if worker:
            await stack.enter_async_context(working(settings))
        client = await stack.enter_async_context(aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()))
        yield Shop(url, str(psp.make_url("")).rstrip("/"), settings, box_office, client)


@asynccontextmanager
async def working(settings: Settings) -> AsyncIterator[int]:
    """A worker for this shop; answers the port of its metrics."""
    (metrics_port,) = free_ports(1)
    async with AsyncExitStack() as stack:
        jobs = await jobs_of(settings.model_copy(update={"metrics_port": metrics_port}), stack)
        stack.push_async_callback(_stop, [asyncio.ensure_future(job) for job in jobs])
        yield metrics_port


async def _stop(tasks: list[asyncio.Future[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def backend_process(
    variables: Mapping[str, str],
    *arguments: str | Path,
    stdout: int | IO[bytes] = DEVNULL,
    stderr: int | IO[bytes] | None = None,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m backend` with these variables and arguments; killed if it still runs at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend", *arguments, cwd=ROOT, env={"PATH": os.environ["PATH"], **variables},
        stdout=stdout, stderr=stderr,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def free_ports(count: int) -> list[int]:
    """So many different ones that nothing listens on now, nor will until the other ones have all been given out."""
    return list(islice((port for port in _ports if _is_free(port)), count))


def _is_free(port: int) -> bool:
    with socket.socket() as probe, suppress(OSError):
        probe.bind(("127.0.0.1", port))
        return True
    return False


def variables(settings: Settings) -> dict[str, str]:
    """The variables that give a process these settings, on a metrics port of its own."""
    (port,) = free_ports(1)
    given = settings.model_dump(exclude_defaults=True, exclude={"static_dir"}) | {"metrics_port": port}
    return {name.upper(): str(value) for name, value in given.items()}


async def together(*requests: Awaitable[Answer]) -> list[Answer]:
    return list(await asyncio.gather(*requests))
