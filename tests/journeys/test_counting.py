"""Every figure that the shop is judged by moves by exactly what happened, whichever process it happened in."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import orjson
import pytest

from backend import parts
from backend.domain.signatures import sign
from backend.psp.cards import card_named
from backend.settings import Settings
from tests.box_office import Sale, eventually
from tests.journeys.conftest import OpenShop
from tests.shop import PSP_SECRET, Answer, Shop, together, working

COUNTED = (
    "holds_total", "holds_expired_total", "orders_total", "tickets_sold_total", "payments_total",
    "payment_duration_seconds_count", "payment_to_ticket_seconds_count", "events_relayed_total", "requests_shed_total",
)  # fmt: skip

# What a purchase of two tickets moves, beside the hold.
BOUGHT = {
    'orders_total{status="pending"}': 1, 'orders_total{status="paid"}': 1, "tickets_sold_total": 2,
    'payments_total{provider="test",result="succeeded"}': 1,
    'payment_duration_seconds_count{provider="test",result="succeeded"}': 1, "payment_to_ticket_seconds_count": 1,
}  # fmt: skip
HELD = {'holds_total{result="held"}': 1}
LAPSED = {'orders_total{status="lapsed"}': 1}
CANCELLED = {'orders_total{status="cancelled"}': 1}
PENDING = {'orders_total{status="pending"}': 1}
EXPIRED = {"holds_expired_total": 1}


def settled(result: str, count: int = 1) -> dict[str, int]:
    labels = f'provider="test",result="{result}"'
    return {f"payments_total{{{labels}}}": count, f"payment_duration_seconds_count{{{labels}}}": count}


def mailed(result: str, count: int = 1) -> dict[str, int]:
    return {f'events_relayed_total{{result="{result}",sink="mail"}}': count}


@dataclass
class Day:
    """A day at the shop, and at a second door of it whose customers' cards are all declined."""

    shop: Shop
    strict: Shop
    stack: AsyncExitStack
    workers: list[int] = field(default_factory=list)

    async def counted(self) -> Counter[str]:
        """What all processes together have counted."""
        ports = [None, self.strict.settings.metrics_port, *self.workers]
        total: Counter[str] = Counter()
        for port in ports:
            for name, value in (await self.shop.metrics(port)).items():
                if name.partition("{")[0] in COUNTED and value:
                    total[name] += int(value)
        return total

    async def sale(self, **more: Any) -> Sale:
        return await self.shop.box_office.publish(price=1000, **more)

    async def run(self, sql: str, **params: Any) -> None:
        await self.shop.box_office.database.execute(sql, params)

    async def buy(self, method: str = "card", **more: Any) -> Answer:
        return await self.shop.check_out(await self.shop.basket(await self.sale(), 2), method, **more)

    async def pay(self, card: str) -> Answer:
        bought = await self.buy("hosted")
        await self.shop.pay(bought, card_named(card).number)
        return bought

    async def cancel(self, bought: Answer) -> None:
        path = f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"
        assert (await self.shop.ask("POST", path, {})).status == 200


async def sold_out(day: Day) -> None:
    assert (await day.shop.hold(await day.sale(capacity=1), 2)).problem == "sold-out"


async def conflict(day: Day) -> None:
    assert (await day.shop.hold(await day.sale(opens="2 minutes"))).problem == "not-on-sale"


async def shed(day: Day) -> None:
    """One waits for a pool that somebody keeps, another finds no place in the process."""
    sale = await day.sale()
    async with day.shop.box_office.database.transaction() as tx:
        await tx.execute("SELECT id FROM pool WHERE id = %(pool)s FOR UPDATE", {"pool": sale.pool_id})
        answers = await together(*(day.shop.hold(sale) for _ in range(3)))
    assert {answer.status for answer in answers} == {503}


async def free(day: Day) -> None:
    assert (await day.shop.check_out(await day.shop.basket(await day.shop.box_office.publish(), 2))).status == 200


async def written_to(day: Day) -> None:
    assert (await day.buy(email="ana@example.com")).status == 200


async def declined(day: Day) -> str:
    basket = await day.strict.basket(await day.sale())
    assert (await day.strict.check_out(basket)).problem == "payment-declined"
    return basket


async def declined_and_tried_again(day: Day) -> None:
    assert (await day.strict.check_out(await declined(day), "card")).problem == "payment-declined"


async def declined_and_emptied(day: Day) -> None:
    assert (await day.shop.ask("DELETE", f"/api/basket?basket_id={await declined(day)}")).status == 204


async def expired_on_demand(day: Day) -> None:
    sale = await day.sale(capacity=1)
    await day.shop.basket(sale)
    await day.run("UPDATE hold SET expires_at = now() WHERE event_id = %(event)s", event=sale.event_id)
    await day.shop.basket(sale)


