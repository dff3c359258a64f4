"""What somebody is told who comes to a room: take a place, where it stands, leave."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from backend.domain.admissions import Admission, Place, RoomKeys
from backend.domain.errors import DomainError
from backend.domain.ids import uuid7
from backend.domain.offers import Offer, Offers
from backend.features.waiting.places import Fate, Places
from backend.features.waiting.rooms import Room, Rooms
from backend.telemetry.metrics import WaitingMetrics

State = Literal["gathering", "waiting", "admitted", "expired", "closed", "not_needed"]

SLOWEST_POLL = 15  # seconds; a place is away when it was not seen for three of them
_SOONEST_POLL = 2
_SPREAD = 5  # seconds over which those who gathered ask again after the opening
_NEXT = 3  # positions that ask again at once
_FRONT = 20  # positions for each second between two questions, when nobody can say how long it takes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands. place: None when none was taken."""

    event_id: int
    state: State
    place: Place | None = None
    position: int | None = None
    waiting: int = 0
    estimate: tuple[int, int] | None = None
    opens_at: datetime | None = None
    poll_after: int = SLOWEST_POLL
    admission: Admission | None = None

    @property
    def holds_a_place(self) -> bool:
        return self.state in {"gathering", "waiting", "admitted"}


class WaitingRooms:
    """The rooms of all events, for whoever asks over HTTP."""

    def __init__(self, rooms: Rooms, places: Places, offers: Offers, keys: RoomKeys, metrics: WaitingMetrics) -> None:
        self.rooms = rooms
        self.places = places
        self.keys = keys
        self._offers = offers
        self._metrics = metrics

    async def take(self, event_id: int, address: str) -> Standing:
        """A new place at the end of the line. DomainError for an unknown event, and beyond the limit of an address."""
        offer = await self._offer(event_id)
        if offer.room in {None, "none"}:
            return Standing(event_id, "not_needed", opens_at=_opens_at(offer))
        place = Place(event_id, uuid7())
        taken = await self.places.take(place, address)
        self._metrics.places.labels(_RESULTS[taken.result]).inc()
        match taken.result:
            case "limit":
                raise DomainError("too-many-places", "This address has as many places as it may have.")
            case "full":
                raise DomainError("room-full", "More wait than could be served soon. Come again in some minutes.")
            case "none" if offer.room != "none" and _opens_at(offer) is None:
                raise DomainError("unavailable", "The waiting room is about to open.")
            case "none":
                return Standing(event_id, "not_needed", opens_at=_opens_at(offer))
            case "closed":
                return Standing(event_id, "closed")
        place = Place(event_id, place.id, taken.number or 0)
        return self._waiting(place, self.rooms.of(event_id), offer)

    async def standing(self, place: Place) -> Standing:
        """Where it stands now; from memory, unless it may have been admitted."""
        offer = await self._offer(place.event_id)
        if offer.room in {None, "none"}:
            return Standing(place.event_id, "not_needed", opens_at=_opens_at(offer))
        room = self.rooms.of(place.event_id)
        self.places.seen(place)
        drawn = room is not None and room.state != "gathering" and room.numbered
        if room is None or (drawn and (not place.number or room.may_be_admitted(place.number))):
            fate = await self.places.fate(place)
            if fate is None or fate.left or fate.admitted_at is not None:
                return self._fated(place, fate, offer)
            place = Place(place.event_id, place.id, fate.number or 0)
        if offer.room == "closed":
            return Standing(place.event_id, "closed", place, waiting=room.waiting if room else 0)
        return self._waiting(place, room, offer)

    async def leave(self, place: Place) -> None:
        """Give the place up."""
        await self.places.leave(place)
        self._metrics.places.labels("left").inc()

    async def _offer(self, event_id: int) -> Offer:
        offer = self._offers.cached(event_id) or await self._offers.offer(event_id)
        if offer is None:
            raise DomainError("not-found", "There is no such event.")
        return offer

    def _fated(self, place: Place, fate: Fate | None, offer: Offer) -> Standing:
        """Of a place that has been admitted or has gone."""
        now = datetime.now(UTC)
        if fate is None or fate.left or fate.expires_at is None or fate.expires_at <= now:
            return Standing(place.event_id, "closed" if offer.room == "closed" else "expired", place)
        place = Place(place.event_id, place.id, fate.number or 0)
        admission = Admission(place, math.floor(fate.expires_at.timestamp()))
        return Standing(place.event_id, "admitted", place, admission=admission)

    def _waiting(self, place: Place, room: Room | None, offer: Offer) -> Standing:
        opens_at = _opens_at(offer)
        waiting = room.waiting if room else 0
        if not place.number:
            return Standing(
                place.event_id, "gathering", place, waiting=max(1, waiting), opens_at=opens_at,
                poll_after=_poll_before_opening(place, opens_at),
            )  # fmt: skip
        # A room that has just opened may not have been read yet.
        position = room.position(place.number) if room else place.number
        estimate = room.estimate(position) if room else None
        return Standing(
            place.event_id, "waiting", place, position, max(waiting, position), estimate, opens_at,
            _poll_while_waiting(place, position, estimate),
        )  # fmt: skip


_RESULTS = {
    "gathering": "taken",
    "waiting": "taken",
    "limit": "limited",
    "full": "limited",
    "none": "not_needed",
    "closed": "closed",
}


def _opens_at(offer: Offer) -> datetime | None:
    """When the first tickets go on sale, as long as that is to come."""
    first = min((each.on_sale_at for each in offer.types), default=None)
    return first if first is not None and first > datetime.now(UTC) else None


def _poll_before_opening(place: Place, opens_at: datetime | None) -> int:
    """Not all in the very second of the opening: each has their own moment in the seconds after it."""
    if opens_at is None:
        return _SOONEST_POLL
    left = (opens_at - datetime.now(UTC)).total_seconds()
    return min(SLOWEST_POLL, max(1, math.ceil(left) + 1 + place.id.int % _SPREAD))


def _poll_while_waiting(place: Place, position: int, estimate: tuple[int, int] | None) -> int:
    """Often enough to hear of an admission soon; neighbours in different seconds, so that no wave builds up."""
    if position <= _NEXT:
        return 1
    soonest = math.floor(estimate[0] / 4 if estimate else position / _FRONT)
    return min(SLOWEST_POLL, max(_SOONEST_POLL, soonest) + place.number % 2)
