import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import aiohttp
import orjson
import pytest

from backend.db.errors import Unavailable
from backend.features.catalogue import availability
from tests.box_office import eventually
from tests.features.catalogue.conftest import Visitor
from tests.features.catalogue.samples import HALL, event


class Stream:
    """What one watcher is told."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> dict[str, Any]:
        """The next state, five seconds at most."""
        async with asyncio.timeout(5):
            async for line in self._answer.content:
                if line.startswith(b"data: "):
                    return dict(orjson.loads(line.removeprefix(b"data: ")))
        raise AssertionError("the stream ended")

    async def until(self, **expected: Any) -> dict[str, Any]:
        while True:
            state = await self.next()
            if {name: state[name] for name in expected} == expected:
                return state


@asynccontextmanager
async def watching(visitor: Visitor, event_id: int) -> AsyncIterator[Stream]:
    async with visitor.client.get(f"/api/events/{event_id}/stream") as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        yield Stream(answer)


async def tell(visitor: Visitor, payload: str) -> None:
    await visitor.db.execute("SELECT pg_notify('availability', %(payload)s)", {"payload": payload})


async def test_a_watcher_is_told_what_is_left_and_then_each_change(live: Visitor) -> None:
    (event_id,) = await live.publish(event())
    async with watching(live, event_id) as stream:
        first = await stream.next()
        assert {name: first[name] for name in first if name not in {"version", "ticket_types"}} == {
            "event_id": event_id,
            "available_tickets": 100,
            "on_sale": True,
        }
        assert [each["available"] for each in first["ticket_types"]] == [100]
        await live.take("Floor", 60)
        live.clock.pass_seconds(1)
        await tell(live, f"[{event_id}]")
        later = await stream.until(available_tickets=40)
        assert later["version"] > first["version"]


async def test_nothing_is_read_for_events_that_nobody_watches(live: Visitor) -> None:
    watched, other = await live.publish(event("a"), event("b"))
    read: list[object] = []
    fetch_all = live.db.fetch_all

    async def spied(sql: str, params: Any = None, **more: bool) -> Any:
        if sql.startswith("/* read_events */"):
            read.append(params["ids"])
        return await fetch_all(sql, params, **more)

    live.db.fetch_all = spied  # type: ignore[method-assign] # watches the calls
    async with watching(live, watched) as stream:
        await stream.next()
        read.clear()
        live.clock.pass_seconds(1)
        await tell(live, f"[{other}]")
        await tell(live, f"[{other}, {watched}]")
        await stream.next()
        assert read
        assert all(ids == [watched] for ids in read)


async def test_many_changes_at_once_are_read_together(live: Visitor) -> None:
    (event_id,) = await live.publish(event())
    async with watching(live, event_id) as stream:
        await stream.next()
        for _ in range(30):
            await live.take("Floor", 1)
            live.clock.pass_seconds(0.01)
            await tell(live, f"[{event_id}]")
        seen = 1
        while (await stream.next())["available_tickets"] != 70:
            seen += 1
        assert seen < 20


async def test_whatever_was_missed_is_read_after_a_lost_connection(live: Visitor) -> None:
    (event_id,) = await live.publish(event())
    async with watching(live, event_id) as stream:
        await stream.next()
        await live.take("Floor", 25)
        live.clock.pass_seconds(1)
        await live.db.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'aegistickets-listen'"
        )
        await stream.until(available_tickets=75)


async def test_without_any_notification_it_looks_by_itself(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "_POLL", 0.1)
    (event_id,) = await visitor.publish(event())
    looking = asyncio.create_task(visitor.catalogue.feed.run())
    async with watching(visitor, event_id) as stream:
        await stream.next()
        await visitor.take("Floor", 25)
        visitor.clock.pass_seconds(1)
        await stream.until(available_tickets=75)
    looking.cancel()


async def test_a_notification_that_nobody_can_read_means_everything(live: Visitor) -> None:
    (event_id,) = await live.publish(event())
    async with watching(live, event_id) as stream:
        await stream.next()
        await live.take("Floor", 25)
        live.clock.pass_seconds(1)
        await tell(live, "resync")
        await stream.until(available_tickets=75)


async def idle(visitor: Visitor) -> bool:
    """Whether the feed has dealt with everything it was told."""
    return not visitor.catalogue.feed._changed


async def test_a_sale_that_opens_is_told_on_time_though_nothing_was_sold(live: Visitor) -> None:
    (event_id,) = await live.publish(event(tickets="- {name: A, price: 1, capacity: 1, on_sale_at: +1h}"))
    await live.news(2)
    await eventually(partial(idle, live))
    live.clock.pass_seconds(3600 - 0.3)
    async with watching(live, event_id) as stream:
        assert not (await stream.next())["on_sale"]
        live.clock.pass_seconds(0.3)
        await stream.until(on_sale=True)


async def test_a_watcher_of_a_hall_learns_that_seats_changed_hands(live: Visitor) -> None:
    (event_id,) = await live.publish(event(hall="small-hall", tickets="- {section: Stalls, price: 30}"), before=HALL)
    async with watching(live, event_id) as stream:
        first = await stream.next()
        _, seats = await live.ask(f"/api/events/{event_id}/seats")
        assert first["seats_version"] == seats["version"]
        await live.db.execute("UPDATE seat SET hold_id = %(hold)s WHERE number = 2", {"hold": uuid4()})
        live.clock.pass_seconds(1)
        await tell(live, f"[{event_id}]")
        later = await stream.next()
        assert later["seats_version"] != first["seats_version"]
        assert later["seats_version"] == (await live.ask(f"/api/events/{event_id}/seats"))[1]["version"]


async def test_a_changed_event_file_reaches_pages_and_watchers_at_once(live: Visitor) -> None:
    (event_id,) = await live.publish(event())
    async with watching(live, event_id) as stream:
        await stream.next()
        assert await live.names() == ["A Night"]
        live.clock.pass_seconds(0.1)
        await live.publish(event(name="Another Night", tickets="- {name: Floor, price: 20.00, capacity: 130}"))
        await stream.until(available_tickets=130)
        assert await live.names() == ["Another Night"]


async def test_the_feed_survives_a_database_that_is_away(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(availability, "_POLL", 0.1)
    (event_id,) = await visitor.publish(event())
    looking = asyncio.create_task(visitor.catalogue.feed.run())
    fetch_all, refused = visitor.db.fetch_all, asyncio.Event()

    async def away(*_: object, **__: object) -> list[Any]:
        refused.set()
        raise Unavailable

    async with watching(visitor, event_id) as stream:
        await stream.next()
        visitor.db.fetch_all = away  # type: ignore[method-assign] # an outage of this one
        await refused.wait()
        visitor.db.fetch_all = fetch_all  # type: ignore[method-assign] # its end
        await visitor.take("Floor", 1)
        visitor.clock.pass_seconds(1)
        await stream.until(available_tickets=99)
    looking.cancel()
