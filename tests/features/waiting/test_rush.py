"""Real processes, as in a cluster: four serve, two would govern, all on one database that is slow, and some die."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from statistics import mean
from typing import NamedTuple

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.box_office import BoxOffice, Sale, eventually
from tests.features.waiting.people import put_room
from tests.features.waiting.rush import Doors, Visitor
from tests.shop import backend_process, free_ports
from tools.programs.postgres import Server

ARRIVALS, EARLY, TICKETS = 5000, 4000, 500
MOST_HOLDS = 40  # a second, of the database; what else a hold takes comes to that

# Each hold costs the database its part of a second, whoever else waits. The inlet comes to more than it can do within
# five seconds if nothing holds it back.
SLOW = f"""
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(1.0 / {MOST_HOLDS}); RETURN NEW; END $$;
CREATE TRIGGER slow BEFORE INSERT ON hold FOR EACH ROW EXECUTE FUNCTION slow()
"""


class Seen(NamedTuple):
    """A room at a moment, in seconds. inlet: a second. held: tickets, so far."""

    at: float
    inlet: float
    held: int


@dataclass
class Fleet:
    box_office: BoxOffice
    ports: list[int]
    serving: list[asyncio.subprocess.Process]
    workers: list[asyncio.subprocess.Process]
    metrics_ports: list[int]
    """Of the workers."""

    async def sale(self, **more: object) -> Sale:
        sale = await self.box_office.publish(**more)  # type: ignore[arg-type]
        await put_room(self.box_office, sale, "on")
        await self.is_in_state(sale, "gathering")
        return sale

    async def opens(self, sale: Sale) -> None:
        await self.box_office.database.execute(
            "UPDATE ticket_type SET on_sale_at = now() WHERE event_id = %(event)s; SELECT pg_notify('catalogue', '[]')",
            {"event": sale.event_id},
        )

    async def governing(self) -> int:
        """Which of the workers governs: only its metrics say how many it admits."""
        found: list[int] = []

        async def look() -> bool:
            shown = [await _read(port, "/metrics") for port in self.metrics_ports]
            found[:] = [number for number, text in enumerate(shown) if b"\nwaiting_room_inlet_per_second " in text]
            return len(found) == 1

        await eventually(look, within=10)
        return found[0]

    async def is_in_state(self, sale: Sale, state: str, within: float = 15.0) -> None:
        sql = "SELECT true FROM room WHERE event_id = %(event)s AND state = %(state)s"
        await eventually(lambda: self.box_office.value(sql, event=sale.event_id, state=state), within)


@pytest.fixture(scope="module")
async def fleet(server: Server, template: str) -> AsyncIterator[Fleet]:
    dsn = server.create_database("rush", template=template)
    database = await Database.open(
        DatabaseOptions(dsn=dsn, gate_timeout=5.0, statement_timeout=5.0, client_timeout=6.0)
    )
    ports = free_ports(12)
    common = {
        "ENVIRONMENT": "test", "HOST": "127.0.0.1", "DATABASE_URL": dsn, "SECRET_KEY": "a secret for tests only",
        "LOG_LEVEL": "ERROR", "ADMISSION_SECONDS": "60",
    }  # fmt: skip
    async with AsyncExitStack() as stack:

        async def start(command: str, port: int, metrics_port: int) -> asyncio.subprocess.Process:
            variables = {**common, "PORT": str(port), "METRICS_PORT": str(metrics_port)}
            return await stack.enter_async_context(backend_process(variables, command))

        serving = [await start("serve", ports[number], ports[4 + number]) for number in range(4)]
        workers = [await start("worker", free_port, ports[8 + number]) for number, free_port in enumerate(ports[10:])]
        for port in ports[:4]:
            await eventually(partial(_is_ready, port), within=30)
        yield Fleet(BoxOffice(database), ports[:4], serving, workers, ports[8:10])
    await database.close(patience=1.0)
    server.drop_database("rush")


async def _is_ready(port: int) -> bool:
    return b" 200 " in (await _read(port, "/readiness")).partition(b"\r\n")[0]


async def _read(port: int, path: str) -> bytes:
    """All of an answer; nothing from a process that is not there."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    except ConnectionError:
        return b""
    return answer


async def _look_on(fleet: Fleet, sale: Sale, seen: list[Seen]) -> None:
    """What the governor decides, until cancelled."""
    statement = """SELECT extract(epoch FROM clock_timestamp())::float, inlet, (
            SELECT capacity - available FROM pool WHERE pool.event_id = room.event_id)
        FROM room WHERE event_id = %(event)s AND state = 'open'"""
    while True:
        seen.extend(Seen(*row) for row in await fleet.box_office.rows(statement, event=sale.event_id))
        await asyncio.sleep(0.25)


async def _together(visitors: list[Visitor], fleet: Fleet, sale: Sale) -> None:
    """All wait and buy; once the room is closed, whoever still waits asks a last time."""
    closing = asyncio.Event()
    waiting = [asyncio.ensure_future(visitor.wait(closing)) for visitor in visitors]
    await fleet.is_in_state(sale, "closed", within=60)
    closing.set()
    await asyncio.gather(*waiting)


