"""A proxy that breaks what a well shop answers: some answers late, some not at all, some untrue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Literal

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer

Fault = Literal["none", "slow", "failing", "broken invariants", "oversold"]

_ONE_IN = {"slow": 8, "failing": 20}  # requests
_LATE = 1.0  # seconds
_PASSED_ON = ("Content-Type", "Cookie", "Authorization", "Idempotency-Key")


class _Proxy:
    def __init__(self, url: str, fault: Fault, client: aiohttp.ClientSession) -> None:
        self._url = url
        self._fault = fault
        self._client = client
        self._requests = count(1)
        self._lied = False

    async def answer(self, request: web.Request) -> web.Response:
        broken = next(self._requests) % _ONE_IN.get(self._fault, 1) == 0
        if self._fault == "failing" and broken:
            return web.json_response({"title": "broken on purpose"}, status=503)
        if self._fault == "slow" and broken:
            await asyncio.sleep(_LATE)
        return self._lie(request, await self._asked(request))

    async def _asked(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        body = await request.read()
        address = self._url + request.path_qs
        async with self._client.request(request.method, address, data=body or None, headers=headers) as answer:
            kept = {name: value for name, value in answer.headers.items() if name in ("Content-Type", "Set-Cookie")}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    def _lie(self, request: web.Request, answer: web.Response) -> web.Response:
        if self._fault == "broken invariants" and request.path == "/api/status":
            assert isinstance(answer.body, bytes)
            status = orjson.loads(answer.body)
            status["invariants"]["broken"] = ["pool 1: one ticket too many is sold"]
            return web.Response(body=orjson.dumps(status), content_type="application/json")
        if self._fault == "oversold" and answer.status == 409 and not self._lied:
            self._lied = True  # somebody is told that they have what others have got
            return web.json_response({"basket_id": "0190f6a0-0000-7000-8000-000000000000"}, status=201)
        return answer


@asynccontextmanager
async def broken_shop(url: str, fault: Fault) -> AsyncIterator[str]:
    """The address of the shop at url with this fault."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client:
        proxy = _Proxy(url, fault, client)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", proxy.answer)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")
