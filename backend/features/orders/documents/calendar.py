"""The events of an order as a calendar file (RFC 5545)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from backend.domain.orders import EventView, OrderView, TicketView

# Nobody tells the shop when an event ends; two hours keep the evening free.
_DURATION = "PT2H"
_LINE_BYTES = 75
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def calendar_ics(order: OrderView) -> str:
    """One entry for each event. Importing it again updates the entries: they have the same UID each time.

    Without the order's link, as the file may be passed on.
    """
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//AegisTickets//Tickets//EN", "CALSCALE:GREGORIAN"]
    for event in order.events:
        lines += _entry(order, event)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _folded(line))


def _entry(order: OrderView, event: EventView) -> Iterator[str]:
    tickets = [ticket for ticket in order.in_force if ticket.event == event]
    dropped = not tickets or event.cancelled
    yield "BEGIN:VEVENT"
    yield f"UID:{order.id}-{event.id}@aegistickets"
    yield f"DTSTAMP:{_utc(order.created_at)}"
    yield f"DTSTART:{_utc(event.starts_at)}"
    yield f"DURATION:{_DURATION}"
    yield f"SUMMARY:{_text(event.name)}"
    yield f"LOCATION:{_text(f'{event.venue}, {event.city}')}"
    yield f"DESCRIPTION:{_text(_description(order, event, tickets))}"
    yield f"SEQUENCE:{int(dropped)}"
    yield f"STATUS:{'CANCELLED' if dropped else 'CONFIRMED'}"
    yield "END:VEVENT"


def _description(order: OrderView, event: EventView, tickets: list[TicketView]) -> str:
    starts = f"{event.local_start:%H:%M} in {event.timezone}"
    seats = [f"{ticket.ticket_type}, {ticket.seat}" if ticket.seat else ticket.ticket_type for ticket in tickets]
    return "\n".join([f"Starts at {starts}", f"Order {order.number}", *seats])


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(value: str) -> str:
    lines = "\n".join(_one_line(line) for line in value.splitlines())
    return lines.translate(_ESCAPES)


def _one_line(value: str) -> str:
    """Without control characters, which would end the line or the file's validity."""
    kept = (character for character in value if character >= " " and character != "\x7f")
    return "".join(kept).encode("utf-8", "replace").decode()


def _folded(line: str) -> Iterator[str]:
    """At most 75 bytes a line, continued after a space, never inside a character."""
    part, size = "", 0
    for character in line:
        length = len(character.encode())
        if size + length > _LINE_BYTES:
            yield part
            part, size = " ", 1
        part += character
        size += length
    yield part
