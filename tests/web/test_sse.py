"""Live streams: the newest state for everyone, however slow, and a quick end."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from backend.web.routes import Routes
from backend.web.sse import Hub, HubOptions, _Client
from tests.web.serving import Door, Serve, until


def stream_routes(hub: Hub) -> Routes:
    routes = Routes()

    @routes.get("/api/events/{event_id:int}/stream", answers={200: "text/event-stream"}, kind="stream")
    async def follow(request: web.Request, event_id: int) -> web.StreamResponse:
        return await hub.stream(request, event_id, b'{"left":10}', version=1)

    return routes


@dataclass
class Follower:
    """A client that reads when it is told to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str = ""

    async def frame(self) -> dict[str, str]:
        """The next event or comment, by field name."""
        async with asyncio.timeout(5):
            size = int(await self.reader.readline(), 16)
            text = (await self.reader.readexactly(size + 2)).decode()
        return dict(line.split(": ", 1) for line in text.strip().splitlines())

    async def left(self) -> int:
        return int(json.loads((await self.frame())["data"])["left"])


@asynccontextmanager
async def following(
    door: Door, event: int = 1, headers: str = "", *, takes: int | None = None
) -> AsyncIterator[Follower]:
    """takes: bytes that its kernel accepts while it does not read."""
    sock = socket.socket()
    if takes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, takes)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", door.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=2**10)
    try:
        writer.write(f"GET /api/events/{event}/stream HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        async with asyncio.timeout(5):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        yield Follower(reader, writer, head)
    finally:
        writer.close()
        await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
async def door(serve: Serve, hub: Hub) -> Door:
    return await serve(stream_routes(hub), hub=hub)


async def test_a_stream_starts_with_the_state_as_it_is(door: Door) -> None:
    async with following(door) as follower:
        assert "Content-Type: text/event-stream" in follower.head
        assert "X-Accel-Buffering: no" in follower.head
        assert "X-Content-Type-Options: nosniff" in follower.head
        assert await follower.frame() == {"id": "1", "data": '{"left":10}'}


async def test_each_newer_state_of_its_topic_reaches_a_client(door: Door, hub: Hub) -> None:
    async with following(door, event=1) as one, following(door, event=2) as two:
        await one.left()
        await two.left()
        hub.publish(2, b'{"left":7}', 2)
        hub.publish(1, b'{"left":9}', 2)
        assert await one.frame() == {"id": "2", "data": '{"left":9}'}
        assert await two.left() == 7


async def test_at_most_four_states_a_second_and_always_the_last(door: Door, hub: Hub) -> None:
    loop = asyncio.get_running_loop()
    async with following(door) as follower:
        await follower.left()
        started = loop.time()
        for version in range(2, 500):
            hub.publish(1, b'{"left":%d}' % version, version)
            await asyncio.sleep(0)
        seen = [await follower.left()]
        while seen[-1] != 499:
            seen.append(await follower.left())
        assert len(seen) <= 2 + (loop.time() - started) / 0.25


async def test_an_older_state_never_follows_a_newer_one(door: Door, hub: Hub) -> None:
    async with following(door) as follower:
        await follower.left()
        hub.publish(1, b'{"left":5}', 9)
        hub.publish(1, b'{"left":6}', 8)
        assert await follower.left() == 5
        hub.publish(1, b'{"left":4}', 10)
        assert await follower.left() == 4


async def test_a_state_published_before_anyone_watched_is_not_lost(door: Door, hub: Hub) -> None:
    hub.publish(1, b'{"left":3}', 2)
    async with following(door) as follower:
        assert await follower.left() == 3


async def test_a_client_that_comes_back_gets_the_newest_state(door: Door, hub: Hub) -> None:
    hub.publish(1, b'{"left":3}', 7)
    async with following(door, headers="Last-Event-ID: 4\r\n") as follower:
        assert await follower.left() == 3
    async with following(door, headers='Last-Event-ID: "nonsense\r\n') as follower:
        assert await follower.left() == 3


async def test_a_slow_client_skips_to_the_newest_state_and_holds_nobody_up(serve: Serve) -> None:
    hub = Hub(HubOptions(pause=0.001))
    door = await serve(stream_routes(hub), hub=hub)
    padding = b" " * 1000
    async with following(door, takes=4096) as slow, following(door) as quick:
        await quick.left()
        for version in range(2, 400):
            hub.publish(1, b'{"left":%d,"padding":"%b"}' % (version, padding), version)
            assert await quick.left() == version
        states = [await slow.left()]
        while states[-1] != 399:
            states.append(await slow.left())
        assert len(states) < 60  # what the kernel had taken; the rest was replaced, not queued
        assert states[1:] == sorted(states[1:])


def test_a_state_that_comes_late_to_a_client_does_not_replace_a_newer_one() -> None:
    client = _Client(make_mocked_request("GET", "/"), "192.0.2.1", ping_at=0.0)
    client.owe(b"new", 2)
    client.owe(b"old", 1)
    assert client.owed == b"new"


async def test_a_client_that_takes_nothing_is_given_up(serve: Serve) -> None:
    hub = Hub(HubOptions(pause=0.001, ping=0.05, stall=0.2))
    door = await serve(stream_routes(hub), hub=hub)
    async with following(door) as follower:
        await follower.left()
        hub.publish(1, b" " * 20_000_000, 2)  # more than the kernel holds for someone who does not read
        await until(lambda: hub.clients == 0)


async def test_a_silent_stream_is_kept_open_by_comments(serve: Serve) -> None:
    hub = Hub(HubOptions(ping=0.05))
    door = await serve(stream_routes(hub), hub=hub)
    async with following(door) as follower:
        await follower.left()
        assert await follower.frame() == {"": "still here"}


async def test_a_client_that_left_is_forgotten(serve: Serve) -> None:
    hub = Hub(HubOptions(ping=0.05))
    door = await serve(stream_routes(hub), hub=hub)
    async with following(door) as follower:
        await follower.left()
    await until(lambda: hub.clients == 0)


async def test_beyond_its_places_a_stream_is_503_and_gone_clients_free_theirs(serve: Serve) -> None:
    hub = Hub(HubOptions(max_clients=1))
    door = await serve(stream_routes(hub), hub=hub)
    async with following(door) as follower:
        await follower.left()
        async with door.client.get("/api/events/1/stream") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    async with asyncio.timeout(5):
        while (answer := await door.client.get("/api/events/1/stream")).status != 200:  # noqa: ASYNC110 - a poll
            await asyncio.sleep(0.01)
    answer.close()


async def test_one_address_has_so_many_streams_and_no_more(serve: Serve) -> None:
    hub = Hub(HubOptions(max_per_address=2), trusted_hops=1)
    door = await serve(stream_routes(hub), hub=hub)
    mine, theirs = "X-Forwarded-For: 192.0.2.1\r\n", "X-Forwarded-For: 192.0.2.2\r\n"
    async with following(door, headers=mine), following(door, headers=mine), following(door, headers=theirs) as other:
        assert "200 OK" in other.head
        async with following(door, headers=mine) as refused:
            assert "429" in refused.head
            assert "Retry-After: 10" in refused.head
    async with asyncio.timeout(5):
        while "200 OK" not in await _head(door, mine):
            pass


async def _head(door: Door, headers: str) -> str:
    async with following(door, headers=headers) as follower:
        return follower.head


async def test_streams_are_neither_in_flight_nor_bound_by_the_deadline(serve: Serve, hub: Hub) -> None:
    routes = stream_routes(hub)

    @routes.get("/api/events", answers={200: "application/json"})
    async def never(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    door = await serve(routes, hub=hub, deadline=0.05)
    async with following(door) as follower:
        await follower.left()
        assert "http_requests_in_flight 0" in door.scrape()
        assert (await door.problem("GET", "/api/events"))[0] == 504  # so the deadline is over for the stream as well
        hub.publish(1, b'{"left":2}', 2)
        assert await follower.left() == 2


async def test_a_stopping_shop_ends_its_streams_at_once_and_spreads_their_return(serve: Serve, hub: Hub) -> None:
    door = await serve(stream_routes(hub), hub=hub)
    async with following(door, 1) as one, following(door, 2) as two:
        await one.left()
        await two.left()
        async with asyncio.timeout(2):
            await door.runner.cleanup()
        rest = [(await follower.reader.read()).decode() for follower in (one, two)]
    waits = [int(match[1]) for text in rest if (match := re.search(r"retry: (\d+)", text))]
    assert len(waits) == 2
    assert all(1000 <= wait <= 5000 for wait in waits)


async def test_topics_that_nobody_watches_are_forgotten_in_the_end(hub: Hub) -> None:
    for topic in range(3000):
        hub.publish(topic, b"{}", 1)
    assert len(hub._topics) <= 1000
