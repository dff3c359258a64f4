"""Every way a payment can go, through the real test provider: in the end money and tickets agree."""

import time
from functools import partial

import orjson
import pytest

from backend import parts
from backend.domain.signatures import sign
from backend.features.payments.http import Timeouts
from backend.features.payments.psp import PspProvider
from backend.psp.cards import card_named
from tests.journeys.conftest import OpenShop
from tests.shop import PSP_SECRET, Answer, Shop

PAID = {"status": "paid"}


async def hosted(shop: Shop, *, price: int = 4500) -> Answer:
    """An order that waits for its customer on the provider's page."""
    basket = await shop.basket(await shop.box_office.publish(capacity=10, price=price), 2)
    bought = await shop.check_out(basket, "hosted")
    assert (bought.status, bought.body["status"]) == (202, "pending"), bought.body
    return bought


@pytest.mark.parametrize("card", ["approve", "duplicate", "reordered", "failure_last", "late"])
async def test_a_payment_on_the_hosted_page_ends_in_tickets(shop: Shop, card: str) -> None:
    bought = await hosted(shop)
    await shop.pay(bought, card_named(card).number)
    order = await shop.at_last(bought, **PAID)
    assert [ticket["state"] for ticket in order["tickets"]] == ["valid", "valid"]
    await shop.settled("NOT EXISTS (SELECT 1 FROM webhook_inbox WHERE processed_at IS NULL)")
    assert await shop.order(bought) == order
    assert await shop.broken() == []


async def test_the_page_asks_the_bank_and_then_there_are_tickets(shop: Shop) -> None:
    bought = await hosted(shop)
    await shop.pay(bought, card_named("three_d_secure").number)
    assert (await shop.order(bought))["status"] == "pending"
    bank = bought.body["payment_url"] + "/bank"
    async with shop.client.post(bank, data={"answer": "approve"}, allow_redirects=False) as response:
        assert response.headers["Location"].startswith(f"{shop.url}/orders/")
    await shop.at_last(bought, **PAID)


@pytest.mark.parametrize("card", ["decline", "insufficient_funds", "forged", "stale"])
async def test_without_the_money_there_are_no_tickets_but_another_try(shop: Shop, card: str) -> None:
    bought = await hosted(shop)
    await shop.pay(bought, card_named(card).number)
    await shop.check_soon()
    order = await shop.order(bought)
    assert (order["status"], order["tickets"]) == ("pending", [])
    await shop.settled("(SELECT failure FROM payment) IS NOT NULL")  # its page can say what happened
    await shop.pay(bought, card_named("approve").number)
    await shop.at_last(bought, **PAID)
    assert await shop.broken() == []


async def test_a_payment_that_nobody_reports_is_found(shop: Shop) -> None:
    bought = await hosted(shop)
    await shop.pay(bought, card_named("silent").number)
    await shop.check_soon()
    await shop.at_last(bought, **PAID)
    assert await shop.broken() == []


async def test_a_declined_card_keeps_the_basket_for_another_try(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "decline"}) as shop:
        basket = await shop.basket(await shop.box_office.publish(price=1000))
        declined = await shop.check_out(basket)
        assert (declined.status, declined.problem) == (402, "payment-declined")
        again = await shop.check_out(basket, "hosted")
        assert again.status == 202
        await shop.pay(again, card_named("approve").number)
        await shop.at_last(again, **PAID)
        assert await shop.box_office.value("SELECT count(*) FROM orders") == 1
        assert await shop.broken() == []


async def test_an_order_whose_declined_basket_is_emptied_line_by_line_ends(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "decline"}) as shop:
        sale, other = await shop.box_office.publish(price=1000), await shop.box_office.publish(price=500)
        basket = await shop.basket(sale, 2)
        await shop.hold(other, basket_id=basket)
        assert (await shop.check_out(basket)).problem == "payment-declined"
        lines = (await shop.ask("GET", f"/api/basket?basket_id={basket}")).body["items"]
        statuses = []
        for line in lines:
            await shop.ask("DELETE", f"/api/basket/items/{line['id']}?basket_id={basket}")
            statuses.append(await shop.box_office.value("SELECT status FROM orders"))
        assert statuses == ["pending", "lapsed"]
        assert await shop.box_office.value("SELECT count(*) FROM outbox WHERE type = 'order.lapsed'") == 1
        assert await shop.broken() == []


async def test_the_webhook_may_come_before_the_answer(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "webhook_first"}) as shop:
        bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000)))
        assert bought.status == 200
        await shop.settled("NOT EXISTS (SELECT 1 FROM webhook_inbox WHERE processed_at IS NULL)")
        assert await shop.broken() == []


