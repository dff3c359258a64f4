"""What is for sale, as whoever sells needs to know it: the catalogue answers this from memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

from backend.domain.baskets import SeatLabel, Terms
from backend.domain.money import Money

RoomState = Literal["none", "gathering", "open", "closed"]
"""Of an event's waiting room. none: customers buy freely. gathering: places are taken, their order is not drawn yet.
open: buying needs an admission. closed: nothing is left, or the sale is over."""


@dataclass(frozen=True, slots=True)
class TicketOffer:
    """One ticket type and its terms of sale."""

    id: int
    pool_id: int
    name: str
    price_minor: int
    seated: bool
    on_sale_at: datetime
    off_sale_at: datetime
    max_per_order: int
    max_per_customer: int | None

    def on_sale(self, now: datetime) -> bool:
        return self.on_sale_at <= now < self.off_sale_at


@dataclass(frozen=True, slots=True)
class SeatOffer:
    """A seat and the ticket type that it is sold as."""

    type_id: int
    label: SeatLabel


@dataclass(frozen=True, slots=True)
class Offer:
    """An event that can be bought, with its ticket types in the order in which they are shown.

    room: the state of its waiting room, None for an event that never has one.
    """

    event_id: int
    name: str
    starts_at: datetime
    timezone: str
    venue: str
    currency: str
    refundable_until: datetime
    fee_percent: float
    types: tuple[TicketOffer, ...]
    room: RoomState | None = None
    _terms: dict[int, Terms] = field(default_factory=dict, init=False, repr=False, compare=False)

    def terms(self, offered: TicketOffer) -> Terms:
        """What a basket says of this type's tickets, put together once."""
        known = self._terms.get(offered.id)
        if known is None:
            known = self._terms[offered.id] = Terms(
                event_id=self.event_id,
                event_name=self.name,
                starts_at=self.starts_at,
                timezone=self.timezone,
                venue=self.venue,
                refundable_until=self.refundable_until,
                fee_percent=self.fee_percent,
                ticket_type_id=offered.id,
                ticket_type=offered.name,
                unit_price=Money(offered.price_minor, self.currency),
            )
        return known

    def type(self, type_id: int) -> TicketOffer | None:
        return next((offered for offered in self.types if offered.id == type_id), None)

    def cheapest(self, now: datetime) -> TicketOffer | None:
        """The cheapest type on sale; when none is, the cheapest of all, so that the refusal can say when it will be."""
        if len(self.types) == 1:
            return self.types[0]
        on_sale = [offered for offered in self.types if offered.on_sale(now)]
        return min(on_sale or self.types, key=lambda offered: offered.price_minor, default=None)


class Offers(Protocol):
    """Where offers come from. They may be seconds old: the database has the last word on price, window and stock."""

    def cached(self, event_id: int) -> Offer | None:
        """The offer when it is in memory, at the cost of a dictionary lookup."""

    async def offer(self, event_id: int) -> Offer | None:
        """The offer; None when no such event is published."""

    async def seats(self, event_id: int, seat_ids: Collection[int]) -> Mapping[int, SeatOffer]:
        """These seats of the event; those that it does not have are missing."""
