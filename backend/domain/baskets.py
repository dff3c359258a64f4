"""Baskets: what a customer holds for a while, and what other features ask of whoever keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, Self
from uuid import UUID

from backend.domain.money import Money


@dataclass(frozen=True, slots=True)
class SeatLabel:
    """A seat as the door and the ticket name it."""

    id: int
    row: str
    number: int


@dataclass(frozen=True, slots=True)
class Terms:
    """What a basket says of any ticket of one type."""

    event_id: int
    event_name: str
    starts_at: datetime
    timezone: str
    venue: str
    refundable_until: datetime
    fee_percent: float
    ticket_type_id: int
    ticket_type: str
    unit_price: Money

    def __hash__(self) -> int:
        return self.ticket_type_id  # other terms of the same type are rare, and the other fields take long to hash


# What is made anew for every request is not frozen: nobody changes it, but to freeze it takes longer than to fill it.


@dataclass(slots=True)
class BasketLine:
    """Tickets of one type in a basket."""

    id: UUID
    terms: Terms
    quantity: int
    seats: tuple[SeatLabel, ...] = ()

    @property
    def price(self) -> Money:
        return self.terms.unit_price * self.quantity


@dataclass(slots=True)
class Basket:
    """The lines that one customer holds until `expires_at`, all in one currency.

    paying: a payment for it is under way, so it changes no more.
    """

    id: UUID
    lines: tuple[BasketLine, ...]
    expires_at: datetime
    extended: bool
    paying: bool

    @property
    def total(self) -> Money:
        return sum((line.price for line in self.lines[1:]), self.lines[0].price)


@dataclass(slots=True)
class Wanted:
    """Tickets that somebody asks for: of `ticket_type_id`, else the chosen seats' types, else the cheapest on sale."""

    event_id: int
    quantity: int
    ticket_type_id: int | None = None
    seat_ids: tuple[int, ...] = ()

    @classmethod
    def of(
        cls, event_id: int, quantity: int | None, ticket_type_id: int | None = None, seat_ids: Sequence[int] = ()
    ) -> Self:
        """Of what somebody said; quantity: None for as many as there are seats, else 1.

        ValueError when a seat is named twice or the quantity is not that of the seats.
        """
        if len(set(seat_ids)) != len(seat_ids):
            raise ValueError("seat_ids names a seat twice")
        if seat_ids and quantity not in {None, len(seat_ids)}:
            raise ValueError("quantity differs from the number of seat_ids")
        return cls(event_id, quantity or len(seat_ids) or 1, ticket_type_id, tuple(sorted(seat_ids)))


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request that carries an Idempotency-Key.

    id: the request's identity, in the scope of its basket, else its cookie, else its body. without_cookie: what it was
    before the customer had a cookie. fingerprint: of its body.
    """

    id: UUID
    without_cookie: UUID
    fingerprint: str


@dataclass(slots=True)
class Buyer:
    """Who asks, as far as is known: the basket that they named, their cookie, the address that they came from.

    headers: of their request, for what only few events ask to see.
    """

    named: UUID | None = None
    cookie: UUID | None = None
    address: str | None = None
    idempotency: Idempotency | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def basket(self) -> UUID | None:
        return self.named or self.cookie


class Baskets(Protocol):
    """What checkout asks of the inventory."""

    async def hold(self, wanted: Sequence[Wanted], buyer: Buyer) -> UUID:
        """Hold all of it or none, and answer the basket. DomainError when it cannot be had."""

    async def read(self, basket_id: UUID) -> Basket | None:
        """The basket while it holds anything."""

    async def give_back(self, basket_id: UUID) -> None:
        """Let go of all that the basket holds. DomainError when it is being paid or holds nothing."""

    async def of_cookie(self, cookie: UUID) -> UUID | None:
        """The live basket that a cookie means."""