async def test_an_answer_that_never_came_is_asked_for(open_shop: OpenShop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PspProvider", partial(PspProvider, timeouts=Timeouts(0.3, 0.3)))
    async with open_shop(psp={"card": "timeout"}) as shop:
        bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000)))
        assert (bought.status, bought.body["payment_url"]) == (202, None)
        await shop.at_last(bought, **PAID)
        assert await shop.broken() == []


async def test_while_the_provider_is_down_nothing_is_charged_and_the_tickets_stay_held(open_shop: OpenShop) -> None:
    async with open_shop(psp={"card": "down"}) as shop:
        sale = await shop.box_office.publish(capacity=5, price=1000)
        bought = await shop.check_out(await shop.basket(sale, 2))
        assert (bought.status, bought.body["status"]) == (202, "pending")
        await shop.check_soon()
        await shop.at_last(bought, payment={"status": "failed", "failure": "not_received", "payment_url": None})
        assert (await shop.order(bought))["held_until"] is not None
        await shop.box_office.database.execute("UPDATE hold SET expires_at = now()")
        await shop.at_last(bought, status="lapsed")
        assert await shop.box_office.available(sale) == 5
        assert await shop.broken() == []


async def test_a_customer_who_leaves_the_page_gives_the_tickets_back(open_shop: OpenShop) -> None:
    async with open_shop(pay_seconds=1) as shop:
        bought = await hosted(shop)
        await shop.settled("now() > (SELECT deadline_at FROM payment)")
        await shop.check_soon()
        await shop.at_last(bought, status="lapsed")
        assert await shop.box_office.value("SELECT available FROM pool") == 10
        assert await shop.broken() == []


async def lapse(shop: Shop) -> None:
    """As when the payment's deadline passed and the provider could not be asked: the stock is released."""
    await shop.box_office.value(
        "SELECT count(*) FROM payment p, settle_v1(ARRAY[p.id], '{cancelled}', '{NULL}', '{NULL}', '{NULL}', '1 s')"
    )


async def test_a_late_payment_still_gets_its_tickets_when_they_can_be_had_again(shop: Shop) -> None:
    bought = await hosted(shop)
    await lapse(shop)
    assert (await shop.order(bought))["status"] == "lapsed"
    await shop.pay(bought, card_named("approve").number)
    await shop.at_last(bought, **PAID)
    assert await shop.broken() == []


async def test_a_late_payment_for_tickets_that_are_gone_is_refunded_by_itself(shop: Shop) -> None:
    bought = await hosted(shop)
    await lapse(shop)
    await shop.box_office.database.execute("UPDATE pool SET capacity = 1, available = 1")
    await shop.pay(bought, card_named("approve").number)
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "done", "reason": "too_late"}])
    assert (await shop.order(bought))["tickets"] == []
    assert await shop.broken() == []


async def cancelled(shop: Shop, card: str) -> Answer:
    """A paid order whose customer has cancelled it."""
    bought = await hosted(shop)
    await shop.pay(bought, card_named(card).number)
    await shop.at_last(bought, **PAID)
    path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    assert (await shop.ask("POST", path, {})).status == 200
    return bought


async def test_a_refund_that_takes_a_while_is_waited_for(shop: Shop) -> None:
    bought = await cancelled(shop, "refund_late")
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "in_transit", "reason": "cancelled"}])
    await shop.check_soon()
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "done", "reason": "cancelled"}])
    assert await shop.broken() == []


@pytest.mark.parametrize("card", ["refund_failure", "refund_bounce"])
async def test_a_refund_that_fails_stays_owed(shop: Shop, card: str) -> None:
    bought = await cancelled(shop, card)
    await shop.check_soon()
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "failed", "reason": "cancelled"}])
    assert await shop.broken() == []  # still owed


async def test_a_refund_that_bounces_after_it_was_done_is_owed_again(shop: Shop) -> None:
    bought = await cancelled(shop, "approve")
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "done", "reason": "cancelled"}])
    ((refund, payment, reference),) = await shop.box_office.rows("SELECT id, payment_id, reference FROM refund")
    data = {"id": reference, "refund_id": refund, "payment_id": payment, "status": "failed", "failure": "closed"}
    event = {"id": "evt_bounced", "kind": "refund", "occurred_at": "2026-11-23T20:14:00+00:00", "data": data}
    raw = orjson.dumps({"events": [event]})
    signature = sign(raw, PSP_SECRET, time.time())
    assert (await shop.ask("POST", "/api/payments/test/webhook", raw, Psp_Signature=signature)).status < 300
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "failed", "reason": "cancelled"}])
    assert await shop.box_office.value("SELECT count(*) FROM outbox WHERE type = 'refund.failed'") == 1
    assert await shop.broken() == []


