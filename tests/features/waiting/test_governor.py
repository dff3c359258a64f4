"""What the governor believes of the shop, and of others who govern."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from uuid import UUID

import pytest

from backend.db.pool import Database
from backend.domain.ids import uuid7
from backend.features.waiting import governor
from backend.features.waiting import pulse as pulses
from backend.features.waiting.places import Places
from backend.features.waiting.pulse import Pulse
from backend.features.waiting.rooms import Rooms as ShownRooms
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from backend.telemetry.stock import StockMeter
from tests.box_office import BoxOffice
from tests.features.waiting.conftest import Rooms
from tests.features.waiting.people import OBJECTIVES, put_room


async def test_what_is_not_answered_cuts_its_own_room_before_any_answer_is_late(rooms: Rooms) -> None:
    sale, other = await rooms.sale(capacity=1000), await rooms.sale(capacity=1000)
    database, metrics = rooms.shop.box_office.database, Metrics(load_promise())
    now = [0.0]
    metrics.stock = StockMeter(0.8, lambda: now[0])
    pulse = Pulse(database, metrics)
    await rooms.govern()
    await database.execute("UPDATE room SET inlet = 16")
    with ExitStack() as crowd:
        for _ in range(10):
            crowd.enter_context(metrics.stock.asking(sale.event_id))
        now[0] = 0.3
        await pulse.write()
        await rooms.govern()
    await pulse.stop()
    found = {
        event: (inlet, owes)
        for event, inlet, owes in await rooms.shop.box_office.rows("SELECT event_id, inlet, credit < 0 FROM room")
    }
    assert found[sale.event_id] == (8, True)
    assert found[other.event_id] == (16, False)


async def test_the_first_word_of_a_process_tells_nothing_of_the_time_without_rooms(
    db: Database, box_office: BoxOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics, looks = Metrics(load_promise()), list[Callable[[], Awaitable[object]]]()

    async def every(_interval: float, look: Callable[[], Awaitable[object]], _name: str) -> None:
        looks.append(look)

    monkeypatch.setattr(pulses, "every", every)
    places = Places(db, per_address=None)
    await pulses.keep_up(ShownRooms(db), places, Pulse(db, metrics))
    (look,) = looks
    with metrics.stock.asking(7):
        metrics.http.shed.inc()
    await look()
    await put_room(box_office, await box_office.publish(), "on")
    await db.execute("INSERT INTO room (event_id, state) SELECT id, 'open' FROM event")
    with metrics.stock.asking(8):
        await look()
    ((shed, tallies),) = await box_office.rows("SELECT shed, tallies FROM pulse")
    assert (shed, list(tallies)) == (0, ["8"])
    await places.close()


async def test_of_several_who_believe_that_they_govern_one_admits(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    sale = await rooms.sale(capacity=1000)
    box_office = rooms.shop.box_office
    people = [await rooms.person(sale) for _ in range(60)]
    only: UUID = uuid7()
    monkeypatch.setattr(governor, "uuid7", lambda: only)
    several = [governor.Governor(box_office.database, rooms.metrics.waiting, OBJECTIVES, rooms.terms) for _ in range(6)]
    await box_office.database.execute(
        "DELETE FROM governor; UPDATE room SET inlet = 5, credit = 0, governed_at = now() - interval '1 second'"
    )
    await asyncio.gather(*(each.govern() for each in several))
    await several[0].stop()
    admitted = await box_office.value(
        "SELECT count(*) FROM place WHERE event_id = %(event)s AND admitted_at IS NOT NULL", event=sale.event_id
    )
    assert len(people) > 6 * 5 > 7 >= admitted >= 5


async def test_between_two_sales_of_an_event_nobody_is_admitted_to_what_is_sold_out(rooms: Rooms) -> None:
    sale = await rooms.sale(capacity=1)
    box_office, event = rooms.shop.box_office, {"event": sale.event_id}
    await box_office.database.execute(
        """WITH later AS (
            INSERT INTO pool (event_id, name, capacity, available)
            SELECT event_id, 'later', 50, 50 FROM pool WHERE event_id = %(event)s RETURNING id, event_id)
        INSERT INTO ticket_type (event_id, pool_id, name, price_minor, on_sale_at, off_sale_at)
        SELECT event_id, id, 'Later', 0, now() + interval '1 hour', now() + interval '2 hours' FROM later""",
        event,
    )
    first = await rooms.admitted(sale)
    second = await rooms.person(sale)
    assert (await rooms.shop.check_out((await first.hold()).body["basket_id"])).status == 200
    await rooms.govern(3)
    known = await box_office.rows("SELECT state, stalled FROM room WHERE event_id = %(event)s", **event)
    assert (known, (await second.ask())["state"]) == ([("open", True)], "waiting")
    await box_office.database.execute(
        "UPDATE ticket_type SET on_sale_at = now() WHERE event_id = %(event)s AND name = 'Later'", event
    )
    await rooms.govern(2)
    await second.until("admitted")
