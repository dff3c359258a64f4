"""What a clever customer might try: nothing twice, nothing beyond a limit, nothing at another price."""

from collections import Counter
from typing import Any

from tests.box_office import Sale
from tests.shop import Answer, Shop, together


async def buy_items(shop: Shop, *items: dict[str, Any], **headers: str) -> Answer:
    return await shop.ask("POST", "/api/checkout", {"items": items}, **headers)


def item(sale: Sale, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {"event_id": sale.event_id, **({} if "seat_ids" in more else {"quantity": quantity}), **more}


async def test_one_seat_is_not_sold_twice_in_one_order(shop: Shop) -> None:
    hall = await shop.box_office.publish(capacity=4, seated=True, price=1000)
    front = [hall.seat_ids[0]]
    twice = await buy_items(shop, item(hall, seat_ids=front), item(hall, seat_ids=front))
    assert (twice.status, twice.problem) == (400, "validation")
    mixed = await buy_items(shop, item(hall), item(hall, seat_ids=front))
    assert (mixed.status, len(mixed.body["tickets"])) == (200, 2)
    seats = await shop.box_office.rows("SELECT seat_id FROM ticket ORDER BY 1")
    assert seats == [(hall.seat_ids[0],), (hall.seat_ids[1],)]
    assert await shop.broken() == []


async def test_many_items_do_not_get_around_a_limit(shop: Shop) -> None:
    sale, limited = await shop.box_office.publish(), await shop.box_office.publish(per_customer=2)
    assert (await buy_items(shop, *[item(sale, 10)] * 10)).problem == "limit-reached"
    assert (await buy_items(shop, *[item(limited, 2)] * 5)).problem == "limit-reached"
    assert await shop.box_office.available(sale) == 100


async def test_many_baskets_of_one_address_do_not_get_around_a_customers_limit(shop: Shop) -> None:
    sale = await shop.box_office.publish(per_customer=2, price=1000)
    baskets = [await shop.basket(sale, 2) for _ in range(6)]
    methods = ["card", "hosted"] * 3
    answers = await together(
        *(
            shop.check_out(basket, method, email="A@example.com")
            for basket, method in zip(baskets, methods, strict=True)
        )
    )
    assert Counter(answer.status in {200, 202} for answer in answers) == {True: 1, False: 5}


async def test_another_spelling_of_an_address_does_not_get_around_a_customers_limit(shop: Shop) -> None:
    sale = await shop.box_office.publish(per_customer=2, price=1000)
    first = await shop.check_out(await shop.basket(sale, 2), email="ana@bücher.example")
    assert (first.status, (await shop.order(first))["email"]) == (200, "ana@xn--bcher-kva.example")
    again = await shop.check_out(await shop.basket(sale, 2), email="Ana@XN--Bcher-KVA.Example")
    assert again.problem == "limit-reached"


async def test_a_request_sent_again_with_the_cookie_of_its_answer_is_the_same_request(shop: Shop) -> None:
    sale = await shop.box_office.publish(price=1000)
    held = await shop.ask("POST", "/api/basket", {"event_id": sale.event_id, "quantity": 2}, Idempotency_Key="once")
    cookie = held.headers["Set-Cookie"].partition(";")[0]
    again = await shop.ask(
        "POST", "/api/basket", {"event_id": sale.event_id, "quantity": 2}, Idempotency_Key="once", Cookie=cookie
    )
    assert (again.status, again.body["basket_id"]) == (201, held.body["basket_id"])
    bought = [await buy_items(shop, item(sale, 2), Idempotency_Key="pay", Cookie=cookie) for _ in range(3)]
    assert {answer.status for answer in bought} == {200}
    assert len({answer.body["order_id"] for answer in bought}) == 1
    assert await shop.box_office.available(sale) == 98
    assert await shop.broken() == []


async def test_the_price_and_the_type_that_were_seen_are_what_is_charged(shop: Shop) -> None:
    dear, free = await shop.box_office.publish(price=99900), await shop.box_office.publish(price=0)
    await shop.box_office.database.execute(
        "UPDATE ticket_type SET event_id = %(event)s WHERE id = %(type)s;"
        "UPDATE pool SET event_id = %(event)s WHERE id = %(pool)s",
        {"event": dear.event_id, "type": free.type_id, "pool": free.pool_id},
    )
    basket = await shop.basket(dear, 2, ticket_type_id=dear.type_id)
    await shop.hold(dear, 1, ticket_type_id=free.type_id, basket_id=basket)
    assert (await shop.check_out(basket, items=[item(dear, 3, price=0)])).problem == "price-changed"
    assert (await shop.check_out(basket, items=[item(dear, 3, ticket_type_id=free.type_id)])).problem == "price-changed"
    seen = [
        item(dear, 2, price=999.0, ticket_type_id=dear.type_id),
        item(dear, 1, price=0, ticket_type_id=free.type_id),
    ]
    assert (await shop.check_out(basket, items=seen)).body["total"] == 1998.0