@pytest.mark.parametrize(
    ("age", "left"),
    [
        pytest.param("5 minutes", "2 minutes", id="the grace"),
        pytest.param("29 minutes", "1 minute", id="what remains of half an hour"),
        pytest.param("31 minutes", "30 seconds", id="nothing more"),
    ],
)
async def test_declines_do_not_renew_a_hold_without_end(open_shop: OpenShop, age: str, left: str) -> None:
    async with open_shop(psp={"card": "decline"}) as shop:
        basket = await shop.basket(await shop.box_office.publish(price=1000), 2)
        await shop.box_office.database.execute(
            "UPDATE hold SET created_at = now() - %(age)s::interval, expires_at = now() + interval '30 seconds'",
            {"age": age},
        )
        assert (await shop.check_out(basket)).problem == "payment-declined"
        remains = "extract(epoch FROM expires_at - now() - %(left)s::interval)::float FROM hold"
        assert await shop.box_office.value(f"SELECT {remains}", left=left) == pytest.approx(0, abs=8)


async def test_money_goes_back_from_the_payment_that_still_has_it(shop: Shop) -> None:
    bought = await hosted(shop)
    await lapse(shop)
    await shop.box_office.database.execute("UPDATE pool SET available = 0")
    await shop.pay(bought, card_named("approve").number)
    await shop.at_last(bought, refunds=[{"amount": 90.0, "status": "done", "reason": "too_late"}])
    second = await shop.box_office.value(
        "WITH tickets AS (UPDATE pool SET available = capacity) INSERT INTO payment"
        " (id, order_id, provider, method, amount_minor, currency, deadline_at, check_at) SELECT gen_random_uuid(),"
        " order_id, provider, method, amount_minor, currency, 'infinity', 'infinity' FROM payment RETURNING id::text"
    )
    paid = "SELECT result FROM settle_v1(ARRAY[%(id)s::uuid], '{succeeded}', '{pi_2}', '{NULL}', '{NULL}', '1 s')"
    assert await shop.box_office.value(paid, id=second) == "paid"
    path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    assert (await shop.ask("POST", path, {})).status == 200
    refunded = "SELECT payment_id::text FROM refund WHERE reason = 'cancelled'"
    assert await shop.box_office.value(refunded) == second
    assert await shop.broken() == []


async def test_webhooks_that_are_not_the_providers_change_nothing(shop: Shop) -> None:
    """The very body that is believed once the provider has signed it."""
    bought = await hosted(shop)
    payment = await shop.box_office.value("SELECT id::text FROM payment")
    data = {"id": f"pi_{payment}", "payment_id": payment, "status": "succeeded"}
    event = {"id": "evt_1", "kind": "payment", "occurred_at": "2026-11-23T20:14:00+00:00", "data": data}
    raw = orjson.dumps({"events": [event]})
    now = time.time()
    forged = [sign(raw, "a guessed secret", now), sign(raw + b" ", PSP_SECRET, now), sign(raw, PSP_SECRET, now - 3600)]
    for signature in (*forged, "t=1,v1=00", "", "v1=" + "0" * 64):
        answer = await shop.ask("POST", "/api/payments/test/webhook", raw, Psp_Signature=signature)
        assert (answer.status, answer.problem) == (400, "validation"), signature
    assert (await shop.ask("POST", "/api/payments/stripe/webhook", raw)).status == 404
    assert (await shop.order(bought))["status"] == "pending"
    assert await shop.box_office.value("SELECT count(*) FROM webhook_inbox") == 0
    genuine = sign(raw, PSP_SECRET, now)
    assert (await shop.ask("POST", "/api/payments/test/webhook", raw, Psp_Signature=genuine)).status < 300
    await shop.at_last(bought, **PAID)


async def test_the_customer_hears_of_it_by_mail(shop: Shop) -> None:
    bought = await shop.check_out(await shop.basket(await shop.box_office.publish(price=1000)), email="a@example.com")
    await shop.settled(
        "NOT EXISTS (SELECT 1 FROM delivery) AND NOT EXISTS (SELECT 1 FROM outbox WHERE routed_at IS NULL)"
    )
    letters = [path.read_text() for path in shop.settings.mailbox_dir.rglob("*.eml")]
    assert any(bought.body["order_token"] in letter.replace("=\n", "") for letter in letters)
