"""Orders as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from backend.domain.orders import TicketView
from backend.domain.tokens import OrderTokens
from backend.features.orders.attempts import Bought
from backend.features.orders.orders import WholeOrder


def links(codes: Iterable[UUID], token: str) -> list[dict[str, str]]:
    """Where tickets are fetched; the links work as they are, for the token is in them."""
    return [
        {
            "code": code.hex,
            "svg_url": f"/api/tickets/{code.hex}.svg?token={token}",
            "pdf_url": f"/api/tickets/{code.hex}.pdf?token={token}",
        }
        for code in codes
    ]


def checkout_view(bought: Bought, tokens: OrderTokens) -> dict[str, object]:
    """A CheckoutView."""
    token = tokens.issue(bought.order_id)
    view: dict[str, object] = {
        "order_id": bought.order_id,
        "order_token": token,
        "transaction_id": str(bought.transaction_id),
        "status": bought.status,
        "total": bought.total.major(),
        "currency": bought.total.currency,
        "tickets": links(bought.tickets, token),
    }
    if bought.status == "pending":
        view["payment_url"] = bought.pay_url
    return view


def order_answer(order: WholeOrder, token: str, now: datetime) -> dict[str, object]:
    """An OrderAnswer."""
    view, payment = order.view, order.payment
    cancellable = order.cancellable(now)
    return {
        "order_id": view.id,
        "order_number": view.number,
        "status": view.status,
        "total": view.total.major(),
        "currency": view.total.currency,
        "created_at": view.created_at,
        "email": view.email,
        "name": view.name,
        "basket_id": order.basket_id if order.held_until else None,
        "held_until": order.held_until,
        "payment": payment and {"status": payment.status, "failure": payment.failure, "payment_url": payment.pay_url},
        "tickets": [_ticket(ticket, token) for ticket in view.tickets],
        "refunds": [
            {"amount": refund.amount.major(), "status": refund.status, "reason": refund.reason}
            for refund in order.refunds
        ],
        "cancellable": cancellable,
        "refundable_until": view.refundable_until,
        "cancellation_refund": order.cancellation_refund.major() if cancellable else None,
        "cancellation_fee": view.fee.major() if cancellable and view.fee else None,
        "calendar_url": f"/api/orders/{view.id}/calendar.ics?token={token}",
    }


def _ticket(ticket: TicketView, token: str) -> dict[str, object]:
    event = ticket.event
    return {
        **links([ticket.code], token)[0],
        "state": ticket.state,
        "event_id": event.id,
        "event_name": event.name,
        "starts_at": event.starts_at,
        "timezone": event.timezone,
        "venue": event.venue,
        "city": event.city,
        "ticket_type": ticket.ticket_type,
        "seat": ticket.seat,
        "price": ticket.price.major(),
    }
