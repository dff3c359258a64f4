"""However often and in whatever order a customer asks, each wish is carried out once and answered the same."""

from __future__ import annotations

import asyncio
import random
from typing import Any
from uuid import uuid4

import pytest

from tests.box_office import Sale
from tests.journeys.conftest import OpenShop
from tests.shop import PSP_KEY, Answer, Shop, together


async def buy(shop: Shop, body: Any, key: str | None = None, cookie: str | None = None) -> Answer:
    headers = ({"Idempotency_Key": key} if key else {}) | ({"Cookie": f"basket={cookie}"} if cookie else {})
    return await shop.ask("POST", "/api/checkout", body, **headers)


def items(sale: Sale, **more: Any) -> dict[str, Any]:
    return {"items": [{"event_id": sale.event_id, "quantity": 1, **more}]}


async def set_card(shop: Shop, card: str) -> None:
    headers = {"Authorization": f"Bearer {PSP_KEY}"}
    async with shop.client.put(f"{shop.psp_url}/v1/control", json={"card": card}, headers=headers) as response:
        assert response.status == 200


@pytest.mark.parametrize("price", [0, 1000])
async def test_a_key_buys_once_however_its_requests_overlap(shop: Shop, price: int) -> None:
    sale = await shop.box_office.publish(price=price, capacity=1000)
    for _ in range(25):
        cookie, key = await shop.basket(sale), uuid4().hex

        async def click(cookie: str = cookie, key: str = key) -> Answer:
            await asyncio.sleep(random.random() * 0.02)
            return await buy(shop, items(sale), key, cookie)

        answers = await together(*(click() for _ in range(6)))
        bought = {answer.body["order_id"] for answer in answers if answer.status == 200}
        others = {answer.problem for answer in answers if answer.status != 200}
        assert len(bought) == 1, answers
        assert others <= {"idempotency-in-flight"}
    assert await shop.box_office.value("SELECT count(*) FROM orders") == 25
    assert await shop.box_office.value("SELECT count(*) FROM hold WHERE state = 'held'") == 0
    assert await shop.broken() == []


async def test_two_baskets_of_one_cookie_share_no_key(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    first = await shop.hold(sale)
    cookie = first.body["basket_id"]
    bought = await buy(shop, {}, "once", cookie)
    later = await shop.ask("POST", "/api/basket", {"event_id": sale.event_id}, Cookie=f"basket={cookie}")
    assert later.status == 201
    assert (await buy(shop, {}, "once", cookie)).body == bought.body
    assert (await buy(shop, {}, "again", cookie)).status == 200
    assert await shop.box_office.value("SELECT count(*) FROM orders") == 2


async def test_an_old_key_is_answered_with_its_own_attempt(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "decline"}) as shop:
        basket = {"basket_id": await shop.basket(await shop.box_office.publish(price=1000))}
        declined = [await buy(shop, basket, key) for key in ("a", "b")]
        await set_card(shop, "approve")
        again = [await buy(shop, basket, key) for key in ("a", "b")]
        assert [answer.status for answer in (*declined, *again)] == [402] * 4
        other = await buy(shop, {**basket, "email": "z@example.com"}, "a")
        assert (other.status, other.problem) == (422, "idempotency-mismatch")
        assert await shop.box_office.value("SELECT count(*) FROM payment") == 2
        paid = await buy(shop, basket, "c")
        assert (paid.status, (await buy(shop, basket, "c")).body) == (200, paid.body)
        assert (await buy(shop, basket, "a")).status == 402
        assert await shop.broken() == []


async def test_a_cancelled_order_is_answered_as_it_is_now(shop: Shop) -> None:
    basket = {"basket_id": await shop.basket(await shop.box_office.publish(price=1000))}
    bought = await buy(shop, basket, "once")
    path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    assert (await shop.ask("POST", path, {})).status == 200
    again = await buy(shop, basket, "once")
    assert (again.status, again.body) == (200, {**bought.body, "status": "cancelled", "tickets": []})


