"""A running test provider and a shop's webhook address, for tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from backend.domain.signatures import BadSignature, verify
from backend.psp.options import PspOptions
from backend.psp.service import create_psp

API_KEY = "the api key"
WEBHOOK_SECRET = "the webhook secret"
PATIENCE_SECONDS = 5.0


@dataclass
class Call:
    """One webhook call as it arrived."""

    raw: bytes
    headers: dict[str, str]

    @property
    def events(self) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = orjson.loads(self.raw)["events"]
        return events

    @property
    def statuses(self) -> list[str]:
        return [event["data"]["status"] for event in self.events]

    def genuine(self, now: float) -> bool:
        try:
            verify(self.raw, self.headers["Psp-Signature"], WEBHOOK_SECRET, now)
        except BadSignature:
            return False
        return True


@dataclass
class Shop:
    """Where webhooks arrive. answers: the statuses to give first, 200 after them."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def receive(self, request: web.Request) -> web.Response:
        self.calls.append(Call(await request.read(), dict(request.headers)))
        async with self._changed:
            self._changed.notify_all()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for calls until it holds; TimeoutError when it never does."""
        async with asyncio.timeout(PATIENCE_SECONDS), self._changed:
            await self._changed.wait_for(holds)

    async def hears(self, calls: int) -> list[list[str]]:
        """The statuses told in that many calls."""
        await self.until(lambda: len(self.calls) >= calls)
        return [call.statuses for call in self.calls]


@asynccontextmanager
async def running_shop() -> AsyncIterator[Shop]:
    shop = Shop()
    app = web.Application()
    app.router.add_post("/webhook", shop.receive)
    async with TestServer(app) as server:
        shop.url = str(server.make_url("/webhook"))
        yield shop


@dataclass
class Psp:
    """A running test provider, as its API and its pages are seen from outside."""

    url: str
    client: aiohttp.ClientSession
    webhook_url: str | None = None

    async def ask(self, method: str, path: str, body: Any = None, key: str = API_KEY) -> tuple[int, dict[str, Any]]:
        """Call the API: status and JSON object."""
        raw = body if isinstance(body, bytes) or body is None else orjson.dumps(body)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        async with self.client.request(method, self.url + path, data=raw, headers=headers) as answer:
            parsed: dict[str, Any] = orjson.loads(await answer.read())
            return answer.status, parsed

    async def create(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        """A payment of 99.99 EUR by card, changed as wanted."""
        wanted = {
            "payment_id": str(uuid4()),
            "amount": 9999,
            "currency": "EUR",
            "method": "card",
            "description": "2 tickets, Night at the Opera",
            "return_url": "http://shop.example/orders/7",
            "webhook_url": self.webhook_url,
        }
        return await self.ask("POST", "/v1/intents", wanted | changes)

    async def created(self, **changes: Any) -> dict[str, Any]:
        """The payment, when it was not refused."""
        status, intent = await self.create(**changes)
        assert status == 200, intent
        return intent

    async def status(self, intent: dict[str, Any]) -> str:
        """How the payment stands."""
        _, now = await self.ask("GET", f"/v1/intents/{intent['id']}")
        return str(now["status"])

    async def refund(self, intent: dict[str, Any], amount: int = 9999, **changes: Any) -> tuple[int, dict[str, Any]]:
        wanted = {"refund_id": str(uuid4()), "amount": amount, "currency": "EUR"}
        return await self.ask("POST", f"/v1/intents/{intent['id']}/refunds", wanted | changes)

    async def page(self, path: str) -> tuple[int, str]:
        """Open a page: status and HTML."""
        async with self.client.get(self.url + path) as answer:
            return answer.status, await answer.text()

    async def submit(self, path: str, **fields: str) -> tuple[int, str]:
        """Send a form: status, and where it leads (or the page it shows)."""
        async with self.client.post(self.url + path, data=fields, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location") or await answer.text()

    async def pay(self, intent: dict[str, Any], number: str = "4242 4242 4242 4242") -> tuple[int, str]:
        return await self.pay_at(intent["pay_url"], number)

    async def pay_at(self, pay_url: str, number: str = "4242 4242 4242 4242") -> tuple[int, str]:
        return await self.submit(URL(pay_url).path, card=number)


def page_of(intent: dict[str, Any]) -> str:
    """The path of the pay page, for who was told its address."""
    return URL(intent["pay_url"]).path


def options(**changes: Any) -> PspOptions:
    """Those of a test: no waiting where none is asked for."""
    quick: dict[str, Any] = {
        "environment": "test",
        "api_key": API_KEY,
        "webhook_secret": WEBHOOK_SECRET,
        "late_seconds": 0.02,
        "timeout_seconds": 0.5,
        "webhook_linger_seconds": 0.0,
        "webhook_retry_seconds": 0.005,
    }
    return PspOptions(**(quick | changes))


@asynccontextmanager
async def running_psp(webhook_url: str | None = None, **changes: Any) -> AsyncIterator[Psp]:
    async with TestServer(create_psp(options(**changes))) as server, aiohttp.ClientSession() as client:
        yield Psp(str(server.make_url("/")).rstrip("/"), client, webhook_url)
