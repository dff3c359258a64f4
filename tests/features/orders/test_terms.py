"""The terms of cancelling are those at the sale, whatever the organiser changes later."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.box_office import BoxOffice
from tests.shop import Answer, Shop, running_shop

WORSE = "UPDATE event SET refundable_until = now() - interval '1 day', cancellation_fee_bp = 10000"
CANCELLED = "UPDATE event SET status = 'cancelled'"


@pytest.fixture
async def shop(box_office: BoxOffice, dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        yield shop


async def cancel(shop: Shop, bought: Answer) -> Any:
    """The order after its customer gave it back."""
    path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    answer = await shop.ask("POST", path, {})
    assert answer.status == 200, answer.body
    return answer.body


async def test_what_was_bought_keeps_its_terms(shop: Shop) -> None:
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000, fee=1000), 2))
    before = await shop.order(bought)
    await shop.box_office.database.execute(WORSE)
    assert await shop.order(bought) == before
    assert (before["cancellable"], before["cancellation_fee"], before["cancellation_refund"]) == (True, 2.0, 18.0)
    assert [refund["amount"] for refund in (await cancel(shop, bought))["refunds"]] == [18.0]
    assert await shop.broken() == []


async def test_the_terms_are_those_at_checkout_not_at_the_payment(shop: Shop) -> None:
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000, fee=1000)), "hosted")
    await shop.box_office.database.execute(WORSE)
    await shop.box_office.value(
        "SELECT count(*) FROM payment p, settle_v1(ARRAY[p.id], '{succeeded}', '{pi}', '{NULL}', '{NULL}', '1 s')"
    )
    order = await shop.order(bought)
    assert (order["status"], order["cancellable"], order["cancellation_fee"]) == ("paid", True, 1.0)


async def test_the_basket_shows_the_terms_of_now_and_checkout_takes_them(shop: Shop) -> None:
    basket = await shop.basket(await shop.box_office.publish(price=1000, fee=1000))
    await shop.box_office.database.execute(WORSE)
    (line,) = (await shop.ask("GET", f"/api/basket?basket_id={basket}")).body["items"]
    assert line["cancellation_fee_percent"] == 100
    order = await shop.order(await shop.check_out(basket))
    assert (order["cancellable"], order["refundable_until"]) == (False, None)


async def test_another_try_to_pay_is_another_checkout(shop: Shop) -> None:
    basket = await shop.basket(await shop.box_office.publish(price=1000, fee=1000))
    await shop.check_out(basket, "hosted")
    await shop.box_office.value(
        "SELECT count(*) FROM payment p, settle_v1(ARRAY[p.id], '{failed}', '{pi}', '{NULL}', '{NULL}', '1 minute')"
    )
    await shop.box_office.database.execute("UPDATE event SET cancellation_fee_bp = 2000")
    order = await shop.order(await shop.check_out(basket))
    assert (order["status"], order["cancellation_fee"]) == ("paid", 2.0)


async def test_whoever_cancels_before_the_shop_gives_a_cancelled_event_back_gets_everything_too(shop: Shop) -> None:
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000, fee=5000), 2))
    await shop.box_office.database.execute(WORSE)
    await shop.box_office.database.execute(CANCELLED)
    assert [refund["amount"] for refund in (await cancel(shop, bought))["refunds"]] == [20.0]
    assert await shop.broken() == []
