"""Events and their ticket types as the database has them."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.domain.offers import RoomState, TicketOffer

queries = load_queries(__package__)


@dataclass(frozen=True, slots=True)
class TicketType(TicketOffer):
    """One for sale, or that was or will be. available: what is left of its pool, which several may sell."""

    event_id: int
    description: str
    available: int


@dataclass(frozen=True, slots=True)
class Event:
    """types: those not withdrawn, in the order in which they are shown. description: empty in a list.

    room: the state of its waiting room.
    """

    id: int
    name: str
    description: str
    venue: str
    city: str
    starts_at: datetime
    timezone: str
    currency: str
    status: str
    refundable_until: datetime
    fee_bp: int
    room: RoomState = "none"
    types: tuple[TicketType, ...] = ()

    @property
    def seated(self) -> bool:
        return any(each.seated for each in self.types)

    @property
    def available(self) -> int:
        """Tickets left, each pool counted once."""
        return sum({each.pool_id: each.available for each in self.types}.values())


class Seat(NamedTuple):
    """state: free, held or sold."""

    id: int
    type_id: int
    row: str
    number: int
    state: str


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events, and which page of them. words: a tsquery, '' finds nothing. since, until: by the venues' clocks."""

    words: str | None
    city: str | None
    since: date | None
    until: date | None
    page: int
    per_page: int


async def list_events(db: Database, asked: Filter, now: datetime) -> tuple[int, list[Event]]:
    """How many events to come match, and those of the page, the next one first."""
    values = {
        "now": now,
        "words": asked.words,
        "city": asked.city,
        "since": asked.since,
        "until": asked.until,
        "limit": asked.per_page,
        "offset": (asked.page - 1) * asked.per_page,
    }
    rows = await db.fetch_all(queries.list_events, values, retry=True)
    total = rows[0][0]
    return total, await _with_types(db, [Event(*row[1:]) for row in rows if row[1] is not None])


async def read_events(db: Database, ids: Collection[int]) -> list[Event]:
    """These events, but for those that are withdrawn or never were."""
    rows = await db.fetch_all(queries.read_events, {"ids": list(ids)}, retry=True)
    return await _with_types(db, [Event(*row) for row in rows])


async def read_event(db: Database, event_id: int) -> Event | None:
    return next(iter(await read_events(db, [event_id])), None)


async def rows_of_hall(db: Database, event_id: int) -> list[tuple[int, str, int]]:
    """(ticket type, label, seats) of each row, front first."""
    return await db.fetch_all(queries.rows_of_hall, {"event": event_id}, retry=True)


async def read_seats(db: Database, event_id: int) -> list[Seat]:
    """The seats that are for sale or were, section by section, front first."""
    return [Seat(*row) for row in await db.fetch_all(queries.seats, {"event": event_id}, retry=True)]


async def seat_versions(db: Database, event_ids: Iterable[int]) -> dict[int, int]:
    """By event, a number that changes whenever a seat has changed hands; nothing for general admission."""
    rows = await db.fetch_all(queries.seat_states, {"ids": list(event_ids)}, retry=True)
    return {event_id: seats_version(states) for event_id, states in rows}


def seats_version(states: Iterable[str]) -> int:
    """states: of every seat in their order; the first letters are enough."""
    return zlib.crc32("".join(state[0] for state in states).encode())


async def _with_types(db: Database, events: list[Event]) -> list[Event]:
    if not events:
        return []
    rows = await db.fetch_all(queries.ticket_types, {"ids": [event.id for event in events]}, retry=True)
    grouped = groupby((TicketType(*row) for row in rows), key=attrgetter("event_id"))
    types = {event_id: tuple(found) for event_id, found in grouped}
    return [replace(event, types=types.get(event.id, ())) for event in events]
