"""Orders after checkout, read and given back through the whole shop."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast
from uuid import UUID, uuid4

import pytest

from backend import parts
from backend.domain.baskets import Baskets, Buyer
from backend.domain.charges import Charge
from backend.domain.errors import DomainError
from backend.domain.payments import PaymentRequest
from backend.features.orders.checkout import Till
from backend.features.orders.orders import Orders
from backend.features.orders.schemas import Checkout
from backend.telemetry.stock import CHECKOUTS, StockMeter, Tally
from tests.box_office import BoxOffice, Sale
from tests.shop import Answer, Shop, running_shop


@pytest.fixture
async def shop(box_office: BoxOffice, dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        yield shop


@pytest.fixture
def orders(shop: Shop) -> Orders:
    return Orders(shop.box_office.database, parts.metrics(shop.settings))


async def buy(shop: Shop, *lines: tuple[Sale, int]) -> Answer:
    items = [{"event_id": sale.event_id, "quantity": quantity} for sale, quantity in lines]
    bought = await shop.ask("POST", "/api/checkout", {"items": items})
    assert bought.status == 200, bought.body
    return bought


async def refusal(orders: Orders, order_id: str) -> str:
    """Why it cannot be cancelled."""
    with pytest.raises(DomainError) as caught:
        await orders.cancel(UUID(order_id))
    return caught.value.slug


async def test_tickets_stand_in_the_order_of_the_evening_and_the_row(shop: Shop) -> None:
    hall, floor = await shop.box_office.publish(capacity=12, seated=True), await shop.box_office.publish()
    sooner = {"id": floor.event_id}
    await shop.box_office.database.execute("UPDATE event SET starts_at = now() + '20 days' WHERE id = %(id)s", sooner)
    bought = await buy(shop, (hall, 10), (floor, 1))
    seats = [ticket["seat"] for ticket in (await shop.order(bought))["tickets"]]
    assert seats == [None, *(f"row A, seat {number}" for number in range(1, 11))]


@pytest.mark.parametrize(
    ("price", "fee", "kept"), [(999, 1250, 1.25), (999, 0, 0.0), (999, 10_000, 9.99), (2, 2500, 0.01)]
)
async def test_the_fee_is_rounded_for_each_ticket_and_known_before(
    shop: Shop, price: int, fee: int, kept: float
) -> None:
    bought = await buy(shop, (await shop.box_office.publish(price=price, fee=fee), 3))
    before = await shop.order(bought)
    assert (before["cancellable"], before["cancellation_fee"]) == (True, round(3 * kept, 2))
    cancel = f"/api/orders/{before['order_id']}/cancel?token={bought.body['order_token']}"
    after = (await shop.ask("POST", cancel, {})).body
    refunded = [refund["amount"] for refund in after["refunds"]]
    assert sum(refunded) == pytest.approx(before["total"] - before["cancellation_fee"])
    assert (after["status"], after["cancellable"], after["cancellation_fee"]) == ("cancelled", False, None)
    assert await shop.broken() == []


async def test_an_order_for_two_evenings_can_be_given_back_until_the_first_of_their_days(
    shop: Shop, orders: Orders
) -> None:
    one, other = await shop.box_office.publish(price=1000), await shop.box_office.publish(price=1000)
    bought = await buy(shop, (one, 1), (other, 1))
    until = "UPDATE ticket SET refundable_until = now() + %(left)s::interval WHERE event_id = %(id)s"
    await shop.box_office.database.execute(until, {"left": "1 hour", "id": other.event_id})
    shown = datetime.fromisoformat((await shop.order(bought))["refundable_until"])
    assert timedelta(minutes=59) < shown - datetime.now(shown.tzinfo) <= timedelta(hours=1)
    await shop.box_office.database.execute(until, {"left": "-1 second", "id": other.event_id})
    order = await shop.order(bought)
    assert (order["refundable_until"], order["cancellable"], order["cancellation_fee"]) == (None, False, None)
    assert await refusal(orders, order["order_id"]) == "not-cancellable"


async def test_after_the_first_guest_went_in_nothing_is_given_back(shop: Shop, orders: Orders) -> None:
    bought = await buy(shop, (await shop.box_office.publish(price=1000), 2))
    first = {"code": bought.body["tickets"][0]["code"]}
    await shop.box_office.database.execute("UPDATE ticket SET state = 'checked_in' WHERE code = %(code)s::uuid", first)
    order = await shop.order(bought)
    assert not order["cancellable"]
    assert await refusal(orders, order["order_id"]) == "not-cancellable"


async def test_only_what_was_paid_can_be_given_back(shop: Shop, orders: Orders) -> None:
    sale = await shop.box_office.publish(price=1000)
    pending = await shop.check_out(await shop.basket(sale), "hosted")
    assert await refusal(orders, pending.body["order_id"]) == "order-state"
    assert await refusal(orders, str(uuid4())) == "not-found"
    order = await shop.order(pending)
    assert (order["status"], order["tickets"], order["payment"]["payment_url"]) == (
        "pending", [], pending.body["payment_url"]
    )  # fmt: skip


async def test_a_ticket_that_was_given_back_shows_no_code(shop: Shop) -> None:
    bought = await buy(shop, (await shop.box_office.publish(price=1000), 1))
    (ticket,) = bought.body["tickets"]
    valid = await shop.ask("GET", ticket["svg_url"])
    await shop.ask("POST", f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}", {})
    void = await shop.ask("GET", ticket["svg_url"])
    assert (valid.status, void.status, void.headers["Content-Type"]) == (200, 200, "image/svg+xml")
    assert [b"No longer valid" in answer.body for answer in (valid, void)] == [False, True]


async def test_given_back_by_many_at_once_it_is_refunded_once(shop: Shop, orders: Orders) -> None:
    bought = await buy(shop, (await shop.box_office.publish(capacity=5, price=1000), 5))
    order_id = UUID(bought.body["order_id"])
    await asyncio.gather(*(orders.cancel(order_id) for _ in range(10)))
    order = await shop.order(bought)
    assert [refund["amount"] for refund in order["refunds"]] == [50.0]
    assert await shop.box_office.value("SELECT available FROM pool") == 5
    assert await shop.broken() == []


class SlowCashier:
    """Takes half a second of the meter's time, and reads the meter in the midst of it."""

    provider = "test"

    def __init__(self) -> None:
        self.now = 0.0
        self.meter = StockMeter(0.8, lambda: self.now)
        self.told: dict[int, Tally] = {}

    async def charge(self, _request: PaymentRequest, /) -> Charge:
        self.now += 0.5
        self.told = self.meter.read()
        return Charge("waiting")


async def test_how_long_a_provider_takes_is_not_held_against_the_shop(shop: Shop) -> None:
    cashier, metrics = SlowCashier(), parts.metrics(shop.settings)
    metrics.stock = cashier.meter
    basket = UUID(await shop.basket(await shop.box_office.publish(price=1000)))
    no_baskets = cast("Baskets", None)  # who names theirs wants no other
    till = Till(
        shop.box_office.database, no_baskets, cashier, parts.tokens(shop.settings), metrics,
        public_url="", pay_within=timedelta(minutes=5),
    )  # fmt: skip
    assert (await till.buy(Checkout(), Buyer(named=basket))).status == "pending"
    assert cashier.told == {CHECKOUTS: Tally(arrived=1, answered=1)}
    with pytest.raises(DomainError, match="being paid for"):
        await till.buy(Checkout(), Buyer(named=basket))
    assert cashier.meter.read() == {CHECKOUTS: Tally(arrived=1)}  # refusals are cheap and would hide what is slow
    await till.close()


async def test_what_nobody_ordered_is_not_there(orders: Orders) -> None:
    assert await orders.whole(uuid4()) is None
    assert await orders.order_view(uuid4()) is None
    assert await orders.whole_of_ticket(uuid4()) is None
