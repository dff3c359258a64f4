"""The database itself sees to it that a key buys once, whichever baskets it comes by at the same moment."""

import asyncio
from uuid import UUID, uuid4

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database, Transaction
from backend.features.inventory.holds import HoldLimits, HoldLine, HoldRequest, Holds
from tests.box_office import BoxOffice, Sale, eventually

CHECKOUT = """
SELECT result, order_id, basket FROM checkout_v1(
    %(baskets)s::uuid[], %(orders)s::uuid[], %(payments)s::uuid[], %(nulls)s::text[], %(nulls)s::text[],
    %(keys)s::text[], %(bodies)s::text[], %(cards)s::text[], 'test', '15 minutes')
"""
WAITING = "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted)"

Row = tuple[str, UUID, UUID]


async def hold(box_office: BoxOffice, sale: Sale) -> UUID:
    line = HoldLine(sale.type_id, sale.pool_id, 1)
    return (await Holds(box_office.database, HoldLimits()).submit(HoldRequest((line,)))).basket_id


async def check_out(database: Database | Transaction, baskets: list[UUID], bodies: str, key: str = "key") -> list[Row]:
    """One batch; bodies: a letter for each basket's request."""
    count = len(baskets)
    values = {
        "baskets": baskets, "orders": [uuid4() for _ in baskets], "payments": [uuid4() for _ in baskets],
        "nulls": [None] * count, "keys": [key] * count, "bodies": list(bodies), "cards": ["card"] * count,
    }  # fmt: skip
    return await database.fetch_all(CHECKOUT, values)


@pytest.mark.parametrize("price", [0, 1000])
@pytest.mark.parametrize(("body", "told"), [("a", "exists"), ("b", "mismatch")])
async def test_in_one_batch(box_office: BoxOffice, price: int, body: str, told: str) -> None:
    sale = await box_office.publish(price=price)
    baskets = [await hold(box_office, sale) for _ in range(2)]
    first, second = await check_out(box_office.database, baskets, "a" + body)
    assert (first[0], second) == ("pending" if price else "paid", (told, first[1], baskets[0]))
    assert await box_office.value("SELECT count(*) FROM orders") == 1
    assert await box_office.broken() == []


@pytest.mark.parametrize("price", [0, 1000])
async def test_in_two_processes(box_office: BoxOffice, dsn: str, price: int) -> None:
    sale = await box_office.publish(price=price)
    here, there = [await hold(box_office, sale) for _ in range(2)]
    other = await Database.open(DatabaseOptions(dsn=dsn, lock_timeout=10, statement_timeout=11, client_timeout=12))
    async with box_office.database.transaction() as tx:
        [first] = await check_out(tx, [here], "a")
        racing = asyncio.ensure_future(check_out(other, [there], "a"))
        await eventually(lambda: tx.fetch_value(WAITING))
    assert await racing == [("exists", first[1], here)]
    await other.close(patience=1.0)
    assert await box_office.value("SELECT count(*) FROM orders") == 1
    assert await box_office.broken() == []
