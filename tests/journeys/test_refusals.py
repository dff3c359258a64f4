"""What a customer is told, by name, when a basket or a key cannot be used as asked."""

import asyncio

import pytest

from backend.domain.payments import PaymentIntent, PaymentRequest
from backend.features.payments.psp import PspProvider
from tests.box_office import Sale
from tests.journeys.conftest import OpenShop
from tests.shop import Answer, Shop


async def in_pounds(shop: Shop) -> Sale:
    """An event that is sold in another currency than the others."""
    sale = await shop.box_office.publish(price=1000)
    await shop.box_office.database.execute("UPDATE event SET currency = 'GBP' WHERE id = %(id)s", {"id": sale.event_id})
    return sale


async def test_a_basket_has_one_currency(shop: Shop) -> None:
    euros, pounds = await shop.box_office.publish(price=1000), await in_pounds(shop)
    basket = await shop.basket(euros)
    added = await shop.hold(pounds, basket_id=basket)
    assert (added.status, added.problem) == (409, "currency-mismatch")
    assert "EUR" in added.body["detail"]
    items = [{"event_id": sale.event_id} for sale in (euros, pounds)]
    at_once = await shop.ask("POST", "/api/checkout", {"items": items})
    assert (at_once.status, at_once.problem) == (409, "currency-mismatch")
    assert (await shop.check_out(basket)).body["currency"] == "EUR"  # what was held before is not lost by it
    assert await shop.box_office.available(pounds) == 100
    assert await shop.broken() == []


async def test_a_basket_that_is_being_paid_for_stays_as_it_is(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    held = await shop.hold(sale, 2)
    basket = held.body["basket_id"]
    line = (await shop.ask("GET", f"/api/basket?basket_id={basket}")).body["items"][0]["id"]
    assert (await shop.check_out(basket, "hosted")).status == 202
    refused = {
        "add": await shop.hold(sale, basket_id=basket),
        "extend": await shop.ask("POST", "/api/basket/extend", {"basket_id": basket}),
        "empty": await shop.ask("DELETE", f"/api/basket?basket_id={basket}"),
        "remove": await shop.ask("DELETE", f"/api/basket/items/{line}?basket_id={basket}"),
    }
    for what, answer in refused.items():
        assert (answer.status, answer.problem, answer.headers["Retry-After"]) == (409, "basket-busy", "1"), what
    assert await shop.box_office.available(sale) == 98
    assert await shop.broken() == []


async def test_while_a_request_is_answered_its_key_says_so(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    sale = await shop.box_office.publish(price=1000)
    basket, go_on, create = await shop.basket(sale), asyncio.Event(), PspProvider.create

    async def slowly(provider: PspProvider, request: PaymentRequest) -> PaymentIntent:
        await go_on.wait()
        return await create(provider, request)

    async def pay() -> Answer:
        return await shop.ask("POST", "/api/checkout", {"basket_id": basket}, Idempotency_Key="once")

    monkeypatch.setattr(PspProvider, "create", slowly)
    first = asyncio.create_task(pay())
    await shop.settled("EXISTS (SELECT 1 FROM payment)")
    second = await pay()
    assert (second.status, second.problem) == (409, "idempotency-in-flight")
    assert second.headers["Retry-After"] == "1"
    go_on.set()
    assert (await first).status == 200
    assert (await pay()).body == (await first).body
    assert await shop.box_office.value("SELECT count(*) FROM payment") == 1
    assert await shop.broken() == []


async def test_a_customer_holds_so_many_baskets_at_a_time_and_others_are_not_counted(open_shop: OpenShop) -> None:
    async with open_shop(limit_holds_per_customer=2) as shop:
        sale = await shop.box_office.publish(price=1000)

        async def another(cookie: str = "") -> Answer:
            return await shop.ask("POST", "/api/basket", {"event_id": sale.event_id}, Cookie=cookie)

        held, cookie = [await another()], ""
        for _ in range(2):  # a basket that is being paid for is left alone: the browser gets another
            cookie = held[-1].headers["Set-Cookie"].partition(";")[0]
            assert (await shop.check_out(held[-1].body["basket_id"], "hosted")).status == 202
            held.append(await another(cookie))
        assert [answer.status for answer in held] == [201, 201, 429]
        assert (held[2].problem, held[2].body["limit"], held[2].headers["Retry-After"]) == ("too-many-holds", 2, "60")
        assert (await another()).status == 201
        await shop.box_office.database.execute("UPDATE hold SET state = 'expired' WHERE state = 'paying'")
        assert (await another(cookie)).status == 201
