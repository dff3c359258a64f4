"""Orders to print."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.domain.money import Money
from backend.domain.orders import EventView, OrderView, TicketView

EVENING = EventView(
    id=7,
    name="Winter Evening with Łukasz",
    starts_at=datetime(2027, 3, 12, 18, 30, tzinfo=UTC),
    timezone="Europe/Warsaw",
    venue="Hala Wodna",
    city="Łódź",
)


def ticket(number: int, event: EventView = EVENING, **changes: Any) -> TicketView:
    values = {"ticket_type": "Stalls", "seat": f"row C, seat {number}", "price": Money(6550, "EUR"), **changes}
    return TicketView(code=UUID(int=number), event=event, **values)


def order(*tickets: TicketView, **changes: Any) -> OrderView:
    values: dict[str, Any] = {
        "id": UUID("01936b2e-7a00-7000-8000-0000c0ffee42"),
        "status": "paid",
        "total": Money(6550 * len(tickets), "EUR"),
        "created_at": datetime(2026, 11, 23, 9, 5, tzinfo=UTC),
        "name": "Zoë Ångström",
        **changes,
    }
    return OrderView(tickets=tickets, **values)
