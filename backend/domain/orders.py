"""Orders as a customer sees them: what tickets, e-mails and calendars are made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.domain.money import Money

OrderStatus = Literal["pending", "paid", "cancelled", "lapsed"]
TicketState = Literal["valid", "checked_in", "void"]


@dataclass(frozen=True, slots=True)
class EventView:
    """The event that a ticket lets one into. timezone: the venue's, by its IANA name."""

    id: int
    name: str
    starts_at: datetime
    timezone: str
    venue: str
    city: str
    cancelled: bool = False

    @property
    def local_start(self) -> datetime:
        """The start by the clock on the venue's wall."""
        return self.starts_at.astimezone(ZoneInfo(self.timezone))


@dataclass(frozen=True, slots=True)
class TicketView:
    """One ticket. seat: "row C, seat 14", None in general admission."""

    code: UUID
    event: EventView
    ticket_type: str
    price: Money
    seat: str | None = None
    state: TicketState = "valid"

    @property
    def admits(self) -> bool:
        """Whether it opens the door, or did. Those of a cancelled event never do, even before each of them is void."""
        return self.state != "void" and not self.event.cancelled


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order with its tickets, in the order in which they were bought.

    refundable_until: until when the customer can cancel all of it, None when that is no longer possible. fee: what the
    shop would keep.
    """

    id: UUID
    status: OrderStatus
    total: Money
    created_at: datetime
    tickets: tuple[TicketView, ...]
    name: str | None = None
    email: str | None = None
    refundable_until: datetime | None = None
    fee: Money | None = None

    @property
    def number(self) -> str:
        """What people read to each other: the last eight digits of the identifier, in capitals."""
        return self.id.hex[-8:].upper()

    @property
    def in_force(self) -> tuple[TicketView, ...]:
        """The tickets that still let somebody in, or did."""
        return tuple(ticket for ticket in self.tickets if ticket.state != "void")

    @property
    def events(self) -> tuple[EventView, ...]:
        """Each event once, the earliest first."""
        return tuple(sorted({ticket.event for ticket in self.tickets}, key=lambda event: (event.starts_at, event.id)))
