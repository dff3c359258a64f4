"""A real process that far more people come to than it can serve, each with a connection of their own."""

import asyncio
from collections import Counter
from itertools import count
from time import perf_counter
from urllib.parse import urlsplit

from tests.box_office import eventually
from tests.scaling.replicas import Replicas

CROWD, RUSH = 400, 3.0  # people at any time, seconds
SOON = 3.0  # seconds from the end of the rush
QUICKLY = 0.8  # seconds, as the promise has it


async def test_a_shop_that_was_overrun_is_well_again_within_seconds(replicas: Replicas) -> None:
    port = urlsplit(replicas.backends[0].url).port or 0
    met: Counter[bytes] = Counter()
    searches = count()

    async def come_again_and_again() -> None:
        while True:
            # Nobody has asked for this before, so it costs a statement.
            met[await _status(port, f"/api/events?q=nothing{next(searches)}")] += 1

    async def is_well() -> bool:
        began = perf_counter()
        return await _status(port, "/api/events?q=at+last") == b"200" and perf_counter() - began < QUICKLY

    people = [asyncio.ensure_future(come_again_and_again()) for _ in range(CROWD)]
    await asyncio.wait(people, timeout=RUSH)
    for each in people:
        each.cancel()
    await asyncio.wait(people)
    assert all(each.cancelled() for each in people), "somebody got no answer, or one that says too little"
    await eventually(is_well, within=SOON)
    assert met[b"200"] > 0
    assert set(met) <= {b"200", b"503"}


async def _status(port: int, path: str) -> bytes:
    """Of the answer on a connection of its own."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
    finally:
        writer.close()
    status = head.split(maxsplit=2)[1]
    assert (b"\r\nRetry-After: " in head) == (status == b"503")
    return status
