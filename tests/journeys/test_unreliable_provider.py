"""A slow provider that loses every second call or its answer: in the end it and the shop agree on all the money."""

from collections import Counter
from typing import Any

from tests.box_office import eventually
from tests.journeys.conftest import OpenShop
from tests.shop import PSP_KEY, Shop, together

ORDERS = 24
TROUBLE = {"failure_rate": 0.5, "latency_seconds": 0.05}


async def ask_provider(shop: Shop, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {PSP_KEY}"}
    async with shop.client.request(method, shop.psp_url + path, json=body, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


async def all_is_known(shop: Shop) -> bool:
    """Whether the shop knows what became of each payment and refund, after one more look."""
    await shop.check_soon()
    still_open = """
        SELECT EXISTS (SELECT 1 FROM payment WHERE status NOT IN ('succeeded', 'failed', 'cancelled'))
            OR EXISTS (SELECT 1 FROM refund WHERE status <> 'done')
            OR EXISTS (SELECT 1 FROM webhook_inbox WHERE processed_at IS NULL)
    """
    return not await shop.box_office.value(still_open)


async def test_whatever_calls_are_lost_money_and_tickets_agree(open_shop: OpenShop) -> None:
    async with open_shop(psp=TROUBLE) as shop:
        sale = await shop.box_office.publish(capacity=2 * ORDERS, price=1000)
        baskets = [await shop.basket(sale, 2) for _ in range(ORDERS)]
        bought = await together(*(shop.check_out(basket) for basket in baskets))
        assert Counter(answer.status for answer in bought).keys() == {200, 202}
        await eventually(lambda: all_is_known(shop), within=30)
        orders = [await shop.order(answer) for answer in bought]
        paid = [answer for answer, order in zip(bought, orders, strict=True) if order["status"] == "paid"]
        cancelled = paid[:6]
        for answer in cancelled * 2:  # asked again, it stays so
            path = f"/api/orders/{answer.body['order_id']}/cancel?token={answer.body['order_token']}"
            assert (await shop.ask("POST", path, {})).status == 200
        await eventually(lambda: all_is_known(shop), within=30)
        await ask_provider(shop, "PUT", "/v1/control", dict.fromkeys(TROUBLE, 0))
        await agree(shop)
        assert await shop.box_office.value("SELECT count(*) FROM refund") == len(cancelled)
        assert await shop.box_office.value("SELECT count(*) FROM ticket") == 2 * len(paid)
        assert await shop.broken() == []


async def agree(shop: Shop) -> None:
    """Each payment, and the sum of its refunds, is to the shop what it is to the provider."""
    payments = await shop.box_office.rows(
        "SELECT p.id::text, p.status, p.amount_minor, coalesce((SELECT sum(r.amount_minor) FROM refund r"
        " WHERE r.payment_id = p.id), 0)::bigint FROM payment p"
    )
    assert len(payments) == ORDERS
    for payment, status, amount, refunded in payments:
        intents = (await ask_provider(shop, "GET", f"/v1/intents?payment_id={payment}"))["intents"]
        taken = [(each["amount"], each["refunded"]) for each in intents if each["status"] == "succeeded"]
        assert taken == ([(amount, refunded)] if status == "succeeded" else []), payment