@pytest.mark.parametrize("priced", [{}, {"price": 10.0}])
async def test_a_second_click_without_a_key_buys_nothing_more(shop: Shop, priced: dict[str, Any]) -> None:
    sale = await shop.box_office.publish(price=1000)
    cookie = await shop.basket(sale)
    first, second = [await buy(shop, items(sale, **priced), cookie=cookie) for _ in range(2)]
    assert (first.status, second.status, second.problem) == (200, 409, "basket-bought")
    more = await buy(shop, items(sale, quantity=2), cookie=cookie)
    assert more.status == 200
    assert (await buy(shop, items(sale), uuid4().hex, cookie)).status == 200  # a new key says that it is a new wish
    await shop.box_office.rows("UPDATE orders SET paid_at = now() - interval '2 minutes' RETURNING 1")
    assert (await buy(shop, items(sale), cookie=cookie)).status == 200  # so does time
    assert await shop.broken() == []


async def test_a_second_click_while_the_first_is_paid_for_buys_nothing_more(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    cookie, hosted = await shop.basket(sale), {"payment": {"method": "hosted"}}
    first, second = [await buy(shop, items(sale) | hosted, cookie=cookie) for _ in range(2)]
    assert (first.status, second.status, second.problem) == (202, 409, "basket-busy")
    assert await shop.box_office.available(sale) == 99


async def test_after_a_decline_whoever_had_no_basket_can_try_again(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "decline"}) as shop:
        sale = await shop.box_office.publish(price=1000)
        declined = await buy(shop, items(sale), "a")
        assert (declined.status, declined.problem) == (402, "payment-declined")
        basket = declined.body["basket_id"]
        assert declined.headers["Set-Cookie"].startswith(f"basket={basket};")
        again = await buy(shop, items(sale), "a", basket)
        assert (again.status, again.body["basket_id"]) == (402, basket)
        await set_card(shop, "approve")
        assert (await buy(shop, items(sale), "b", basket)).status == 200
        assert await shop.box_office.available(sale) == 99
        assert await shop.broken() == []


async def test_after_a_decline_several_at_once_for_one_basket_charge_once(open_shop: OpenShop) -> None:
    """In one batch, as they come with different addresses, which are no reason to wait for one another."""
    async with open_shop(psp={"card": "decline"}) as shop:
        sale = await shop.box_office.publish(price=1000, capacity=1000)
        for _ in range(5):
            basket = await shop.basket(sale)
            await set_card(shop, "decline")
            assert (await buy(shop, {"basket_id": basket})).status == 402
            await set_card(shop, "approve")
            wishes = ({"basket_id": basket, "email": f"{name}@example.com"} for name in "abcd")
            answers = await together(*(buy(shop, wish, uuid4().hex) for wish in wishes))
            assert sum(answer.status == 200 for answer in answers) == 1, answers
        assert await shop.box_office.value("SELECT count(*) FROM payment WHERE status = 'succeeded'") == 5
        assert await shop.broken() == []


async def test_a_refusal_that_is_asked_for_again_is_the_same(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000, per_customer=1)
    answers = [await buy(shop, items(sale, price=1.0), "dear") for _ in range(3)]
    assert [(answer.status, answer.problem) for answer in answers] == [(409, "price-changed")] * 3
    assert len({str({**answer.body, "request_id": ""}) for answer in answers}) == 1
    assert "basket_id" not in answers[0].body
    assert (await buy(shop, items(sale) | {"email": "a@example.com"})).status == 200
    answers = [await buy(shop, items(sale) | {"email": "a@example.com"}, "many") for _ in range(3)]
    assert [(answer.status, answer.problem) for answer in answers] == [(409, "limit-reached")] * 3
    assert await shop.box_office.available(sale) == 99  # what the refused requests held has been given back
    assert await shop.broken() == []


async def test_a_basket_that_was_emptied_is_not_said_to_be_late(shop: Shop) -> None:
    basket = await shop.basket(await shop.box_office.publish(price=1000))
    assert (await shop.ask("DELETE", f"/api/basket?basket_id={basket}")).status == 204
    answers = [
        await shop.ask("GET", f"/api/basket?basket_id={basket}"),
        await shop.ask("POST", "/api/basket/extend", {"basket_id": basket}),
        await buy(shop, {"basket_id": basket}),
    ]
    assert {(answer.status, answer.problem) for answer in answers} == {(409, "basket-expired")}
    assert all("given back" in answer.body["detail"] for answer in answers)
