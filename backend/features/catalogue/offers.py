"""The catalogue's answer to whoever sells: what an event offers, from memory wherever possible."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from backend.db.batches import Batcher
from backend.db.pool import Database, Row
from backend.domain.baskets import SeatLabel
from backend.domain.offers import Offer, SeatOffer, TicketOffer
from backend.features.catalogue.store import queries
from backend.memory import Clock, Freshness, Memory

# Changes are announced, so this only bounds what a lost announcement can do. Half a minute, because the database has
# the last word on price, time and stock; five seconds where it has not: while people wait, what was not for sale, and
# before the first sale, as that is when rooms are switched on. One that is switched on later may be missed for longer.
# What is in demand is read anew before that, while nobody waits for it. Some 2 kB each.
_FRESHNESS = Freshness(fresh=20.0, usable=30.0, most=20_000)
_FIVE_SECONDS = timedelta(seconds=5)
_HALLS = Freshness(fresh=60.0, usable=60.0, most=200)


class EventOffers:
    """Offers by event.

    Those that many customers want at once are read together: in a shop of thousands of events hardly anybody asks for
    one that was read a moment before, and a statement each would cost more than the holds themselves.
    """

    def __init__(self, db: Database, clock: Clock = time.time) -> None:
        self._db = db
        self._clock = clock
        self._offers: Memory[int, Offer | None] = Memory(self._read, _FRESHNESS, clock)
        # One lane for all: a statement that took too long is not sent again for each event.
        self._reads: Batcher[int, Offer | None] = Batcher(
            self._read_together, lane=lambda _: None, identity=lambda event_id: event_id
        )
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
        asked_at = datetime.fromtimestamp(self._clock(), UTC)
        offer = await self._reads.submit(event_id)
        soon = offer is None or offer.room or all(each.on_sale_at > asked_at for each in offer.types)
        return offer, asked_at + _FIVE_SECONDS if soon else None

    async def _read_together(self, event_ids: Sequence[int]) -> list[Offer | None]:
        rows = await self._db.fetch_all(queries.offers, {"ids": list(event_ids)}, retry=True, urgent=True)
        found = {offer.event_id: offer for offer in _offers(rows)}
        return [found.get(event_id) for event_id in event_ids]

    async def _read_hall(self, event_id: int) -> tuple[Mapping[int, SeatOffer], datetime | None]:
        rows = await self._db.fetch_all(queries.seats_of_hall, {"event": event_id}, retry=True)
        return {seat: SeatOffer(type_id, SeatLabel(seat, row, number)) for seat, type_id, row, number in rows}, None


def _offers(rows: Sequence[Row]) -> Iterator[Offer]:
    """From rows of the query offers; an event without a ticket type has one row, whose terms are null."""
    for _, group in groupby(rows, key=itemgetter(0)):
        of_event = list(group)
        event_id, name, starts_at, timezone, venue, currency, refundable_until, fee_bp, room = of_event[0][:9]
        types = tuple(TicketOffer(*row[9:]) for row in of_event if row[9] is not None)
        yield Offer(event_id, name, starts_at, timezone, venue, currency, refundable_until, fee_bp / 100, types, room)
