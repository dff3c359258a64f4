"""From a basket to an order: record it, take the money, hand out the tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from uuid import UUID

from backend.db.arrays import text_array_literal, uuid_array_literal
from backend.db.batches import Batcher, BatchLimits
from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.domain.baskets import Basket, Baskets, Buyer, Idempotency
from backend.domain.charges import Cashier, Charge, ticket_codes
from backend.domain.errors import DomainError
from backend.domain.ids import uuid7
from backend.domain.money import Money
from backend.domain.payments import PaymentRequest
from backend.domain.tokens import OrderTokens
from backend.features.orders.schemas import Checkout, CheckoutItem
from backend.telemetry.metrics import Metrics

queries = load_queries(__package__)
_LANES = 2  # confirming contends for no row, so lanes only spread the batches over the connections


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """One basket to be bought, with the identifiers that its order and payment will have."""

    basket_id: UUID
    email: str | None
    name: str | None
    method: Literal["card", "hosted"]
    key: str | None = None
    fingerprint: str | None = None
    order_id: UUID = field(default_factory=uuid7)
    payment_id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True)
class Placed:
    """A row of checkout_v1; see there for the results."""

    result: str
    order_id: UUID
    order_status: str
    total_minor: int
    currency: str
    payment_id: UUID | None
    payment_status: str | None
    pay_url: str | None
    failure: str | None
    codes: str | None


@dataclass(frozen=True, slots=True)
class Bought:
    """What checkout answers: an order that is paid, or waits for its payment."""

    order_id: UUID
    transaction_id: UUID
    total: Money
    charge: Charge


class Till:
    """Checks baskets out; one for the whole process."""

    def __init__(  # noqa: PLR0913 - the one place where basket, money and tickets meet
        self,
        database: Database,
        baskets: Baskets,
        cashier: Cashier,
        tokens: OrderTokens,
        metrics: Metrics,
        *,
        public_url: str,
        pay_within: timedelta,
        batches: BatchLimits | None = None,
    ) -> None:
        self._database = database
        self._baskets = baskets
        self._cashier = cashier
        self._tokens = tokens
        self._metrics = metrics
        self._public_url = public_url
        self._pay_within = pay_within
        self._batcher: Batcher[CheckoutRequest, Placed] = Batcher(
            self._flush,
            lane=lambda request: request.basket_id.int % _LANES,
            # Two baskets of one e-mail are judged one after the other, for the limits of customers.
            identity=lambda request: request.email.lower() if request.email else request.basket_id.int,
            limits=batches,
        )
        self.close = self._batcher.close

    async def buy(self, order: Checkout, buyer: Buyer) -> Bought:
        """Make the order and take the money. DomainError when the basket cannot be bought or paid."""
        request = CheckoutRequest(
            await self._basket_to_buy(order, buyer),
            order.email,
            order.name,
            order.payment.method,
            *((str(buyer.idempotency.id), buyer.idempotency.fingerprint) if buyer.idempotency else ()),
        )
        placed = await self._batcher.submit(request)
        self._count(request, placed)
        return await self._charge(request, placed) if placed.result == "pending" else _answer_of(placed)

    def _count(self, request: CheckoutRequest, placed: Placed) -> None:
        new = placed.order_id == request.order_id  # made here, even if the first answer to say so was lost
        if placed.result == "paid" or (new and placed.order_status == "paid"):
            self._metrics.orders.labels("paid").inc()
            self._metrics.tickets_sold.inc(placed.codes.count(",") + 1 if placed.codes else 0)
        elif new and placed.result == "pending":
            self._metrics.orders.labels("pending").inc()

    async def _basket_to_buy(self, order: Checkout, buyer: Buyer) -> UUID:
        """The basket that is named, else the cookie's live one, else a new one that holds the items."""
        basket_id = buyer.named
        if basket_id is None and buyer.idempotency is not None:
            answered = await self._answered_before(buyer.idempotency)
            if answered is not None:
                return answered
        if basket_id is None and buyer.cookie is not None:
            basket_id = await self._baskets.of_cookie(buyer.cookie)
        if basket_id is None and order.items:
            basket_id = await self._baskets.hold([item.wanted() for item in order.items], buyer)
            # What was held a moment ago is compared only for its prices.
            if any(item.price is not None for item in order.items):
                try:
                    await self._demand_as_seen(basket_id, order.items)
                except DomainError:
                    await self._baskets.give_back(basket_id)
                    raise
        elif basket_id is not None and order.items:
            await self._demand_as_seen(basket_id, order.items)
        basket_id = basket_id or buyer.cookie
        if basket_id is None:
            raise DomainError("basket-empty", "There is no basket: send basket_id, its cookie, or items.")
        return basket_id

    async def _answered_before(self, idempotency: Idempotency) -> UUID | None:
        """The basket of this very request when it has been an order already."""
        key = {"key": str(idempotency.id)}
        basket_id: UUID | None = await self._database.fetch_value(queries.basket_of_key, key, retry=True)
        return basket_id

    async def _demand_as_seen(self, basket_id: UUID, seen: Sequence[CheckoutItem]) -> None:
        basket = await self._baskets.read(basket_id)
        if basket is not None and not _as_seen(basket, seen):
            raise DomainError(
                "price-changed",
                "The basket is no longer what you saw. Nothing was charged.",
                {"basket_id": str(basket.id), "total": basket.total.major(), "currency": basket.total.currency},
            )

    async def _charge(self, request: CheckoutRequest, placed: Placed) -> Bought:
        total = Money(placed.total_minor, placed.currency)
        token = self._tokens.issue(placed.order_id)
        charge = await self._cashier.charge(
            PaymentRequest(
                payment_id=request.payment_id,
                order_id=placed.order_id,
                amount=total,
                method=request.method,
                description=f"Tickets, order {placed.order_id.hex[-8:].upper()}",
                return_url=f"{self._public_url}/orders/{placed.order_id}?token={token}",
                email=request.email,
            )
        )
        if charge.result == "declined":
            raise _declined(charge.failure)
        if charge.result == "refund-due":
            raise DomainError("order-state", "The payment came too late for these tickets; it is being refunded.")
        return Bought(placed.order_id, request.payment_id, total, charge)

    async def _flush(self, requests: Sequence[CheckoutRequest]) -> list[Placed]:
        rows = await self._database.fetch_all(
            queries.checkout,
            {
                "basket": uuid_array_literal(request.basket_id for request in requests),
                "order": uuid_array_literal(request.order_id for request in requests),
                "payment": uuid_array_literal(request.payment_id for request in requests),
                "email": text_array_literal(request.email for request in requests),
                "name": text_array_literal(request.name for request in requests),
                "key": text_array_literal(request.key for request in requests),
                "fingerprint": text_array_literal(request.fingerprint for request in requests),
                "method": text_array_literal(request.method for request in requests),
                "provider": self._cashier.provider,
                "pay_within": self._pay_within,
            },
            urgent=True,
        )
        return [Placed(*row) for row in rows]


