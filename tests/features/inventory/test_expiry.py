"""Whoever is told that nothing is left was told so after all that has expired came back, declined baskets included."""

from uuid import UUID

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.inventory.holds import HoldLimits, Holds
from backend.features.inventory.sweeps import forget_extensions, give_back_expired
from tests.box_office import BoxOffice
from tests.features.inventory.selling import declined, wish


async def status_of(box_office: BoxOffice, order: UUID) -> str:
    return str(await box_office.value("SELECT status FROM orders WHERE id = %(order)s", order=order))


@pytest.fixture
def swept() -> list[tuple[int, int]]:
    """How many holds and orders each request has ended on its way."""
    return []


@pytest.fixture
def holds(db: Database, swept: list[tuple[int, int]]) -> Holds:
    return Holds(db, HoldLimits(), swept=lambda expired, lapsed: swept.append((expired, lapsed)))


async def test_the_tickets_of_a_declined_basket_can_be_had_once_its_time_is_over(
    box_office: BoxOffice, holds: Holds, swept: list[tuple[int, int]]
) -> None:
    sale = await box_office.publish(capacity=1, price=1000)
    order = await declined(box_office, sale)
    assert (await holds.submit(wish(sale))).result == "held"
    assert swept == [(1, 1)]
    assert await status_of(box_office, order) == "lapsed"
    assert await box_office.broken() == []


async def test_other_tickets_of_the_declined_basket_come_back_with_the_sweep(
    box_office: BoxOffice, db: Database, holds: Holds, swept: list[tuple[int, int]]
) -> None:
    wanted, other = [await box_office.publish(capacity=1, price=1000) for _ in range(2)]
    order = await declined(box_office, wanted, other)
    assert (await holds.submit(wish(wanted))).result == "held"
    assert swept == [(1, 0)]  # the other pool is not this request's to lock
    assert (await box_office.available(other), await status_of(box_office, order)) == (0, "pending")
    assert await box_office.broken() == []
    assert await give_back_expired(db) == (1, 1)
    assert (await box_office.available(other), await status_of(box_office, order)) == (1, "lapsed")
    assert await box_office.broken() == []


async def test_a_hold_never_waits_for_an_order_that_somebody_is_at(
    box_office: BoxOffice, holds: Holds, dsn: str
) -> None:
    sale = await box_office.publish(capacity=1, price=1000)
    order = await declined(box_office, sale)
    other = await Database.open(DatabaseOptions(dsn=dsn, maxsize=1))
    async with other.transaction() as transaction:
        await transaction.execute("SELECT 1 FROM orders WHERE id = %(id)s FOR UPDATE", {"id": order})
        assert (await holds.submit(wish(sale))).result == "sold-out"
    await other.close()
    assert (await holds.submit(wish(sale))).result == "held"
    assert await box_office.broken() == []


async def test_extensions_are_forgotten_a_day_after_their_basket(box_office: BoxOffice, db: Database) -> None:
    await db.execute(
        "INSERT INTO extension SELECT gen_random_uuid(), '', gen_random_uuid(), now() - n * interval '1 hour'"
        " FROM generate_series(1, 2500) AS n"
    )
    await forget_extensions(db)
    assert await box_office.value("SELECT count(*) FROM extension") == 23
