"""Places, many at a time: taking them, asking after them, and saying that their holders are still there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from backend.db.arrays import array_literal, text_array_literal, uuid_array_literal
from backend.db.batches import Batcher, BatchLimits
from backend.db.pool import Database
from backend.db.queries import load_queries
from backend.domain.admissions import Place
from backend.web.client import AddressLimiter

queries = load_queries(__package__)

_TAKINGS, _MINUTE = 4, 60.0  # times as many places as an address may have, in a minute
MOST_PLACES = 500_000  # of a room whose turn has not come: nobody could be told when it will
_ASKED_AT_ONCE = BatchLimits(in_flight=1)
_SEEN_AT_ONCE = 500
_FRESH = timedelta(seconds=3)  # a place that was seen so lately need not be written again
_MOST_SEEN = 200_000  # that wait to be written: more would only mean that the database is away


@dataclass(slots=True)
class NewPlace:
    """A place that somebody asks for. address: the client's, when places per address are limited."""

    place: Place
    address: str | None


@dataclass(slots=True)
class Taken:
    """What became of it; see take_places_v1."""

    result: Literal["gathering", "waiting", "limit", "full", "none", "closed"]
    number: int | None


@dataclass(slots=True)
class Fate:
    """A place as the database has it. number: None before the draw."""

    id: UUID
    number: int | None
    admitted_at: datetime | None
    expires_at: datetime | None
    left: bool


class Places:
    """The places of all rooms.

    per_address: at most so many of one address in one room, and a few times as many taken in a minute, by this process:
    each takes a number and leaves a row, however soon it is given up. None for any number. per_room: at most so many
    that wait or were given up before their turn.
    """

    def __init__(self, database: Database, per_address: int | None, per_room: int = MOST_PLACES) -> None:
        self._database = database
        self._per_room = per_room
        self._per_address = per_address
        self._limiter = AddressLimiter(per_address * _TAKINGS / _MINUTE, burst=_MINUTE) if per_address else None
        self._seen: dict[UUID, None] = {}
        self._taking: Batcher[NewPlace, Taken] = Batcher(
            self._take, lane=lambda new: new.place.event_id, identity=lambda new: new.place.id.int
        )
        self._asking: Batcher[Place, Fate | None] = Batcher(
            self._find, lane=lambda _: 0, identity=lambda place: place.id.int, limits=_ASKED_AT_ONCE
        )
        self._leaving: Batcher[Place, None] = Batcher(
            self._leave, lane=lambda _: 0, identity=lambda place: place.id.int, limits=_ASKED_AT_ONCE
        )
        self.fate = self._asking.submit
        self.leave = self._leaving.submit

    async def take(self, place: Place, address: str) -> Taken:
        """Take it, in the order of arrival."""
        if self._limiter is not None and self._limiter.wait(address):
            return Taken("limit", None)
        return await self._taking.submit(NewPlace(place, address if self._per_address else None))

    def seen(self, place: Place) -> None:
        """Its holder has asked after it; written a moment later."""
        if len(self._seen) < _MOST_SEEN:
            self._seen[place.id] = None

    async def write_seen(self) -> None:
        """Write who has been seen since the last time."""
        ids = list(self._seen)
        self._seen.clear()
        for at in range(0, len(ids), _SEEN_AT_ONCE):
            await self._database.execute(queries.seen, {"ids": ids[at : at + _SEEN_AT_ONCE], "fresh": _FRESH})

    async def close(self) -> None:
        for batcher in (self._taking, self._leaving, self._asking):
            await batcher.close()

    async def _take(self, wanted: Sequence[NewPlace]) -> list[Taken]:
        values = {
            "id": uuid_array_literal(new.place.id for new in wanted),
            "event": array_literal(new.place.event_id for new in wanted),
            "basket": uuid_array_literal(new.place.basket_id for new in wanted),
            "address": text_array_literal(new.address for new in wanted),
            "limit": self._per_address,
            "most": self._per_room,
        }
        return [Taken(*row) for row in await self._database.fetch_all(queries.take_places, values, urgent=True)]

    async def _leave(self, places: Sequence[Place]) -> list[None]:
        await self._database.execute(queries.leave, {"ids": [place.id for place in places]}, retry=True)
        return [None] * len(places)

    async def _find(self, places: Sequence[Place]) -> list[Fate | None]:
        ids = [place.id for place in places]
        rows = await self._database.fetch_all(queries.places, {"ids": ids}, retry=True, urgent=True)
        found = {row[0]: Fate(*row) for row in rows}
        return [found.get(place_id) for place_id in ids]