def _as_seen(basket: Basket, seen: Sequence[CheckoutItem]) -> bool:
    """Whether the basket has these tickets and no others, at the prices that were given.

    An item without a ticket type speaks of all lines of its event.
    """
    if {item.event_id for item in seen} != {line.event_id for line in basket.lines}:
        return False
    by_type = {item.event_id: item.ticket_type_id is not None for item in seen}
    by_type |= {item.event_id: False for item in seen if item.ticket_type_id is None}
    held: Counter[tuple[int, int | None]] = Counter()
    for line in basket.lines:
        held[line.event_id, line.ticket_type_id if by_type[line.event_id] else None] += line.quantity
    asked: Counter[tuple[int, int | None]] = Counter()
    for item in seen:
        asked[item.event_id, item.ticket_type_id if by_type[item.event_id] else None] += item.wanted().quantity
    return held == asked and all(_as_priced(basket, item) for item in seen)


def _as_priced(basket: Basket, item: CheckoutItem) -> bool:
    """Whether there are such tickets, each at the price of the item."""
    meant = [
        line
        for line in basket.lines
        if line.event_id == item.event_id and item.ticket_type_id in {None, line.ticket_type_id}
    ]
    return bool(meant) and all(item.price in {None, line.unit_price.major()} for line in meant)


def _answer_of(placed: Placed) -> Bought:
    """The answer for a basket that was bought without a provider, now or before."""
    match placed.result, placed.order_status, placed.payment_status:
        case ("paid" | "exists", "paid", _):
            charge = Charge("paid", ticket_codes(placed.codes))
        case ("exists", "pending", "failed"):
            raise _declined(placed.failure)
        case ("exists", "pending", _) if placed.pay_url:
            charge = Charge("waiting", pay_url=placed.pay_url)
        case ("exists", "pending", _):
            raise DomainError("idempotency-in-flight", "The payment of this basket is under way.")
        case ("taken", "paid", _):
            raise DomainError(*_REFUSALS["basket-bought"])
        case ("taken", "lapsed", _) | ("taken", "pending", "failed"):
            raise DomainError(*_REFUSALS["basket-expired"])
        case ("taken", "pending", _):
            raise DomainError("basket-busy", "The basket is being paid for at this moment.")
        case ("exists" | "taken", _, _):
            raise DomainError("order-state", f"The order of this basket is {placed.order_status}.")
        case _:
            raise DomainError(*_REFUSALS[placed.result])
    total = Money(placed.total_minor, placed.currency)
    return Bought(placed.order_id, placed.payment_id or placed.order_id, total, charge)


def _declined(failure: str | None) -> DomainError:
    words = "The payment was declined and nothing was charged. Your tickets are still held."
    return DomainError("payment-declined", words, {"failure": failure})


_REFUSALS = {
    "mismatch": ("idempotency-mismatch", "This Idempotency-Key was used for another request."),
    "basket-unknown": ("not-found", "There is no such basket."),
    "basket-expired": ("basket-expired", "The time was over. Nothing was charged; the tickets are on sale again."),
    "basket-bought": (
        "basket-bought",
        (
            "These tickets have been bought. Open the order by the link that was shown when it was paid, "
            "or by the one in its e-mail."
        ),
    ),
    "customer-limit": ("limit-reached", "This customer has as many of these tickets as one may have."),
}
