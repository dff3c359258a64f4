"""From a basket to an order: record it, take the money, hand out the tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from uuid import UUID

from backend.db.arrays import text_array_literal, uuid_array_literal
from backend.db.batches import Batcher, BatchLimits
from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.domain.baskets import Baskets, Buyer
from backend.domain.charges import Cashier
from backend.domain.ids import uuid7
from backend.domain.money import Money
from backend.domain.payments import PaymentRequest
from backend.domain.probe import PROBE_EVENT
from backend.domain.tokens import OrderTokens
from backend.features.orders.attempts import Bought, Placed, answer_of, bought
from backend.features.orders.schemas import Checkout
from backend.features.orders.wishes import Wish, Wishes
from backend.telemetry.metrics import Metrics
from backend.telemetry.stock import CHECKOUTS

queries = load_queries(__package__)
_LANES = 2  # confirming contends for no row, so lanes only spread the batches over the connections
# What a request has held goes back at once when these refuse it: nobody else knows of it.
_REFUSED = frozenset({"customer-limit", "event-closed"})


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
        self._wishes = Wishes(database, baskets)
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
        wish = await self._wishes.of(order, buyer)
        request = CheckoutRequest(
            wish.basket_id,
            order.email,
            order.name,
            order.payment.method,
            wish.key,
            buyer.idempotency.fingerprint if buyer.idempotency else None,
        )
        with self._metrics.stock.asking(CHECKOUTS):  # without the charge: a slow provider is no reason to admit fewer
            placed, answer = await self._record(order, wish, request)
        return answer or await self._charge(request, placed)

    async def _record(self, order: Checkout, wish: Wish, request: CheckoutRequest) -> tuple[Placed, Bought | None]:
        """The order, and its answer unless it is still to be paid. DomainError when it is refused."""
        placed = await self._batcher.submit(request)
        self._metrics.orders.labels("lapsed").inc(placed.lapsed)
        if not any(item.event_id == PROBE_EVENT for item in order.items):
            self._count(request, placed)
        if wish.held and (placed.basket_id != wish.basket_id or placed.result in _REFUSED):
            # It is refused, or its key has bought another basket at the same moment.
            await self._wishes.give_back(wish)
        return placed, None if placed.result == "pending" else answer_of(placed)

    def _count(self, request: CheckoutRequest, placed: Placed) -> None:
        new = placed.order_id == request.order_id  # made here, even if the first answer to say so was lost
        if placed.result == "paid" or (new and placed.order_status == "paid"):
            self._metrics.orders.labels("paid").inc()
            self._metrics.tickets_sold.inc(placed.codes.count(",") + 1 if placed.codes else 0)
        elif new and placed.result == "pending":
            self._metrics.orders.labels("pending").inc()

    async def _charge(self, request: CheckoutRequest, placed: Placed) -> Bought:
        token = self._tokens.issue(placed.order_id)
        charge = await self._cashier.charge(
            PaymentRequest(
                payment_id=request.payment_id,
                order_id=placed.order_id,
                amount=Money(placed.total_minor, placed.currency),
                method=request.method,
                description=f"Tickets, order {placed.order_id.hex[-8:].upper()}",
                return_url=f"{self._public_url}/orders/{placed.order_id}?token={token}",
                email=request.email,
            )
        )
        return bought(placed, request.payment_id, charge)

    async def _flush(self, requests: Sequence[CheckoutRequest]) -> list[Placed]:
        """Each basket once in a statement: two requests for one may come with different addresses, or with none."""
        answers: dict[int, Placed] = {}
        while len(answers) < len(requests):
            waiting = [number for number in range(len(requests)) if number not in answers]
            firsts = {requests[number].basket_id: number for number in reversed(waiting)}
            now = sorted(firsts.values())
            answers.update(zip(now, await self._place([requests[number] for number in now]), strict=True))
        return [answers[number] for number in range(len(requests))]

    async def _place(self, requests: Sequence[CheckoutRequest]) -> list[Placed]:
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
