"""An event as JSON: what the list says of it, what its own page says, when either changes by itself."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.domain.money import Money
from backend.features.catalogue.store import Event, Seat, TicketType, seats_version


def summary(event: Event, now: datetime) -> dict[str, Any]:
    """What the list says.

    price: the lowest that can be bought now, else that will be, else that could have been. on_sale_at, off_sale_at: of
    all that is not over yet, from the first opening to the last end.
    """
    shown = _shown(event, now)
    return {
        "id": event.id,
        "name": event.name,
        "date": event.starts_at.astimezone(ZoneInfo(event.timezone)).date(),
        "starts_at": event.starts_at,
        "timezone": event.timezone,
        "venue": event.venue,
        "city": event.city,
        "price": _lowest(event, now),
        "currency": event.currency,
        "available_tickets": event.available,
        "on_sale_at": min((each.on_sale_at for each in shown), default=None),
        "off_sale_at": max((each.off_sale_at for each in shown), default=None),
        "on_sale": is_on_sale(event, now),
        "status": event.status,
        "seated": event.seated,
        "waiting_room": event.room,
        "poster_url": f"/api/events/{event.id}/poster.svg?v={poster_version(event)}",
    }


def detail(event: Event, now: datetime, rows: Iterable[tuple[int, str, int]]) -> dict[str, Any]:
    """What the event's page says, but for the server's time. rows: of the hall, none for general admission."""
    return {
        **summary(event, now),
        "description": event.description,
        "ticket_types": [_type_view(event, each, now) for each in event.types],
        "seat_map": _seat_map(event, rows) if event.seated else None,
        "refundable_until": event.refundable_until,
        "cancellation_fee_percent": event.fee_bp / 100,
    }


def seat_list(event: Event, seats: Sequence[Seat]) -> dict[str, Any]:
    """Every seat with its state."""
    sections = {each.id: (each.name, price(event, each.price_minor)) for each in event.types}
    views = [
        {
            "id": seat.id,
            "section": sections[seat.type_id][0],
            "row": seat.row,
            "number": seat.number,
            "price": sections[seat.type_id][1],
            "state": seat.state,
        }
        for seat in seats
        if seat.type_id in sections
    ]
    return {"seats": views, "currency": event.currency, "version": seats_version(seat.state for seat in seats)}


def availability(event: Event, now: datetime, version: int, seats: int | None) -> dict[str, Any]:
    """What the stream says. version: milliseconds, later is newer. seats: their version, None in general admission."""
    said = {
        "event_id": event.id,
        "available_tickets": event.available,
        "ticket_types": [{"id": each.id, "available": each.available} for each in event.types],
        "on_sale": is_on_sale(event, now),
        "version": version,
    }
    return said if seats is None else {**said, "seats_version": seats}


def is_on_sale(event: Event, now: datetime) -> bool:
    return event.status == "published" and any(each.on_sale(now) for each in event.types)


def changes_at(events: Iterable[Event], now: datetime) -> datetime | None:
    """The next moment at which a sale opens or ends or an event begins."""
    moments = (moment for event in events for each in event.types for moment in (each.on_sale_at, each.off_sale_at))
    starts = (event.starts_at for event in events)
    return min((moment for moment in (*moments, *starts) if moment > now), default=None)


def poster_version(event: Event) -> str:
    """Changes with whatever the poster shows."""
    shown = (event.name, event.venue, event.city, event.starts_at.isoformat(), event.timezone)
    return f"{zlib.crc32(chr(0).join(shown).encode()):08x}"


def price(event: Event, minor: int) -> int | float:
    return Money(minor, event.currency).major()


def _shown(event: Event, now: datetime) -> list[TicketType]:
    return [each for each in event.types if now < each.off_sale_at] or list(event.types)


def _lowest(event: Event, now: datetime) -> int | float | None:
    buyable = [each for each in event.types if each.on_sale(now)] or _shown(event, now)
    return price(event, min(each.price_minor for each in buyable)) if buyable else None


def _type_view(event: Event, each: TicketType, now: datetime) -> dict[str, Any]:
    return {
        "id": each.id,
        "name": each.name,
        "description": each.description,
        "price": price(event, each.price_minor),
        "currency": event.currency,
        "available": each.available,
        "on_sale_at": each.on_sale_at,
        "off_sale_at": each.off_sale_at,
        "on_sale": event.status == "published" and each.on_sale(now),
        "max_per_order": each.max_per_order,
        "max_per_customer": each.max_per_customer,
        "seated": each.seated,
    }


def _seat_map(event: Event, rows: Iterable[tuple[int, str, int]]) -> dict[str, Any]:
    by_type: dict[int, list[dict[str, Any]]] = {each.id: [] for each in event.types if each.seated}
    for type_id, label, seats in rows:
        if type_id in by_type:
            by_type[type_id].append({"label": label, "seats": seats})
    sections = [
        {
            "ticket_type_id": each.id,
            "name": each.name,
            "price": price(event, each.price_minor),
            "currency": event.currency,
            "rows": by_type[each.id],
        }
        for each in event.types
        if each.seated
    ]
    return {"sections": sections}