async def expired_by_the_worker(day: Day) -> None:
    sale = await day.sale()
    await day.shop.basket(sale)
    await day.run("UPDATE hold SET expires_at = now() WHERE event_id = %(event)s", event=sale.event_id)


async def declined_and_expired(day: Day) -> None:
    basket = await declined(day)
    await day.run("UPDATE hold SET expires_at = now() WHERE basket_id = %(basket)s::uuid", basket=basket)


async def told_by_webhook(day: Day) -> None:
    await day.shop.at_last(await day.pay("approve"), status="paid")


async def told_twice(day: Day) -> None:
    await day.shop.at_last(await day.pay("reordered"), status="paid")
    await day.shop.settled("NOT EXISTS (SELECT 1 FROM webhook_inbox WHERE processed_at IS NULL)")


async def found_by_the_reconciler(day: Day) -> None:
    bought = await day.pay("silent")
    await day.run("UPDATE payment SET check_at = now()")
    await day.shop.at_last(bought, status="paid")


async def declined_on_the_page(day: Day) -> None:
    """The page stays open for another card, so nothing is settled yet."""
    await day.pay("decline")
    declined = "SELECT count(*) FROM payment WHERE failure = 'card_declined' AND status = 'processing'"
    await day.shop.settled(f"({declined}) = 1")


async def left(day: Day) -> None:
    bought = await day.buy("hosted")
    await day.run("UPDATE payment SET check_at = now(), deadline_at = now() WHERE status = 'processing'"
                  " AND order_id = %(order)s::uuid", order=bought.body["order_id"])  # fmt: skip
    await day.shop.at_last(bought, status="lapsed")


async def paid_too_late(day: Day) -> None:
    """The order ended, its tickets went to others, and then the money came."""
    bought = await day.buy("hosted")
    await day.run(
        "SELECT settle_v1(ARRAY[id], '{cancelled}', '{NULL}', '{NULL}', '{NULL}', '1 s') FROM payment"
        " WHERE order_id = %(order)s::uuid; UPDATE pool SET available = 0 WHERE id = (SELECT max(id) FROM pool)",
        order=bought.body["order_id"],
    )
    await day.shop.pay(bought, card_named("approve").number)
    await day.shop.at_last(bought, refunds=[{"amount": 20.0, "status": "done", "reason": "too_late"}])


async def given_back(day: Day) -> None:
    bought = await day.buy()
    await day.cancel(bought)
    await day.cancel(bought)
    await day.shop.at_last(bought, refunds=[{"amount": 20.0, "status": "done", "reason": "cancelled"}])


async def called_off(day: Day) -> None:
    """Of an order for two events one does not take place, then the other."""
    items = [{"event_id": (await day.sale()).event_id, "quantity": 1} for _ in range(2)]
    bought = await day.shop.ask("POST", "/api/checkout", {"items": items})
    for item in items:
        await day.run("UPDATE event SET status = 'cancelled' WHERE id = %(event)s", event=item["event_id"])
        await day.shop.settled("NOT EXISTS (SELECT 1 FROM ticket WHERE event_id = %(event)s AND state = 'valid')",
                               event=item["event_id"])  # fmt: skip
    await day.shop.at_last(bought, status="cancelled")


async def caught_up(day: Day) -> None:
    """What happened before any worker ran left no address to write to."""
    day.workers.append(await day.stack.enter_async_context(working(day.shop.settings)))
    await day.shop.settled("NOT EXISTS (SELECT 1 FROM outbox WHERE routed_at IS NULL)")


Step = Callable[[Day], Awaitable[object]]
BEFORE_ANY_WORKER: list[tuple[Step, dict[str, int]]] = [
    (sold_out, {'holds_total{result="sold_out"}': 1}),
    (conflict, {'holds_total{result="conflict"}': 1}),
    (shed, {'holds_total{result="shed"}': 2, "requests_shed_total": 1}),
    (free, {**HELD, 'orders_total{status="paid"}': 1, "tickets_sold_total": 2}),
    (Day.buy, {**HELD, **BOUGHT}),
    (declined_and_tried_again, {**HELD, **PENDING, **settled("failed", 2)}),
    (declined_and_emptied, {**HELD, **PENDING, **settled("failed"), **LAPSED}),
    (expired_on_demand, {'holds_total{result="held"}': 2, **EXPIRED}),
]
WITH_A_WORKER: list[tuple[Step, dict[str, int]]] = [
    (caught_up, mailed("skipped", 2)),
    (written_to, {**HELD, **BOUGHT, **mailed("relayed")}),
    (expired_by_the_worker, {**HELD, **EXPIRED}),
    (declined_and_expired, {**HELD, **PENDING, **settled("failed"), **LAPSED, **EXPIRED}),
    (told_by_webhook, {**HELD, **BOUGHT, **mailed("skipped")}),
    (told_twice, {**HELD, **BOUGHT, **mailed("skipped")}),
    (found_by_the_reconciler, {**HELD, **BOUGHT, **mailed("skipped")}),
    (declined_on_the_page, {**HELD, **PENDING}),
    (left, {**HELD, **PENDING, **settled("cancelled"), **LAPSED, **EXPIRED}),
    (paid_too_late, {**HELD, **PENDING, **settled("succeeded"), **mailed("skipped", 2)}),
    (given_back, {**HELD, **BOUGHT, **CANCELLED, **mailed("skipped", 3)}),
    (called_off, {**HELD, **BOUGHT, **CANCELLED, **mailed("skipped", 5)}),
]


