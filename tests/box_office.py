"""Events for tests, written straight into the tables, and the truth, read straight from them."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest

from backend.db.pool import Database
from backend.features.inventory.sweeps import broken_invariants

_numbers = count(1)

_EVENT = """
INSERT INTO event (slug, name, venue, city, starts_at, timezone, currency, refundable_until, cancellation_fee_bp)
VALUES (%(slug)s, %(slug)s, 'Hall', 'Cork', now() + interval '30 days', 'Europe/Dublin', 'EUR',
        now() + interval '23 days', %(fee)s)
RETURNING id
"""
_POOL = """
INSERT INTO pool (event_id, name, capacity, available) VALUES (%(event)s, %(name)s, %(capacity)s, %(capacity)s)
RETURNING id
"""
_TYPE = """
INSERT INTO ticket_type (event_id, pool_id, name, price_minor, seated, on_sale_at, off_sale_at, max_per_customer)
VALUES (%(event)s, %(pool)s, %(name)s, %(price)s, %(seated)s, now() + %(opens)s::interval, now() + interval '29 days',
        %(per_customer)s)
RETURNING id
"""
_SEATS = """
INSERT INTO seat (event_id, pool_id, ticket_type_id, row_label, number)
SELECT %(event)s, %(pool)s, %(type)s, 'A', n FROM generate_series(1, %(seats)s) AS n RETURNING id
"""


@dataclass(frozen=True)
class Sale:
    """One event with one pool and one ticket type."""

    event_id: int
    pool_id: int
    type_id: int
    seat_ids: tuple[int, ...] = ()


class BoxOffice:
    def __init__(self, database: Database) -> None:
        self.database = database

    async def publish(
        self,
        *,
        capacity: int = 100,
        price: int = 0,
        seated: bool = False,
        opens: str = "-1 day",
        per_customer: int | None = None,
        fee: int = 0,
    ) -> Sale:
        """So many tickets, or seats in row A. price: cents. opens: an interval from now. fee: basis points."""
        name = f"event-{next(_numbers)}"
        event = await self.value(_EVENT, slug=name, fee=fee)
        pool = await self.value(_POOL, event=event, name=name, capacity=capacity)
        ticket_type = await self.value(
            _TYPE, event=event, pool=pool, name=name, price=price, seated=seated, opens=opens, per_customer=per_customer
        )
        seats = await self.rows(_SEATS, event=event, pool=pool, type=ticket_type, seats=capacity) if seated else []
        return Sale(event, pool, ticket_type, tuple(sorted(seat for (seat,) in seats)))

    async def available(self, sale: Sale) -> int:
        return int(await self.value("SELECT available FROM pool WHERE id = %(pool)s", pool=sale.pool_id))

    async def broken(self) -> list[str]:
        """Every invariant that does not hold."""
        return [str(broken) for broken in await broken_invariants(self.database)]

    async def value(self, sql: str, **params: Any) -> Any:
        return await self.database.fetch_value(sql, params)

    async def rows(self, sql: str, **params: Any) -> list[Any]:
        return await self.database.fetch_all(sql, params)


async def eventually(condition: Callable[[], Awaitable[object]], within: float = 5.0) -> None:
    """Wait until the condition holds; fail the test when it does not within so many seconds."""
    try:
        async with asyncio.timeout(within):
            while not await condition():  # noqa: ASYNC110 - what it asks cannot set an event
                await asyncio.sleep(0.02)
    except TimeoutError:
        pytest.fail(f"not within {within} s: {condition}")
