"""Orders for tests, made by the database functions themselves."""

from uuid import UUID

from backend.domain.ids import uuid7
from backend.features.inventory.holds import HoldLimits, HoldLine, HoldRequest, Holds
from tests.box_office import BoxOffice, Sale

CHECKOUT = """
SELECT result, payment FROM checkout_v1(
    ARRAY[%(basket)s]::uuid[], ARRAY[%(order)s]::uuid[], ARRAY[%(payment)s]::uuid[], ARRAY[NULL::text],
    ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY['card'], 'test', interval '15 minutes')
"""
DECLINED = """
SELECT result FROM settle_v1(
    ARRAY[%(payment)s]::uuid[], ARRAY['failed'], ARRAY['ref'], ARRAY[NULL::text], ARRAY['no'], interval '2 minutes')
"""


def wish(*sales: Sale) -> HoldRequest:
    """One ticket of each."""
    return HoldRequest(tuple(HoldLine(sale.type_id, sale.pool_id, 1) for sale in sales))


async def placed(box_office: BoxOffice, *sales: Sale) -> tuple[UUID, UUID]:
    """An order that waits for its money, and its payment."""
    basket = (await Holds(box_office.database, HoldLimits()).submit(wish(*sales))).basket_id
    order, payment = uuid7(), uuid7()
    await box_office.rows(CHECKOUT, basket=basket, order=order, payment=payment)
    return order, payment


async def declined(box_office: BoxOffice, *sales: Sale) -> UUID:
    """The order of a basket whose card was declined, and whose time is over since."""
    order, payment = await placed(box_office, *sales)
    assert await box_office.value(DECLINED, payment=payment) == "failed"
    await box_office.database.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
    return order
