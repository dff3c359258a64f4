"""What checkout and the order's routes take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from backend.web.parsing import Body, EmailAddress, Form, Query
from backend.web.routes import View
from backend.web.wanted import TicketsWanted

Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Form(r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]+", "a name in one line"),
]


class PaymentChoice(Body):
    """How to pay. card: charged at once, where the provider can. hosted: on the provider's page."""

    method: Literal["card", "hosted"] = "card"


class CheckoutItem(TicketsWanted):
    """Tickets as the customer saw them; `price` is that of one ticket."""

    price: Annotated[float | None, Field(ge=0, lt=10**12)] = None


class Checkout(Body):
    """Buy a basket (named, else the cookie's), or the items in one go when there is none.

    `items` beside a basket are what the customer saw: a 409 when they no longer hold.
    """

    basket_id: UUID | None = None
    email: EmailAddress | None = None
    name: Name | None = None
    payment: PaymentChoice = PaymentChoice()
    items: Annotated[tuple[CheckoutItem, ...], Field(max_length=10)] = ()


class TokenQuery(Query):
    """The order token, for links that cannot carry a header."""

    token: Annotated[str | None, Field(max_length=100)] = None


class Cancellation(Body):
    """Nothing to say beyond asking."""


class TicketLinks(View):
    """A ticket and where to fetch it."""

    code: str
    svg_url: str
    pdf_url: str


class CheckoutView(View):
    """A settled order, or one that waits for its payment; asked again, the order as it is by now.

    `payment_url` is where the customer pays, null when nothing is left to do but wait.
    """

    order_id: UUID
    order_token: str
    transaction_id: str
    status: Literal["pending", "paid", "cancelled", "lapsed"]
    total: float
    currency: str
    tickets: list[TicketLinks]
    payment_url: str | None = None


class TicketDetail(TicketLinks):
    """A ticket with what is printed on it."""

    state: Literal["valid", "checked_in", "void"]
    event_id: int
    event_name: str
    starts_at: datetime
    timezone: str
    venue: str
    city: str
    ticket_type: str
    seat: str | None
    price: float


class RefundLine(View):
    """Money on its way back."""

    amount: float
    status: Literal["due", "in_transit", "done", "failed"]
    reason: str


class PaymentState(View):
    """The latest payment of the order."""

    status: Literal["created", "processing", "succeeded", "failed", "cancelled"]
    failure: str | None
    payment_url: str | None


class OrderAnswer(View):
    """An order as its customer sees it.

    `held_until`: the tickets are still held for another try to pay. `cancellable` with `cancellation_refund` and
    `cancellation_fee`: what cancelling now would pay back of the tickets in force, and what it would cost.
    """

    order_id: UUID
    order_number: str
    status: Literal["pending", "paid", "cancelled", "lapsed"]
    total: float
    currency: str
    created_at: datetime
    email: str | None
    name: str | None
    basket_id: UUID | None
    held_until: datetime | None
    payment: PaymentState | None
    tickets: list[TicketDetail]
    refunds: list[RefundLine]
    cancellable: bool
    refundable_until: datetime | None
    cancellation_refund: float | None
    cancellation_fee: float | None
    calendar_url: str
