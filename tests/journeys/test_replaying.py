"""Whoever got hold of a basket's id can do with it what its customer could, and learns nothing once it is bought."""

from typing import Any

import pytest

from backend.psp.cards import card_named
from tests.journeys.conftest import OpenShop
from tests.shop import Answer, Shop

CARD, HOSTED = {"method": "card"}, {"method": "hosted"}


async def check_out(shop: Shop, basket: str, key: str | None, **more: Any) -> Answer:
    headers = {"Idempotency_Key": key} if key else {}
    return await shop.ask("POST", "/api/checkout", {"basket_id": basket, **more}, **headers)


async def a_basket(shop: Shop) -> str:
    return await shop.basket(await shop.box_office.publish(price=1000))


@pytest.mark.parametrize("first", ["its-own", None])
@pytest.mark.parametrize("second", ["another", None])
async def test_a_bought_basket_opens_no_order(shop: Shop, first: str | None, second: str | None) -> None:
    basket = await a_basket(shop)
    bought = await check_out(shop, basket, first, email="a@example.com")
    stranger = await check_out(shop, basket, second, email="a@example.com")
    assert (stranger.status, stranger.problem) == (409, "basket-bought")
    told = str(stranger.body)
    assert all(bought.body[secret] not in told for secret in ("order_id", "order_token"))


async def test_the_same_request_gets_the_same_answer(shop: Shop) -> None:
    basket = await a_basket(shop)
    bought = await check_out(shop, basket, "key", email="a@example.com")
    assert (await check_out(shop, basket, "key", email="a@example.com")).body == bought.body
    other = await check_out(shop, basket, "key", email="b@example.com")
    assert (other.status, other.problem) == (422, "idempotency-mismatch")


async def test_a_basket_that_is_being_paid_shows_nobody_else_where(shop: Shop) -> None:
    basket = await a_basket(shop)
    waiting = await check_out(shop, basket, "key", payment=HOSTED)
    stranger = await check_out(shop, basket, "another", payment=HOSTED)
    assert (stranger.status, stranger.problem) == (409, "basket-busy")
    assert waiting.body["payment_url"] not in str(stranger.body)
    assert (await check_out(shop, basket, "key", payment=HOSTED)).body == waiting.body
    await shop.pay(waiting, card_named("approve").number)
    await shop.at_last(waiting, status="paid")
    assert (await check_out(shop, basket, "another", payment=HOSTED)).problem == "basket-bought"


async def test_after_its_last_payment_failed_and_its_time_is_over_a_basket_is_closed(open_shop: OpenShop) -> None:
    async with open_shop(worker=False, psp={"card": "decline"}) as shop:
        basket = await a_basket(shop)
        assert (await check_out(shop, basket, "key", payment=CARD)).problem == "payment-declined"
        await shop.box_office.rows("UPDATE hold SET expires_at = now() RETURNING 1")
        assert (await check_out(shop, basket, "another")).problem == "basket-expired"
        await shop.box_office.value("SELECT lapse_orders_v1(10)")
        assert (await check_out(shop, basket, "another")).problem == "basket-expired"
        assert (await check_out(shop, basket, "key", payment=CARD)).status in {402, 409}


async def test_whoever_pays_after_a_decline_does_not_read_who_tried_before(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "decline"}) as shop:
        basket = await a_basket(shop)
        await check_out(shop, basket, "key", email="a@example.com", name="Ada")
        order = await shop.order(await check_out(shop, basket, "another", payment=HOSTED, name="Bob"))
        assert (order["email"], order["name"]) == (None, "Bob")