async def _demand_fairness(fleet: Fleet, sale: Sale, early: list[Visitor]) -> None:
    """By the truth in the database: the draw can be done again, and admissions went by its numbers."""
    box_office, event = fleet.box_office, sale.event_id
    seed = await box_office.value("SELECT seed::text FROM room WHERE event_id = %(event)s", event=event)
    rows = await box_office.rows(
        "SELECT id, number, admitted_at FROM place WHERE event_id = %(event)s ORDER BY number", event=event
    )
    gathered = {visitor.place.split(".")[1] for visitor in early}
    drawn = [place for place, *_ in rows if place.hex in gathered]
    assert len(drawn) == len(early)
    lots = sorted(drawn, key=lambda place: (sha256(f"{seed}{place}".encode()).digest(), place))
    assert [place for place, *_ in rows[: len(early)]] == lots
    assert [number for _, number, _ in rows] == list(range(1, len(rows) + 1))
    admitted = [moment for *_, moment in rows if moment is not None]
    assert all(moment is not None for *_, moment in rows[: len(admitted)]), "somebody was passed over"
    assert admitted == sorted(admitted)


def _demand_control(seen: list[Seen]) -> None:
    """The inlet came near what the database can do and no further, instead of growing until all who may are let in."""
    going = [each for each in seen if 0 < each.held < TICKETS * 0.9]
    carried = (going[-1].held - going[0].held) / (going[-1].at - going[0].at)
    inlets = [each.inlet for each in going]
    assert max(inlets) <= 1.25 * MOST_HOLDS, inlets
    assert mean(inlets) >= 0.7 * carried, (carried, inlets)


async def test_five_thousand_come_for_five_hundred_tickets_of_a_slow_shop(fleet: Fleet) -> None:
    sale = await fleet.sale(capacity=TICKETS, opens="20 minutes")
    await fleet.box_office.database.execute(SLOW)
    doors = Doors(fleet.ports)
    visitors = [Visitor(doors, sale.event_id) for _ in range(ARRIVALS)]
    early, late = visitors[:EARLY], visitors[EARLY:]
    await asyncio.gather(*(visitor.take() for visitor in early))
    await fleet.opens(sale)
    await fleet.is_in_state(sale, "open")
    await asyncio.gather(*(visitor.take() for visitor in late))
    seen: list[Seen] = []
    looking_on = asyncio.ensure_future(_look_on(fleet, sale, seen))
    try:
        await _together(visitors, fleet, sale)
    finally:
        looking_on.cancel()
        await asyncio.wait([looking_on])
    assert looking_on.cancelled(), looking_on
    await doors.close()

    seconds = sorted(second for visitor in visitors for second in visitor.hold_seconds)
    held = Counter(visitor.held for visitor in visitors)
    assert seconds[int(len(seconds) * 0.95)] <= 0.8
    _demand_control(seen)
    assert held[201] == TICKETS == sum(visitor.bought for visitor in visitors)
    assert 500 not in doors.statuses, doors.statuses
    assert all(len(visitor.admissions) == visitor.bought for visitor in visitors)
    assert {visitor.told[-1] for visitor in visitors if not visitor.bought} == {"closed"}
    await _demand_fairness(fleet, sale, early)
    assert await fleet.box_office.broken() == []


async def test_the_order_outlives_a_serving_process_and_the_worker_that_governs(fleet: Fleet) -> None:
    await fleet.box_office.database.execute("DROP TRIGGER IF EXISTS slow ON hold")
    sale = await fleet.sale(capacity=10_000, opens="20 minutes")
    doors = Doors(fleet.ports, seed=2)
    visitors = [Visitor(doors, sale.event_id) for _ in range(100)]
    early, late = visitors[:60], visitors[60:]
    await asyncio.gather(*(visitor.take() for visitor in early))
    await fleet.opens(sale)
    await fleet.is_in_state(sale, "open")
    await asyncio.gather(*(visitor.take() for visitor in late))
    waiting = asyncio.gather(*(visitor.wait(asyncio.Event()) for visitor in visitors))

    admitted = "SELECT admitted_to >= 20 FROM room WHERE event_id = %(event)s"
    await eventually(lambda: fleet.box_office.value(admitted, event=sale.event_id), within=20)
    governing = await fleet.governing()
    fleet.workers[governing].kill()
    fleet.serving[0].kill()
    await waiting
    await doors.close()

    assert 500 not in doors.statuses, doors.statuses
    assert await fleet.governing() != governing
    assert all(visitor.bought for visitor in visitors)
    assert {len(visitor.admissions) for visitor in visitors} == {1}
    await _demand_fairness(fleet, sale, early)
    assert await fleet.box_office.value(
        "SELECT count(DISTINCT basket_id) FROM hold WHERE event_id = %(event)s", event=sale.event_id
    ) == len(visitors)
    assert await fleet.box_office.broken() == []
