"""What a customer sees of what others do, and how soon."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from tests.box_office import eventually
from tests.shop import Shop

SOON = 1.0  # seconds


@asynccontextmanager
async def watching(shop: Shop, event_id: int) -> AsyncIterator[AsyncIterator[Any]]:
    """The states that somebody is told who watches the event."""

    async def states(answer: aiohttp.ClientResponse) -> AsyncIterator[Any]:
        async for line in answer.content:
            if line.startswith(b"data: "):
                yield orjson.loads(line.removeprefix(b"data: "))

    async with shop.client.get(f"{shop.url}/api/events/{event_id}/stream") as answer:
        assert answer.status == 200
        yield states(answer)


async def until(states: AsyncIterator[Any], available: int) -> None:
    async for state in states:
        if state["available_tickets"] == available:
            return
    raise AssertionError("the stream ended")


async def test_a_watcher_sees_a_hold_within_a_second(shop: Shop) -> None:
    sale, other = await shop.box_office.publish(capacity=10), await shop.box_office.publish(capacity=10)
    async with watching(shop, sale.event_id) as states, watching(shop, other.event_id) as quiet:
        await until(states, 10)
        await until(quiet, 10)
        basket = await shop.basket(sale, 3)
        async with asyncio.timeout(SOON):
            await until(states, 7)
        assert (await shop.ask("DELETE", f"/api/basket?basket_id={basket}")).status == 204
        async with asyncio.timeout(SOON):
            await until(states, 10)


async def test_a_watcher_sees_seats_change_hands(shop: Shop) -> None:
    hall = await shop.box_office.publish(capacity=5, seated=True)
    seats = f"/api/events/{hall.event_id}/seats"

    async def state_of_first() -> str:
        listed = (await shop.ask("GET", seats)).body["seats"]
        return str(next(seat["state"] for seat in listed if seat["id"] == hall.seat_ids[0]))

    async def becomes(state: str) -> bool:
        return await state_of_first() == state

    assert await state_of_first() == "free"
    async with watching(shop, hall.event_id) as states:
        await until(states, 5)
        basket = await shop.basket(hall, seat_ids=[hall.seat_ids[0]])
        async with asyncio.timeout(SOON):
            await until(states, 4)
        await eventually(lambda: becomes("held"), within=SOON)
        assert (await shop.check_out(basket)).status == 200
        await eventually(lambda: becomes("sold"), within=SOON)


async def test_the_list_and_the_page_are_at_most_a_second_old(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=100)

    async def shown() -> set[int]:
        page = await shop.ask("GET", f"/api/events/{sale.event_id}")
        events = (await shop.ask("GET", "/api/events")).body["events"]
        return {page.body["available_tickets"], *(event["available_tickets"] for event in events)}

    for sold in range(1, 4):
        await shown()  # kept from now on, as for any other visitor
        await shop.hold(sale)
        held = time.monotonic()
        while await shown() != {100 - sold}:
            assert time.monotonic() - held < SOON
