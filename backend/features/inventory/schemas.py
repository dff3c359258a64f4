"""What the basket's routes take and answer."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Annotated
from uuid import UUID

import orjson
from pydantic import Field

from backend.domain.baskets import Basket, BasketLine, Terms, Wanted
from backend.web.parsing import Body, Query
from backend.web.routes import View
from backend.web.wanted import TicketsWanted


class NewHold(TicketsWanted):
    """Tickets to hold. Without `ticket_type_id` or `seat_ids`: of the cheapest type on sale."""

    basket_id: Annotated[UUID | None, Field(description="The basket to add to; else the cookie's")] = None


class BasketQuery(Query):
    """Which basket: named, else the cookie's."""

    basket_id: UUID | None = None


class BasketName(Body):
    """Which basket: named, else the cookie's."""

    basket_id: UUID | None = None


class HeldSeat(View):
    """A seat, as the ticket names it."""

    id: int
    row: str
    number: int


class BasketItem(View):
    """Tickets of one type, held."""

    id: UUID
    event_id: int
    event_name: str
    starts_at: datetime
    timezone: str
    venue: str
    ticket_type_id: int
    ticket_type: str
    quantity: int
    unit_price: float
    price: float
    seats: list[HeldSeat]
    refundable_until: datetime
    cancellation_fee_percent: float


class BasketView(View):
    """A basket. `event_id` and `quantity` are those of the line that was just added, else of the first."""

    basket_id: UUID
    event_id: int
    quantity: int
    expires_at: datetime
    extended: bool
    items: list[BasketItem]
    total: float
    currency: str


class ExtendedView(View):
    """How long the basket is held now."""

    basket_id: UUID
    expires_at: datetime


def basket_view(basket: Basket, added: Wanted | None = None) -> bytes:
    """A BasketView as JSON, written without its model: this answers the hottest route."""
    total = basket.total
    view = {
        "basket_id": basket.id,
        "event_id": added.event_id if added else basket.lines[0].terms.event_id,
        "quantity": added.quantity if added else basket.lines[0].quantity,
        "expires_at": basket.expires_at,
        "extended": basket.extended,
        "items": orjson.Fragment(b"[%b]" % b",".join([_item(line) for line in basket.lines])),
        "total": total.major(),
        "currency": total.currency,
    }
    return orjson.dumps(view, option=orjson.OPT_UTC_Z)


def _item(line: BasketLine) -> bytes:
    own = {
        "id": line.id,
        "quantity": line.quantity,
        "price": line.price.major(),
        "seats": [{"id": seat.id, "row": seat.row, "number": seat.number} for seat in line.seats],
    }
    return orjson.dumps(own)[:-1] + _ending(line.terms)


@lru_cache(maxsize=20_000)  # as many as the catalogue keeps offers of events
def _ending(terms: Terms) -> bytes:
    """What all items of these terms end with, from the comma after their own members on."""
    common = {
        "event_id": terms.event_id,
        "event_name": terms.event_name,
        "starts_at": terms.starts_at,
        "timezone": terms.timezone,
        "venue": terms.venue,
        "ticket_type_id": terms.ticket_type_id,
        "ticket_type": terms.ticket_type,
        "unit_price": terms.unit_price.major(),
        "refundable_until": terms.refundable_until,
        "cancellation_fee_percent": terms.fee_percent,
    }
    return b"," + orjson.dumps(common, option=orjson.OPT_UTC_Z)[1:]
