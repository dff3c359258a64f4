"""What a load test's Prometheus is asked for afterwards."""

from __future__ import annotations

import asyncio

from aiohttp import web

from tests.prometheus import FakePrometheus
from tools.load import judging
from tools.load.prometheus_history import recall


async def test_of_the_shortest_soak_there_are_as_many_moments_as_its_memory_is_judged_by() -> None:
    async def gauge(request: web.Request) -> web.Response:
        began, ended, step = (float(request.query[name]) for name in ("start", "end", "step"))
        samples = [(began + number * step, "1") for number in range(int((ended - began) / step) + 1)]
        result = [{"metric": {}, "values": samples}]
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": result}})

    async with FakePrometheus(fault=gauge).serving() as url:
        moments = await asyncio.to_thread(recall, url, 1000.0, 1100.0)
    assert len(moments) >= judging._LEAST_MOMENTS
