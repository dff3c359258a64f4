"""What one address or one customer may hold at a time, however many requests come at once."""

import asyncio
from collections.abc import Awaitable
from dataclasses import replace
from typing import Any
from uuid import UUID

from backend.db.options import DatabaseOptions
from backend.db.pool import Database, Params, Row, Transaction
from backend.features.inventory.holds import HoldAnswer, HoldLimits, HoldLine, HoldRequest, Holds
from tests.box_office import BoxOffice, Sale, eventually


def wish(sale: Sale, quantity: int = 1, **more: object) -> HoldRequest:
    return replace(HoldRequest((HoldLine(sale.type_id, sale.pool_id, quantity),)), **more)  # type: ignore[arg-type] # any of its fields


async def test_an_address_holds_no_more_than_its_limit(box_office: BoxOffice, db: Database) -> None:
    sale = await box_office.publish()
    holds = Holds(db, HoldLimits(tickets_per_address=3))
    crowd = [wish(sale, 2, address="192.0.2.1"), wish(sale, 2, address="192.0.2.1"), wish(sale, 2, address="192.0.2.2")]
    answers = await asyncio.gather(*map(holds.submit, crowd))
    assert [answer.result for answer in answers] == ["held", "address-limit", "held"]
    assert (await holds.submit(wish(sale, 1, address="192.0.2.1"))).result == "held"


async def test_what_an_address_is_paying_for_counts_however_long_that_takes(
    box_office: BoxOffice, db: Database
) -> None:
    sale = await box_office.publish()
    holds = Holds(db, HoldLimits(tickets_per_address=3))
    await holds.submit(wish(sale, 2, address="192.0.2.1"))
    await db.execute("UPDATE hold SET state = 'paying', expires_at = now() - interval '1 minute'")
    assert (await holds.submit(wish(sale, 2, address="192.0.2.1"))).result == "address-limit"


async def test_an_address_cannot_race_itself_through_two_pools(dsn: str, box_office: BoxOffice, db: Database) -> None:
    here, there = [wish(await box_office.publish(), 2, address="192.0.2.1") for _ in range(2)]
    assert await racing(dsn, db, HoldLimits(tickets_per_address=3), here, there) == "address-limit"


async def test_a_customer_holds_no_more_baskets_than_their_limit(box_office: BoxOffice, db: Database) -> None:
    sale = await box_office.publish()
    holds = Holds(db, HoldLimits(holds_per_customer=1))
    first = await emptied(holds, wish(sale))
    second = await emptied(holds, wish(sale, known=first))
    crowd = [wish(sale, known=first), wish(sale, known=second), wish(sale)]
    answers = await asyncio.gather(*map(holds.submit, crowd))
    assert [answer.result for answer in answers] == ["held", "hold-limit", "held"]


async def test_a_customer_cannot_race_themselves_through_two_pools(
    dsn: str, box_office: BoxOffice, db: Database
) -> None:
    first = await emptied(Holds(db, HoldLimits()), wish(await box_office.publish()))
    second = await emptied(Holds(db, HoldLimits()), wish(await box_office.publish(), known=first))
    here, there = [wish(await box_office.publish(), known=known) for known in (first, second)]
    assert await racing(dsn, db, HoldLimits(holds_per_customer=1), here, there) == "hold-limit"


async def emptied(holds: Holds, request: HoldRequest) -> UUID:
    """A basket that was held and given back."""
    basket = (await holds.submit(request)).basket_id
    assert await holds._database.fetch_value("SELECT result FROM release_basket_v1(%(id)s, NULL)", {"id": basket})
    return basket


async def racing(dsn: str, db: Database, limits: HoldLimits, first: HoldRequest, second: HoldRequest) -> str:
    """What the second is told that comes while the first, which is held, is not committed yet."""
    patient = await Database.open(DatabaseOptions(dsn=dsn, lock_timeout=10, statement_timeout=11, client_timeout=12))
    async with db.transaction() as tx:
        assert (await Holds(Uncommitted(tx), limits).submit(first)).result == "held"  # type: ignore[arg-type] # as far as it needs
        racer = asyncio.ensure_future(Holds(patient, limits).submit(second))
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND datname = current_database()"
        await eventually(lambda: _either(racer, db.fetch_value(waiting)))
    answer = await racer
    await patient.close(patience=1.0)
    return answer.result


class Uncommitted:
    """A database of which nobody else sees anything yet."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    async def fetch_all(self, sql: str, params: Params, **_urgent: bool) -> list[Row]:
        return await self._transaction.fetch_all(sql, params)


async def _either(task: asyncio.Future[HoldAnswer], waiting: Awaitable[Any]) -> bool:
    return bool(await waiting > 0) or task.done()
