"""A proxy that breaks what a well shop answers: some answers late, some not at all, some untrue."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any, Literal

import aiohttp
import orjson
from aiohttp import web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict

Fault = Literal["slow", "failing", "turns away", "broken invariants", "oversold", "admits twice", "admits out of order"]

_ONE_IN: Mapping[Fault, int] = {"slow": 8, "failing": 20, "turns away": 2}  # requests; of holds for the last
_LATE = 1.0  # seconds
_HELD_BACK, _FOR = 12, 8.0  # so many places that were taken first, and seconds after others were admitted
_PASSED_ON = ("Content-Type", "Cookie", "Authorization", "Idempotency-Key", "X-Place", "X-Admission")


class _Proxy:
    def __init__(self, url: str, faults: Collection[Fault], client: aiohttp.ClientSession) -> None:
        self._url = url
        self._faults = faults
        self._client = client
        self._requests = {fault: count(1) for fault in _ONE_IN}
        self._lied = False
        self._admissions: set[str | None] = set()
        self._places: list[str] = []
        self._others_since = math.inf

    async def answer(self, request: web.Request) -> web.Response:
        if self._has_its_turn("failing"):
            return web.json_response({"title": "broken on purpose"}, status=503)
        if _is_hold(request) and self._has_its_turn("turns away"):
            return web.json_response({"title": "come later"}, status=429)
        if self._has_its_turn("slow"):
            await asyncio.sleep(_LATE)
        return self._lie(request, await self._asked(request))

    def _has_its_turn(self, fault: Fault) -> bool:
        return fault in self._faults and next(self._requests[fault]) % _ONE_IN[fault] == 0

    async def _asked(self, request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        body = await request.read()
        address = self._url + request.path_qs
        async with self._client.request(request.method, address, data=body or None, headers=headers) as answer:
            kept = [each for each in answer.headers.items() if each[0] in {"Content-Type", "Set-Cookie"}]
            return web.Response(status=answer.status, body=await answer.read(), headers=CIMultiDict(kept))

    def _lie(self, request: web.Request, answer: web.Response) -> web.Response:
        if "broken invariants" in self._faults and request.path == "/api/status":
            status = _content(answer)
            status["invariants"]["broken"] = ["pool 1: one ticket too many is sold"]
            return web.Response(body=orjson.dumps(status), content_type="application/json")
        if "oversold" in self._faults and answer.status == 409 and not self._lied:
            self._lied = True  # somebody is told that they have what others have got
            return web.json_response({"basket_id": "0190f6a0-0000-7000-8000-000000000000"}, status=201)
        if request.path.endswith("/place") and answer.body and answer.status < 300:
            return self._lie_of_place(answer)
        return answer

    def _lie_of_place(self, answer: web.Response) -> web.Response:
        standing = _content(answer)
        if "admits twice" in self._faults and standing["admission"] in self._admissions - {None}:
            standing["admission"] += "again"
        elif "admits out of order" in self._faults and self._is_held_back(standing):
            standing |= {"state": "waiting", "position": 1, "admission": None, "poll_after_seconds": 2}
        self._admissions.add(standing["admission"])
        return web.Response(status=answer.status, body=orjson.dumps(standing), headers=answer.headers)

    def _is_held_back(self, standing: dict[str, Any]) -> bool:
        """Whether its place is one of the first and is admitted, and it is not long since others were."""
        if standing["place"] is None:
            return False
        # What the shop has signed names the place, and its number once there is one.
        _, known, *_ = standing["place"].split(".")
        if known not in self._places:
            self._places.append(known)
        admitted = standing["state"] == "admitted"
        if self._places.index(known) >= _HELD_BACK:
            self._others_since = min(self._others_since, time.monotonic() if admitted else math.inf)
            return False
        return admitted and time.monotonic() < self._others_since + _FOR


def _is_hold(request: web.Request) -> bool:
    return (request.method, request.path) == ("POST", "/api/basket")


def _content(answer: web.Response) -> dict[str, Any]:
    assert isinstance(answer.body, bytes)
    content: dict[str, Any] = orjson.loads(answer.body)
    return content


@asynccontextmanager
async def broken_shop(url: str, *faults: Fault) -> AsyncIterator[str]:
    """The address of the shop at url with these faults; its own when there are none."""
    if not faults:
        yield url
        return
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client:
        proxy = _Proxy(url, faults, client)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", proxy.answer)
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")
