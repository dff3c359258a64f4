"""What a batch reads depends on the batch, never on how much the shop has sold.

The selling functions plan their statements once. A plan that was made while a table was small may read all of it, which
nobody notices then; so here each plan is made in a shop that is nearly empty, and used when it has grown.
"""

from uuid import UUID, uuid4

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.domain.ids import uuid7
from tests.box_office import BoxOffice, Sale

BATCH = 8
SOLD = 5000
# Generous: each request touches a few rows of a few tables several times. All the rows would be ten times more.
READ_BY_BATCH = BATCH * 60

HOLD = """
SELECT result FROM hold_tickets_v1(
    %(numbers)s::integer[], %(holds)s::uuid[], %(baskets)s::uuid[], %(nulls)s::uuid[], %(falses)s::boolean[],
    %(nulls)s::text[], %(nulls)s::text[], %(ones)s::integer[], %(ones)s::integer[], %(seats)s::text[],
    ARRAY[%(type)s]::bigint[], '10 minutes', NULL, NULL)
"""
CHECKOUT = """
SELECT result FROM checkout_v1(
    %(baskets)s::uuid[], %(orders)s::uuid[], %(payments)s::uuid[], %(nulls)s::text[], %(nulls)s::text[],
    %(keys)s::text[], %(keys)s::text[], %(cards)s::text[], 'test', '15 minutes')
"""
SETTLE = """
SELECT result FROM settle_v1(
    %(payments)s::uuid[], %(succeeded)s::text[], %(references)s::text[], %(nulls)s::text[], %(nulls)s::text[],
    '2 minutes')
"""
WEBHOOKS = """
INSERT INTO webhook_inbox (provider, event_id, kind, reference, payment_id, status)
SELECT 'test', r, 'payment', r, p, 'succeeded' FROM unnest(%(references)s::text[], %(payments)s::uuid[]) AS w(r, p);
SELECT result FROM process_webhooks_v1('test', %(references)s::text[], '2 minutes')
"""
RELEASE = "SELECT release_basket_v1(b, NULL) FROM unnest(%(baskets)s::uuid[]) AS b"
ROWS_READ = """
SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::int FROM pg_stat_user_tables WHERE relname <> 'seat'
"""
# The history of a shop: orders long paid, each with its hold, ticket, payment and webhook; and pools of other events.
HISTORY = """
INSERT INTO pool (event_id, name, capacity, available)
SELECT %(event)s, 'other ' || n, 1, 1 FROM generate_series(1, %(sold)s) AS n;
INSERT INTO hold (
    id, basket_id, event_id, ticket_type_id, pool_id, quantity, unit_price_minor, currency, state, order_id, expires_at)
SELECT gen_random_uuid(), gen_random_uuid(), %(event)s, %(type)s, %(pool)s, 1, 100, 'EUR', 'confirmed',
    gen_random_uuid(), now()
FROM generate_series(1, %(sold)s);
INSERT INTO orders (id, basket_id, status, total_minor, retained_minor, currency, paid_at)
SELECT order_id, basket_id, 'paid', 100, 100, 'EUR', now() FROM hold WHERE state = 'confirmed' ON CONFLICT DO NOTHING;
INSERT INTO ticket (order_id, event_id, ticket_type_id, pool_id, price_minor, refundable_until, fee_minor)
SELECT order_id, event_id, ticket_type_id, pool_id, 100, now(), 0 FROM hold WHERE state = 'confirmed';
INSERT INTO payment (id, order_id, provider, method, reference, amount_minor, currency, status, deadline_at, check_at)
SELECT gen_random_uuid(), id, 'test', 'card', 'old' || id, 100, 'EUR', 'succeeded', now(), now()
FROM orders WHERE total_minor > 0;
INSERT INTO attempt (key, fingerprint, order_id) SELECT 'old' || id, '', id FROM orders;
INSERT INTO webhook_inbox (provider, event_id, kind, reference, status, processed_at)
SELECT 'test', 'old-' || n, 'payment', 'old', 'succeeded', now() FROM generate_series(1, %(sold)s) AS n
"""
SALES = {
    "free": (0, {"hold": HOLD, "checkout": CHECKOUT}),
    "paid": (100, {"hold": HOLD, "checkout": CHECKOUT, "settle": SETTLE, "webhooks": WEBHOOKS}),
    "told by webhook": (100, {"hold": HOLD, "checkout": CHECKOUT, "webhooks": WEBHOOKS}),
    "given back": (100, {"hold": HOLD, "release": RELEASE}),
}


def batch_of(sale: Sale) -> dict[str, object]:
    def ids() -> list[UUID]:
        return [uuid7() for _ in range(BATCH)]

    return {
        "numbers": list(range(BATCH)), "holds": ids(), "baskets": ids(), "orders": ids(), "payments": ids(),
        "keys": [str(uuid4()) for _ in range(BATCH)],
        "nulls": [None] * BATCH, "falses": [False] * BATCH, "ones": [1] * BATCH, "seats": ["{}"] * BATCH,
        "cards": ["card"] * BATCH, "succeeded": ["succeeded"] * BATCH,
        "references": [str(uuid4()) for _ in range(BATCH)], "type": sale.type_id,
    }  # fmt: skip


async def carry_out(database: Database, step: str, batch: dict[str, object]) -> int:
    """How many rows that reads."""
    before = await rows_read(database)
    assert len(await database.fetch_all(step, batch)) == BATCH
    return await rows_read(database) - before


async def rows_read(database: Database) -> int:
    await database.execute("SELECT pg_stat_force_next_flush()")
    return int(await database.fetch_value(ROWS_READ))


@pytest.mark.parametrize("kind", SALES)
@pytest.mark.parametrize("statistics", ["never made", "made when small"])
async def test_what_a_batch_reads_does_not_grow_with_the_shop(
    kind: str,
    statistics: str,
    dsn: str,
    box_office: BoxOffice,
) -> None:
    price, steps = SALES[kind]
    sale = await box_office.publish(capacity=1_000_000, price=price)
    # One connection, so that its plans are kept.
    database = await Database.open(DatabaseOptions(dsn=dsn, maxsize=1, statement_timeout=20, client_timeout=30))
    for _ in range(2):  # the plans are made while there are a few rows
        batch = batch_of(sale)
        for step in steps.values():
            await carry_out(database, step, batch)
        if statistics == "made when small":
            await database.execute("ANALYZE")
    values = {"event": sale.event_id, "type": sale.type_id, "pool": sale.pool_id, "sold": SOLD}
    await database.execute(HISTORY, values)
    batch = batch_of(sale)
    read = {name: await carry_out(database, step, batch) for name, step in steps.items()}
    await database.close()
    assert {name: rows for name, rows in read.items() if rows > READ_BY_BATCH} == {}
