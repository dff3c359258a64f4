"""What customers do, over HTTP, against the whole shop."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from tests.box_office import BoxOffice
from tests.shop import Shop, together


async def test_from_an_event_to_tickets_and_back(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=10, price=4500, fee=1000)
    held = await shop.hold(sale, 2)
    assert (held.status, held.body["quantity"], held.body["total"]) == (201, 2, 90.0)
    bought = await shop.check_out(held.body["basket_id"], email="a@example.com", name="Ada")
    assert (bought.status, bought.body["status"], bought.body["total"]) == (200, "paid", 90.0)
    assert len(bought.body["tickets"]) == 2
    ticket = bought.body["tickets"][0]
    assert (await shop.ask("GET", ticket["svg_url"])).body.startswith(b"<svg")
    assert (await shop.ask("GET", ticket["pdf_url"])).body.startswith(b"%PDF")
    order = await shop.order(bought)
    assert b"BEGIN:VEVENT" in (await shop.ask("GET", order["calendar_url"])).body
    assert (order["cancellable"], order["cancellation_fee"]) == (True, 9.0)

    cancel = f"/api/orders/{order['order_id']}/cancel?token={bought.body['order_token']}"
    assert (await shop.ask("POST", cancel, {})).body["status"] == "cancelled"
    order = await shop.at_last(bought, refunds=[{"amount": 81.0, "status": "done", "reason": "cancelled"}])
    assert [ticket["state"] for ticket in order["tickets"]] == ["void", "void"]
    assert (await shop.ask("POST", cancel, {})).status == 200  # asked again, it stays so
    assert await shop.box_office.available(sale) == 10
    assert await shop.broken() == []


async def test_last_ticket_goes_to_exactly_one_of_fifty_buyers(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=1)
    answers = await together(*(shop.hold(sale) for _ in range(50)))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 49}
    assert {answer.problem for answer in answers if answer.status == 409} == {"sold-out"}
    assert await shop.broken() == []


async def test_one_seat_goes_to_exactly_one_of_fifty_buyers(shop: Shop) -> None:
    hall = await shop.box_office.publish(capacity=5, seated=True)
    answers = await together(*(shop.hold(hall, seat_ids=[hall.seat_ids[2]]) for _ in range(50)))
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 49}
    loser = next(answer for answer in answers if answer.status == 409)
    assert (loser.problem, loser.body["seat_ids"]) == ("seat-gone", [hall.seat_ids[2]])


async def test_a_double_click_on_pay_pays_once(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    basket = await shop.basket(sale)
    body = {"basket_id": basket}
    answers = await together(*(shop.ask("POST", "/api/checkout", body, Idempotency_Key="click") for _ in range(5)))
    assert {answer.status for answer in answers} <= {200, 409}
    again = await shop.ask("POST", "/api/checkout", body, Idempotency_Key="click")
    assert (again.status, again.body["status"]) == (200, "paid")
    assert len({answer.body["order_id"] for answer in answers if answer.status == 200}) == 1
    assert await shop.box_office.value("SELECT count(*) FROM payment WHERE status = 'succeeded'") == 1
    assert await shop.broken() == []


async def test_items_without_a_basket_are_bought_in_one_go(shop: Shop) -> None:
    sale, other = await shop.box_office.publish(price=1000), await shop.box_office.publish(price=500)
    items = [{"event_id": sale.event_id, "quantity": 2, "price": 10.0}, {"event_id": other.event_id, "quantity": 1}]
    bought = await shop.ask("POST", "/api/checkout", {"items": items})
    assert (bought.status, bought.body["total"], len(bought.body["tickets"])) == (200, 25.0, 3)
    assert bought.body["transaction_id"]
    changed = await shop.ask("POST", "/api/checkout", {"items": [{"event_id": sale.event_id, "price": 9.0}]})
    assert (changed.status, changed.problem) == (409, "price-changed")
    assert await shop.box_office.available(sale) == 98  # nothing stays held for what was refused
    assert await shop.broken() == []


async def test_items_beside_a_basket_must_be_what_it_holds(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    basket = await shop.basket(sale, 2)
    seen = [{"event_id": sale.event_id, "quantity": 2, "price": 12.0}]
    refused = await shop.check_out(basket, items=seen)
    assert (refused.status, refused.problem, refused.body["total"]) == (409, "price-changed", 20.0)
    assert (await shop.check_out(basket, items=[{**seen[0], "price": 10.0}])).status == 200


async def test_the_same_key_replays_the_answer(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    hold = {"event_id": sale.event_id, "quantity": 3}
    first, again = [await shop.ask("POST", "/api/basket", hold, Idempotency_Key="k1") for _ in range(2)]
    assert (first.status, again.status) == (201, 201)
    assert first.body["basket_id"] == again.body["basket_id"]
    assert await shop.box_office.available(sale) == 97
    pay = {"basket_id": first.body["basket_id"]}
    paid, replayed = [await shop.ask("POST", "/api/checkout", pay, Idempotency_Key="k2") for _ in range(2)]
    assert paid.body == replayed.body
    other = await shop.ask("POST", "/api/checkout", {**pay, "name": "Eve"}, Idempotency_Key="k2")
    assert (other.status, other.problem) == (422, "idempotency-mismatch")


async def test_the_same_key_of_another_basket_is_another_request(shop: Shop) -> None:
    sale = await shop.box_office.publish()
    one, two = await shop.basket(sale), await shop.basket(sale)
    answers = [
        await shop.ask("POST", "/api/basket", {"event_id": sale.event_id, "basket_id": basket}, Idempotency_Key="same")
        for basket in (one, two)
    ]
    assert [answer.body["basket_id"] for answer in answers] == [one, two]


async def test_a_basket_is_extended_once(shop: Shop) -> None:
    basket = await shop.basket(await shop.box_office.publish())
    extended = await shop.ask("POST", "/api/basket/extend", {"basket_id": basket})
    assert extended.status == 200
    again = await shop.ask("POST", "/api/basket/extend", {"basket_id": basket})
    assert (again.status, again.problem) == (409, "already-extended")


async def test_the_cookie_stands_for_the_basket(shop: Shop) -> None:
    sale = await shop.box_office.publish()
    held = await shop.hold(sale)
    cookie = held.headers["Set-Cookie"].partition(";")[0]
    more = await shop.ask("POST", "/api/basket", {"event_id": sale.event_id}, Cookie=cookie)
    assert more.body["basket_id"] == held.body["basket_id"]
    basket = await shop.ask("GET", "/api/basket", Cookie=cookie)
    assert [item["quantity"] for item in basket.body["items"]] == [1, 1]
    line = basket.body["items"][0]["id"]
    assert (await shop.ask("DELETE", f"/api/basket/items/{line}", Cookie=cookie)).status == 204
    assert (await shop.ask("DELETE", "/api/basket", Cookie=cookie)).status == 204
    assert (await shop.ask("GET", "/api/basket", Cookie=cookie)).status in {404, 409}
    assert await shop.box_office.available(sale) == 100


async def test_an_expired_basket_cannot_be_paid(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=1, price=1000)
    basket = await shop.basket(sale)
    await shop.box_office.database.execute("UPDATE hold SET expires_at = now() - interval '1 second'")
    late = await shop.check_out(basket)
    assert (late.status, late.problem) == (409, "basket-expired")
    assert (await shop.hold(sale)).status == 201  # the seat is free for the next one, whether or not the worker came by


@pytest.mark.parametrize(
    "body",
    [
        {"quantity": 0}, {"quantity": -1}, {"quantity": 11}, {"quantity": "two"}, {"quantity": 10**12},
        {"quantity": 1.5}, {"quantity": True}, {"quantity": None}, {"seat_ids": "all"}, {"colour": "red"},
        {"event_id": 0}, {"event_id": "1"}, {"event_id": 2**63}, {"basket_id": "mine"},
    ],
)  # fmt: skip
async def test_what_cannot_be_meant_is_named(shop: Shop, body: dict[str, object]) -> None:
    answer = await shop.ask("POST", "/api/basket", {"event_id": 1, **body})
    assert (answer.status, answer.problem) == (400, "validation")
    assert answer.body["errors"][0]["field"].split(".")[0] == next(iter(body))


async def test_unknown_things_are_not_found(shop: Shop) -> None:
    sale, hall = await shop.box_office.publish(), await shop.box_office.publish(seated=True)
    unknown = [
        {"event_id": 10**9},
        {"event_id": sale.event_id, "ticket_type_id": hall.type_id},
        {"event_id": sale.event_id, "seat_ids": [hall.seat_ids[0]]},
        {"event_id": sale.event_id, "basket_id": str(uuid4())},
    ]
    answers = [await shop.ask("POST", "/api/basket", body) for body in unknown]
    assert [answer.status for answer in answers] == [404] * 4
    assert (await shop.check_out(str(uuid4()))).status == 404
    assert (await shop.ask("GET", f"/api/orders/{uuid4()}?token=guess")).status == 401
    assert (await shop.ask("GET", f"/api/tickets/{uuid4().hex}.svg?token=guess")).status == 401


async def test_another_orders_token_opens_nothing(shop: Shop) -> None:
    sale = await shop.box_office.publish()
    mine, theirs = [await shop.check_out(await shop.basket(sale)) for _ in range(2)]
    peek = f"/api/orders/{theirs.body['order_id']}?token={mine.body['order_token']}"
    assert (await shop.ask("GET", peek)).status == 401
    ticket = theirs.body["tickets"][0]["svg_url"].partition("?")[0]
    assert (await shop.ask("GET", f"{ticket}?token={mine.body['order_token']}")).status == 401


async def test_nothing_is_sold_before_its_time(shop: Shop) -> None:
    answer = await shop.hold(await shop.box_office.publish(opens="2 minutes"))
    assert (answer.status, answer.problem) == (409, "not-on-sale")
    opens = datetime.fromisoformat(answer.body["on_sale_at"])
    assert timedelta(0) < opens - datetime.now(UTC) < timedelta(minutes=2)


async def test_after_its_time_an_order_cannot_be_cancelled(shop: Shop, box_office: BoxOffice) -> None:
    sale = await box_office.publish(price=1000)
    bought = await shop.check_out(await shop.basket(sale))
    await box_office.database.execute("UPDATE ticket SET refundable_until = now() - interval '1 second'")
    cancel = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
    answer = await shop.ask("POST", cancel, {})
    assert (answer.status, answer.problem) == (409, "not-cancellable")


async def test_a_cancelled_event_refunds_everyone_the_whole_price(shop: Shop, box_office: BoxOffice) -> None:
    sale, other = await box_office.publish(price=1000, fee=5000), await box_office.publish(price=500, fee=1000)
    items = [{"event_id": sale.event_id, "quantity": 2}, {"event_id": other.event_id, "quantity": 1}]
    bought = await shop.ask("POST", "/api/checkout", {"items": items})
    await box_office.database.execute("UPDATE event SET status = 'cancelled' WHERE id = %(id)s", {"id": sale.event_id})
    refund = {"amount": 20.0, "status": "done", "reason": "event_cancelled"}
    order = await shop.at_last(bought, refunds=[refund])
    assert sorted(ticket["state"] for ticket in order["tickets"]) == ["valid", "void", "void"]
    assert order["status"] == "paid"
    assert (order["total"], order["cancellation_refund"], order["cancellation_fee"]) == (25.0, 4.5, 0.5)
    cancel = f"/api/orders/{order['order_id']}/cancel?token={bought.body['order_token']}"
    assert (await shop.ask("POST", cancel, {})).body["cancellation_refund"] is None
    await shop.at_last(bought, refunds=[refund, {"amount": 4.5, "status": "done", "reason": "cancelled"}])
    assert await shop.broken() == []
