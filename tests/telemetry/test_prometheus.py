"""Asking a Prometheus, above all one that is not well."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from backend.telemetry.prometheus import Prometheus, PrometheusError
from tests.prometheus import (
    FakePrometheus,
    Recorded,
    answer_503,
    answer_html,
    answer_other_json,
    drip,
    refuse,
    warn,
)
from tests.shop import free_ports

Fault = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def connected(url: str, seconds: float = 5.0) -> AsyncIterator[Prometheus]:
    prometheus = Prometheus(url, seconds)
    try:
        yield prometheus
    finally:
        await prometheus.close()


async def complaint(url: str, seconds: float = 5.0) -> str:
    async with connected(url, seconds) as prometheus:
        with pytest.raises(PrometheusError) as caught:
            await prometheus.query("up")
    return str(caught.value)


async def test_series_come_with_their_labels_and_their_latest_value() -> None:
    fake = FakePrometheus([Recorded("up", {"job": "backend"}, {0: 1.0})])
    async with fake.serving() as url, connected(f"{url}/") as prometheus:
        (series,) = await prometheus.query("up")
    assert (series.metric, series.latest) == ({"__name__": "up", "job": "backend"}, 1.0)


async def test_a_range_comes_with_every_sample_nan_and_infinity_among_them() -> None:
    fake = FakePrometheus([Recorded("up", {}, {2: float("nan"), 1: float("inf"), 0: 0.5})])
    async with fake.serving() as url, connected(url) as prometheus:
        (series,) = await prometheus.query_range("up", start=0, end=2, step=1)
    assert [str(value) for _, value in series.samples] == ["nan", "inf", "0.5"]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (answer_503, "it answers 503 without the JSON of Prometheus's API"),
        (answer_html, "it answers 200 without the JSON of Prometheus's API"),
        (answer_other_json, "it answers nonsense: resultType: Input should be 'vector' or 'matrix'"),
        (refuse, "it refuses: no such thing"),
        (warn, "it answers in part only: a store is away"),
    ],
)
async def test_an_answer_that_cannot_be_used_is_refused(fault: Fault, expected: str) -> None:
    async with FakePrometheus(fault=fault).serving() as url:
        assert await complaint(url) == expected


async def test_one_that_goes_on_answering_for_ever_is_left_in_time() -> None:
    async with FakePrometheus(fault=drip).serving() as url, asyncio.timeout(5):
        assert await complaint(url, seconds=0.3) == "it does not answer in time"


async def test_one_that_answers_too_much_is_left() -> None:
    async def pour(_request: web.Request) -> web.Response:
        return web.Response(body=b" " * 9_000_000)

    async with FakePrometheus(fault=pour).serving() as url:
        assert await complaint(url) == "it answers more than 8 MB"


async def test_one_that_is_not_there_cannot_be_reached() -> None:
    (port,) = free_ports(1)
    assert (await complaint(f"http://127.0.0.1:{port}")).startswith("it cannot be reached: ")
