"""The same request again, under the same Idempotency-Key: one effect, one answer; and keys that cannot be used."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from backend import parts
from backend.app import api_routes
from backend.telemetry.promise import load_promise
from backend.web.health import Health
from tests.journeys.conftest import OpenShop
from tests.shop import Answer, Shop, together

IDEMPOTENT = {"/api/basket", "/api/basket/extend", "/api/checkout", "/api/orders/{order_id}/cancel"}


async def extend(shop: Shop, body: Any, key: str = "once", **headers: str) -> Answer:
    return await shop.ask("POST", "/api/basket/extend", body, Idempotency_Key=key, **headers)


async def test_every_route_that_moves_money_or_stock_takes_a_key_and_refuses_a_bad_one(shop: Shop) -> None:
    served = api_routes(parts.metrics(shop.settings), load_promise(), Health())
    assert {route.template for route in served if route.idempotent} == IDEMPOTENT
    for template in IDEMPOTENT:
        path = template.replace("{order_id}", str(uuid4()))
        for key in ("a b", "x" * 256):
            answer = await shop.ask("POST", path, {}, Idempotency_Key=key)
            assert (answer.status, answer.problem) == (400, "validation")
            assert [error["field"] for error in answer.body["errors"]] == ["Idempotency-Key"]


async def test_an_extension_that_is_sent_again_is_answered_again(shop: Shop) -> None:
    sale = await shop.box_office.publish()
    body = {"basket_id": await shop.basket(sale)}
    first, *others = await together(*(extend(shop, body) for _ in range(5)))
    assert first.status == 200
    assert [(other.status, other.body) for other in others] == [(200, first.body)] * 4
    assert (await extend(shop, body, "another")).problem == "already-extended"
    mismatch = await extend(shop, b'{"basket_id": "%b"}' % body["basket_id"].encode())
    assert (mismatch.status, mismatch.problem) == (422, "idempotency-mismatch")
    assert (await shop.check_out(body["basket_id"])).status == 200
    assert (await extend(shop, body)).body == first.body


async def test_an_extension_by_cookie_is_answered_again_and_only_to_that_cookie(shop: Shop) -> None:
    sale = await shop.box_office.publish()
    cookies = [f"basket={await shop.basket(sale)}" for _ in range(2)]
    first, again, other = [await extend(shop, {}, Cookie=cookie) for cookie in (cookies[0], cookies[0], cookies[1])]
    assert (first.status, again.body) == (200, first.body)
    assert other.body["basket_id"] != first.body["basket_id"]


async def test_a_cancellation_that_is_sent_again_is_answered_again(shop: Shop) -> None:
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish()))
    path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    first, again = [await shop.ask("POST", path, {}, Idempotency_Key="once") for _ in range(2)]
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body


@pytest.mark.parametrize(("key", "orders"), [("1", 2), (uuid4().hex, 1)], ids=["guessable", "unguessable"])
async def test_strangers_share_no_answer_and_travellers_buy_once(open_shop: OpenShop, key: str, orders: int) -> None:
    async with open_shop(trusted_hops=1) as shop:
        items = {"items": [{"event_id": (await shop.box_office.publish(price=1000)).event_id}]}
        bought = [
            await shop.ask("POST", "/api/checkout", items, Idempotency_Key=key, X_Forwarded_For=address)
            for address in ("192.0.2.1", "192.0.2.1", "198.51.100.7")
        ]
    assert {answer.status for answer in bought} == {200}
    assert bought[1].body == bought[0].body
    assert len({answer.body["order_id"] for answer in bought}) == orders