@pytest.fixture
async def day(open_shop: OpenShop) -> AsyncIterator[Day]:
    crowded = open_shop(worker=False, max_in_flight=2)
    async with crowded as shop, open_shop(worker=False, psp={"card": "decline"}) as strict, AsyncExitStack() as stack:
        yield Day(shop, strict, stack)


async def live(day: Day, steps: list[tuple[Step, dict[str, int]]]) -> None:
    """Take each step, and give what it moves a while to move."""
    wrong = {}
    for step, moved in steps:
        before = await day.counted()
        await step(day)
        grown: dict[str, int] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(5):
                while (grown := dict(await day.counted() - before)) != moved:  # noqa: ASYNC110 - a scrape sets no event
                    await asyncio.sleep(0.05)
        if grown != moved:
            wrong[step.__name__] = {"expected": moved, "grown": grown}
    assert wrong == {}


async def test_each_figure_moves_by_exactly_what_happened(day: Day) -> None:
    await live(day, [*BEFORE_ANY_WORKER, *WITH_A_WORKER])
    total = await day.counted()
    await day.run("UPDATE payment SET check_at = now(); UPDATE refund SET check_at = now()")
    await day.shop.settled("NOT EXISTS (SELECT 1 FROM payment WHERE check_at <= now() AND status = 'processing')")
    assert await day.counted() == total


async def report(shop: Shop, bought: Answer, occurred_at: datetime) -> None:
    """The provider's webhook about a payment that succeeded then."""
    payment = await shop.box_office.rows(
        "SELECT id::text, reference FROM payment WHERE order_id = %(order)s::uuid", order=bought.body["order_id"]
    )
    data = {"id": payment[0][1], "payment_id": payment[0][0], "status": "succeeded", "failure": None}
    event = {"id": f"evt_{uuid4()}", "kind": "payment", "occurred_at": occurred_at.isoformat(), "data": data}
    raw = orjson.dumps({"events": [event]})
    signature = sign(raw, PSP_SECRET, int(datetime.now(UTC).timestamp()))
    assert (await shop.ask("POST", "/api/payments/test/webhook", raw, Psp_Signature=signature)).status == 200


async def test_the_wait_for_tickets_begins_when_the_provider_says_that_the_money_came(day: Day) -> None:
    bought = await day.buy("hosted")
    await report(day.shop, bought, datetime.now(UTC) - timedelta(minutes=2))
    async with working(day.shop.settings) as port:
        await eventually(partial(tickets_took, day.shop, port))
        assert 120 <= await tickets_took(day.shop, port) < 150


async def test_nobody_waits_shorter_for_having_been_forgotten(day: Day) -> None:
    bought = await day.pay("silent")
    await asyncio.sleep(1.2)  # time passes for the customer: it is what is measured
    async with working(day.shop.settings) as port:
        await day.run("UPDATE payment SET check_at = now()")
        await day.shop.at_last(bought, status="paid")
        assert 1.2 <= await tickets_took(day.shop, port) < 20


async def tickets_took(shop: Shop, port: int) -> float:
    return (await shop.metrics(port))["payment_to_ticket_seconds_sum"]


@pytest.mark.parametrize(("events", "sink"), [("postgres", "mail"), ("sns", "sns")])
def test_only_a_sink_that_is_in_use_has_series(events: str, sink: str) -> None:
    settings = Settings.model_validate({
        "secret_key": "a secret for tests only", "database_url": "postgresql://nobody@nowhere/tickets",
        "events": events, "sns_topic_arn": "arn:aws:sns:eu-west-1:111122223333:tickets",
        "sqs_queue_url": "https://sqs.example/queue",
    })  # fmt: skip
    samples = parts.metrics(settings).relayed.samples()
    assert {labels["sink"] for labels, _ in samples} == {sink}
