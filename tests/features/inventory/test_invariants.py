"""The invariants can be broken: each damage, done behind the shop's back, is found under its name."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.box_office import BoxOffice
from tests.shop import running_shop


@pytest.mark.parametrize(
    ("damage", "invariant"),
    [
        ("UPDATE pool SET available = available + 1 WHERE available < capacity", "stock"),
        ("UPDATE hold SET quantity = quantity + 1 WHERE state = 'held' AND seat_ids IS NULL", "stock"),
        ("UPDATE seat SET hold_id = NULL WHERE NOT sold", "seat-owner"),
        ("UPDATE seat SET sold = NOT sold WHERE hold_id IS NOT NULL", "seat-owner"),
        ("UPDATE seat SET hold_id = gen_random_uuid() WHERE hold_id IS NOT NULL", "seat-owner"),
        ("UPDATE ticket SET seat_id = NULL", "seat-owner"),
        ("DELETE FROM ticket WHERE seat_id IS NULL", "order-tickets"),
        ("UPDATE orders SET status = 'lapsed' WHERE status = 'paid'", "order-tickets"),
        ("UPDATE ticket SET price_minor = price_minor + 1", "order-tickets"),
        ("UPDATE payment SET amount_minor = amount_minor - 1 WHERE status = 'succeeded'", "money"),
        ("UPDATE payment SET status = 'failed' WHERE status = 'succeeded'", "money"),
        ("UPDATE hold SET basket_id = (SELECT min(basket_id::text)::uuid FROM hold)", "one-order"),
        ("UPDATE orders SET idempotency_key = 'same'", "one-order"),
        ("DELETE FROM outbox WHERE type = 'order.paid'", "outbox"),
    ],
)
async def test_damage_is_found(box_office: BoxOffice, dsn: str, tmp_path: Path, damage: str, invariant: str) -> None:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        sale, hall = await box_office.publish(price=1000), await box_office.publish(seated=True, price=500)
        for event in (sale, hall):
            assert (await shop.check_out(await shop.basket(event, 2))).status == 200
            await shop.basket(event)
    assert await box_office.broken() == []
    await box_office.database.execute(damage)
    assert invariant in {line.partition(":")[0] for line in await box_office.broken()}


async def test_a_refund_that_nobody_owes_is_found(box_office: BoxOffice, dsn: str, tmp_path: Path) -> None:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        await shop.check_out(await shop.basket(await box_office.publish(price=1000)))
    await box_office.database.execute(
        "INSERT INTO refund (id, payment_id, order_id, amount_minor, currency, reason)"
        " SELECT %(id)s, id, order_id, 1, currency, 'cancelled' FROM payment",
        {"id": uuid4()},
    )
    assert [line.partition(":")[0] for line in await box_office.broken()] == ["money"]
