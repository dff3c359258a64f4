"""An event that does not take place, or is sold no more, is neither sold nor charged."""

from __future__ import annotations

import pytest

from backend.psp.cards import card_named
from tests.box_office import Sale
from tests.shop import Shop


async def end(shop: Shop, sale: Sale, status: str) -> None:
    await shop.box_office.database.execute(
        "UPDATE event SET status = %(status)s WHERE id = %(event)s", {"status": status, "event": sale.event_id}
    )


@pytest.mark.parametrize("status", ["cancelled", "withdrawn"])
@pytest.mark.parametrize("price", [0, 1000])
async def test_what_is_no_longer_sold_cannot_be_checked_out(shop: Shop, status: str, price: int) -> None:
    sale = await shop.box_office.publish(price=price)
    basket = await shop.basket(sale)
    await end(shop, sale, status)
    refused = await shop.check_out(basket)
    assert (refused.status, refused.problem) == (409, "not-on-sale")
    assert "no longer" in refused.body["detail"]
    assert await shop.box_office.available(sale) == 100
    assert await shop.box_office.value("SELECT count(*) FROM orders") == 0
    assert await shop.broken() == []


async def test_what_else_is_in_the_basket_can_still_be_bought(shop: Shop) -> None:
    gone, other = await shop.box_office.publish(price=1000), await shop.box_office.publish(price=500)
    basket = await shop.basket(gone)
    await shop.hold(other, basket_id=basket)
    await end(shop, gone, "cancelled")
    assert (await shop.check_out(basket)).problem == "not-on-sale"
    bought = await shop.check_out(basket)
    assert (bought.status, bought.body["total"]) == (200, 5.0)
    assert await shop.broken() == []


@pytest.mark.parametrize("status", ["cancelled", "withdrawn"])
async def test_money_for_what_is_no_longer_sold_goes_back(shop: Shop, status: str) -> None:
    sale = await shop.box_office.publish(price=1000)
    bought = await shop.check_out(await shop.basket(sale), "hosted")
    await end(shop, sale, status)
    await shop.pay(bought, card_named("approve").number)
    order = await shop.at_last(bought, status="lapsed")
    assert order["tickets"] == []
    assert [(refund["amount"], refund["reason"]) for refund in order["refunds"]] == [(10.0, "event_cancelled")]
    assert await shop.box_office.available(sale) == 100
    assert await shop.broken() == []
