"""Orders after checkout: reading them, and giving them back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from backend.db.pool import Database, Row
from backend.domain.errors import DomainError
from backend.domain.money import Money
from backend.domain.orders import EventView, OrderView, TicketView
from backend.domain.probe import PROBE_EVENT
from backend.features.orders.checkout import queries
from backend.telemetry.metrics import Metrics

_OF_THE_ORDER = 13  # columns of the query order; those of a ticket follow


@dataclass(frozen=True, slots=True)
class PaymentView:
    """The latest payment of an order; failure says why its last attempt did not succeed."""

    status: str
    failure: str | None
    pay_url: str | None


@dataclass(frozen=True, slots=True)
class RefundView:
    """Money on its way back."""

    amount: Money
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class WholeOrder:
    """An order with what its page needs beside the tickets: payment, refunds, and the basket while it can be paid."""

    view: OrderView
    payment: PaymentView | None
    refunds: tuple[RefundView, ...]
    basket_id: UUID
    held_until: datetime | None

    def cancellable(self, now: datetime) -> bool:
        """Whether the customer may give it back now."""
        until = self.view.refundable_until
        fresh = all(ticket.state != "checked_in" for ticket in self.view.in_force)
        return self.view.status == "paid" and fresh and until is not None and now < until

    @property
    def cancellation_refund(self) -> Money:
        """What giving back the tickets in force pays back: their prices less the fee."""
        worth = sum(ticket.price.minor for ticket in self.view.in_force)
        return Money(worth - (self.view.fee.minor if self.view.fee else 0), self.view.total.currency)


class Orders:
    """Reads and cancels orders; knows nothing of tokens, which the routes check."""

    def __init__(self, database: Database, metrics: Metrics) -> None:
        self._database = database
        self._cancelled = metrics.orders.labels("cancelled")

    async def whole(self, order_id: UUID) -> WholeOrder | None:
        """The order with everything about it, None when there is none."""
        return await self._read({"order": order_id, "ticket": None})

    async def whole_of_ticket(self, code: UUID) -> WholeOrder | None:
        """The order that this ticket belongs to, with everything about it."""
        return await self._read({"order": None, "ticket": code})

    async def order_view(self, order_id: UUID) -> OrderView | None:
        """The order as documents and messages show it."""
        whole = await self.whole(order_id)
        return whole.view if whole else None

    async def cancel(self, order_id: UUID) -> None:
        """Give all tickets back; the money less the fee is refunded by the worker. Once cancelled, it stays so."""
        match await self._cancel(queries.cancel_order, {"order": order_id, "probe": PROBE_EVENT}):
            case "cancelled":
                return
            case "too-late":
                raise DomainError("not-cancellable", "The time to cancel is over.")
            case "checked-in":
                raise DomainError("not-cancellable", "A ticket of this order has been used.")
            case "not-paid":
                view = await self.order_view(order_id)
                if view is None or view.status != "cancelled":
                    raise DomainError("order-state", "Only a paid order can be cancelled.")
            case _:
                raise DomainError("not-found", "There is no such order.")

    async def cancel_for_cancelled_events(self, most: int = 100) -> int:
        """Give back, without a fee, the tickets of events that do not take place; how many orders it was."""
        due = await self._database.fetch_all(queries.orders_of_cancelled_events, {"most": most}, retry=True)
        for order_id, event_id in due:
            await self._cancel(queries.cancel_for_event, {"order": order_id, "event": event_id})
        return len(due)

    async def _read(self, params: Mapping[str, object]) -> WholeOrder | None:
        rows = await self._database.fetch_all(queries.order, params, retry=True)
        return _whole_order(rows) if rows else None

    async def _cancel(self, query: str, params: Mapping[str, object]) -> str:
        result, ended, probing = await self._database.fetch_one(query, params) or ("unknown", False, False)
        if ended and not probing:
            self._cancelled.inc()
        return str(result)


def _whole_order(rows: Sequence[Row]) -> WholeOrder:
    """From the rows of the query order: each begins with the order and ends with a ticket, if there is any."""
    head = rows[0][:_OF_THE_ORDER]
    tickets = [row[_OF_THE_ORDER:] for row in rows if row[_OF_THE_ORDER] is not None]
    _, _, _, currency, _, _, _, payment, failure, pay_url, held_until, basket_id, refunds = head
    return WholeOrder(
        _order_view(head, tickets),
        PaymentView(payment, failure, pay_url) if payment else None,
        tuple(RefundView(Money(amount, currency), status, reason) for amount, status, reason in refunds or ()),
        basket_id,
        held_until,
    )


def _order_view(head: Row, tickets: Sequence[Row]) -> OrderView:
    order_id, status, total, currency, created_at, name, email, *_ = head
    in_force = [row for row in tickets if row[1] != "void"]
    until = min((row[13] for row in in_force if row[13] is not None), default=None)
    return OrderView(
        id=order_id,
        status=status,
        total=Money(total, currency),
        created_at=created_at,
        tickets=tuple(_ticket_view(row, currency) for row in tickets),
        name=name,
        email=email,
        refundable_until=until if until and until > datetime.now(UTC) else None,
        fee=Money(sum(row[14] for row in in_force), currency) if in_force else None,
    )


def _ticket_view(row: Row, currency: str) -> TicketView:
    (
        code,
        state,
        price,
        type_name,
        row_label,
        number,
        event_id,
        name,
        starts_at,
        timezone,
        venue,
        city,
        cancelled,
        *_,
    ) = row
    return TicketView(
        code=code,
        event=EventView(event_id, name, starts_at, timezone, venue, city, cancelled),
        ticket_type=type_name,
        price=Money(price, currency),
        seat=f"row {row_label}, seat {number}" if row_label is not None else None,
        state=state,
    )
