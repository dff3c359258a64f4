"""The catalogue's answer to whoever sells: what an event offers, from memory wherever possible."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from datetime import datetime

from backend.db.pool import Database
from backend.domain.baskets import SeatLabel
from backend.domain.offers import Offer, RoomState, SeatOffer
from backend.features.catalogue.store import Event, queries, read_event
from backend.memory import Clock, Freshness, Memory

# Changes are announced, so five seconds only bound what a lost announcement can do.
_FRESHNESS = Freshness(fresh=5.0, usable=5.0, most=5000)
_HALLS = Freshness(fresh=60.0, usable=60.0, most=200)


class EventOffers:
    """Offers by event."""

    def __init__(self, db: Database, clock: Clock = time.time) -> None:
        self._db = db
        self._offers: Memory[int, Offer | None] = Memory(self._read, _FRESHNESS, clock)
        self._halls: Memory[int, Mapping[int, SeatOffer]] = Memory(self._read_hall, _HALLS, clock)

    def cached(self, event_id: int) -> Offer | None:
        """The offer when it is in memory, at the cost of a dictionary lookup."""
        return self._offers.ready(event_id)

    async def offer(self, event_id: int) -> Offer | None:
        """The offer; None when no such event is published."""
        return await self._offers.get(event_id)

    async def seats(self, event_id: int, seat_ids: Collection[int]) -> Mapping[int, SeatOffer]:
        """These seats of the event; those that it does not have are missing."""
        hall = await self._halls.get(event_id)
        return {seat_id: hall[seat_id] for seat_id in seat_ids if seat_id in hall}

    def forget(self, event_id: int) -> None:
        """Read it anew the next time."""
        self._offers.forget(event_id)
        self._halls.forget(event_id)

    def forget_all(self) -> None:
        self._offers.forget_all()
        self._halls.forget_all()

    async def _read(self, event_id: int) -> tuple[Offer | None, datetime | None]:
        event = await read_event(self._db, event_id)
        return (_offer(event) if event and event.status == "published" else None), None

    async def _read_hall(self, event_id: int) -> tuple[Mapping[int, SeatOffer], datetime | None]:
        rows = await self._db.fetch_all(queries.seats_of_hall, {"event": event_id}, retry=True)
        return {seat: SeatOffer(type_id, SeatLabel(seat, row, number)) for seat, type_id, row, number in rows}, None


def _offer(event: Event) -> Offer:
    return Offer(
        event_id=event.id,
        name=event.name,
        starts_at=event.starts_at,
        timezone=event.timezone,
        venue=event.venue,
        currency=event.currency,
        refundable_until=event.refundable_until,
        fee_percent=event.fee_bp / 100,
        types=event.types,
        room=_room(event),
    )


def _room(event: Event) -> RoomState | None:
    """Where everybody is to wait nobody buys freely, even before the room has been set up."""
    if event.waiting_room == "off":
        return None
    return "gathering" if event.waiting_room == "on" and event.room == "none" else event.room
