"""The invariants can be broken: each damage, done behind the shop's back, is found under its name."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.box_office import BoxOffice
from tests.shop import Shop, running_shop

SETTLE = "SELECT count(*) FROM settle_v1(ARRAY[%(id)s]::uuid[], ARRAY[%(status)s], '{NULL}', '{NULL}', '{NULL}', '1 s')"


async def sell(shop: Shop) -> None:
    """All that can become of holds, orders, payments and refunds."""
    sale, hall = await shop.box_office.publish(price=1000), await shop.box_office.publish(seated=True, price=500)
    for event in (sale, hall):
        assert (await shop.check_out(await shop.basket(event, 2))).status == 200
        await shop.basket(event)
    await shop.check_out(await shop.basket(sale, 2), "hosted")
    for outcome in ("in_transit", "done", "failed"):
        bought = await shop.check_out(await shop.basket(sale, 2))
        await shop.ask("POST", f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}", {})
        refund = "SELECT settle_refund_v1(id, %(outcome)s, 're', NULL, '1 s') FROM refund WHERE status = 'due'"
        await shop.box_office.value(refund, outcome=outcome)
    await miss(shop, "cancelled")
    await miss(shop, "cancelled", "succeeded")


async def miss(shop: Shop, *statuses: str) -> None:
    """An order whose payment ends like this, but only when its event has been cancelled."""
    sale = await shop.box_office.publish(price=1000)
    bought = await shop.check_out(await shop.basket(sale), "hosted")
    over = "UPDATE event SET status = 'cancelled' WHERE id = %(id)s RETURNING id"
    await shop.box_office.value(over, id=sale.event_id)
    for status in statuses:
        await shop.box_office.value(SETTLE, id=bought.body["transaction_id"], status=status)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE pool SET available = available + 1 WHERE available < capacity", "stock: pool"),
        ("UPDATE hold SET quantity = quantity + 1 WHERE state = 'held' AND seat_ids IS NULL", "stock: pool"),
        ("UPDATE hold SET quantity = quantity + 1 WHERE state = 'paying'", "stock: pool"),
        ("UPDATE seat SET sold = NOT sold WHERE hold_id IS NOT NULL", "seat-owner: seat"),
        ("UPDATE seat SET hold_id = gen_random_uuid() WHERE hold_id IS NOT NULL", "seat-owner: seat"),
        (
            "UPDATE hold SET seat_ids = ARRAY[0, 0] WHERE seat_ids IS NOT NULL AND state = 'confirmed'",
            "seat-owner: seat",
        ),
        ("UPDATE hold SET state = 'expired' WHERE seat_ids IS NOT NULL AND state = 'held'", "seat-owner: seat"),
        ("UPDATE hold SET state = 'held' WHERE seat_ids IS NOT NULL AND state = 'confirmed'", "seat-owner: seat"),
        ("UPDATE ticket SET state = 'void' WHERE seat_id IS NOT NULL", "seat-owner: seat"),
        ("UPDATE seat SET hold_id = NULL WHERE NOT sold", "seat-owner: hold"),
        (
            "UPDATE hold SET seat_ids = seat_ids || 0::bigint WHERE seat_ids IS NOT NULL AND state = 'held'",
            "seat-owner: hold",
        ),
        ("UPDATE ticket SET seat_id = NULL", "seat-owner: ticket"),
        ("DELETE FROM ticket WHERE state = 'void'", "order-tickets: order"),
        ("UPDATE ticket SET state = 'void' WHERE seat_id IS NULL", "order-tickets: order"),
        ("UPDATE orders SET status = 'cancelled' WHERE status = 'paid'", "order-tickets: order"),
        ("UPDATE ticket SET price_minor = price_minor + 1", "order-tickets: order"),
        ("UPDATE orders SET retained_minor = 1 WHERE status = 'pending'", "order-tickets: order"),
        ("UPDATE payment SET amount_minor = amount_minor - 1 WHERE status = 'succeeded'", "money: order"),
        ("UPDATE payment SET status = 'failed' WHERE status = 'succeeded'", "money: order"),
        ("DELETE FROM refund", "money: order"),
        ("UPDATE hold SET basket_id = (SELECT min(basket_id::text)::uuid FROM hold)", "one-order: basket"),
        ("INSERT INTO attempt VALUES ('key', '', gen_random_uuid())", "one-order: key"),
        ("DELETE FROM outbox WHERE type = 'order.placed'", "outbox: order"),
        ("DELETE FROM outbox WHERE type = 'order.paid'", "outbox: order"),
        ("DELETE FROM outbox WHERE type = 'order.lapsed'", "outbox: order"),
        ("UPDATE outbox SET type = 'refund.due' WHERE type = 'order.cancelled'", "outbox: order"),
        ("DELETE FROM outbox WHERE type = 'refund.due'", "outbox: order"),
        ("DELETE FROM outbox WHERE type = 'refund.done'", "outbox: order"),
        ("DELETE FROM outbox WHERE type = 'refund.failed'", "outbox: order"),
    ],
)
async def test_damage_is_found(box_office: BoxOffice, dsn: str, tmp_path: Path, damage: str, found: str) -> None:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        await sell(shop)
    assert await box_office.broken() == []
    await box_office.database.execute(damage)
    told = [line.split(": ")[:2] for line in await box_office.broken()]
    assert found in {f"{invariant}: {subject.partition(' ')[0]}" for invariant, subject in told}


async def test_a_refund_that_nobody_owes_is_found(box_office: BoxOffice, dsn: str, tmp_path: Path) -> None:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        await shop.check_out(await shop.basket(await box_office.publish(price=1000)))
    await box_office.database.execute(
        "INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason)"
        " SELECT %(id)s, id, order_id, 1, currency, 'cancelled' FROM payment",
        {"id": uuid4()},
    )
    assert [line.partition(":")[0] for line in await box_office.broken()] == ["money", "outbox"]
