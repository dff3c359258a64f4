"""Dates, counts and names as they stand in a letter."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from zoneinfo import ZoneInfo

from backend.domain.orders import EventView, TicketView


def one_line(text: str, most: int = 200) -> str:
    """The text without line breaks and control characters, so that it stays in its line, header or sentence."""
    line = " ".join(text.split())
    line = "".join(c for c in line if unicodedata.category(c) not in {"Cc", "Cs"})
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def day_and_time(moment: datetime) -> str:
    """Saturday 14 November 2026, 19:30."""
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M}"


def deadline(moment: datetime, event: EventView) -> str:
    """Saturday 14 November 2026, 19:30 (Dublin time)."""
    return f"{day_and_time(moment.astimezone(ZoneInfo(event.timezone)))} ({one_line(event.city)} time)"


def count(number: int, thing: str) -> str:
    """1 ticket, 2 tickets."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def names(events: Sequence[EventView]) -> str:
    """A; A and B; A and 2 more events."""
    first, *rest = [one_line(event.name, 80) for event in events]
    if len(rest) > 1:
        return f"{first} and {len(rest)} more events"
    return " and ".join([first, *rest])


def ticket_lines(tickets: Sequence[TicketView]) -> list[str]:
    """One line for each seat; one for all tickets of a kind without seats: "2 tickets: Standing, 25.00 EUR each"."""
    lines = []
    for (kind, seat, price), same in groupby(tickets, key=lambda it: (it.ticket_type, it.seat, it.price)):
        number = len(list(same))
        what = f"{count(number, 'ticket')}: {one_line(kind)}" if seat is None else f"{one_line(kind)}, {one_line(seat)}"
        each = " each" if number > 1 else ""
        lines.append(f"{what}, {price}{each}" if price.minor else f"{what}, free")
    return lines
