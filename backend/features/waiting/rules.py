"""When a room opens and closes, and how many it admits at a look: rules without any I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from backend.domain.offers import RoomState
from backend.features.waiting.inlet import (
    FIRST_INLET,
    LEAST_INLET,
    MOST_OUT,
    AllRooms,
    Mood,
    Vitals,
    admissions,
    cut,
    debt,
    grown,
)

_USED = 0.5  # of an inlet that has arrived at the stock, before it grows: people take a while until their hold
_TROUBLED = 2  # looks in a row, before a room opens by itself
_DEMAND, _SHARE = 5, 0.2  # requests to hold, at least so many and of all so large a share, that make an event wanted
_CALM = timedelta(seconds=60)  # before a room that has opened by itself goes away


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a room; see the query rooms_to_govern."""

    event_id: int
    mode: Literal["off", "on", "automatic"]
    published: bool
    state: RoomState
    opens_at: datetime | None
    ends_at: datetime | None
    available: int
    returning: int
    out: int
    waiting: int
    numbered: bool
    admitted_to: int
    inlet: float
    credit: float
    pace: float
    governed_at: datetime | None
    slowed_at: datetime | None
    troubled: int
    calm_since: datetime | None
    now: datetime

    @property
    def elapsed(self) -> float:
        """Seconds since it was last governed."""
        return max(0.0, (self.now - self.governed_at).total_seconds()) if self.governed_at else 0.0

    @property
    def slowed(self) -> timedelta | None:
        return self.now - self.slowed_at if self.slowed_at else None

    @property
    def over(self) -> bool:
        """Whether there is nothing to sell any more, ever."""
        return not self.published or self.ends_at is None or self.now >= self.ends_at

    @property
    def sold_out(self) -> bool:
        """Tickets in baskets may come back, so while there are any, the room waits for them."""
        return self.available <= 0 and self.returning <= 0


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a room now. most: how many are admitted at most. stalled: nobody is, for want of tickets."""

    state: RoomState
    most: int
    inlet: float
    credit: float
    stalled: bool
    troubled: int
    slowed_at: datetime | None
    calm_since: datetime | None


def together(rooms: Sequence[Facts]) -> AllRooms:
    open_ones = [room for room in rooms if room.state == "open"]
    return AllRooms(len(open_ones), sum(room.inlet for room in open_ones), sum(room.out for room in rooms))


def decide(room: Facts, now_is: Mood, vitals: Vitals, gather: timedelta, all_rooms: AllRooms) -> Decision:
    """now_is: for those who buy tickets of this event. gather: before the sale places are taken."""
    own = vitals.rates(room.event_id)
    demanded = own.arrived >= _DEMAND and own.arrived >= _SHARE * vitals.wanted
    troubled = room.troubled + 1 if now_is == "troubled" and demanded else 0
    if vitals.nothing_new:
        troubled = room.troubled  # what was in a row still is
    state = next_state(room, troubled, gather)
    calm = now_is in {"well", "tense"} and not room.waiting and not room.out
    calm_since = (room.calm_since or room.now) if calm else None
    if state != "open" or not room.numbered or room.state != "open":
        # A room that was closed for a while goes on at the rate that it had learned.
        known = room.state in {"open", "closed"} and room.inlet > 0
        first = max(LEAST_INLET, min(FIRST_INLET, FIRST_INLET / (all_rooms.open + 1)))
        inlet, slowed_at = (room.inlet, room.slowed_at) if known else (first, None)
        return Decision(
            state, 0, inlet, 0.0, stalled=False, troubled=troubled, slowed_at=slowed_at, calm_since=calm_since
        )
    most_out = room.out + max(0, MOST_OUT - all_rooms.out) // all_rooms.open
    left = min(room.available, most_out)
    most, credit = admissions(room.credit, room.inlet, room.elapsed, left=left, out=room.out)
    # Only a rate that has arrived at the stock has been tried, by buyers of this event and no other.
    inlet = room.inlet
    if now_is in {"crowded", "troubled"}:
        inlet = cut(inlet, own.answered - own.failed, room.slowed)
    elif most > 0 and own.arrived >= inlet * _USED:
        inlet = grown(inlet, now_is, room.slowed, all_rooms)
    return Decision(
        state,
        most,
        inlet,
        credit - debt(room.inlet, inlet, own.pending),
        stalled=room.available <= room.out,
        troubled=troubled,
        slowed_at=room.now if inlet < room.inlet else room.slowed_at,
        calm_since=calm_since,
    )


def next_state(room: Facts, troubled: int, gather: timedelta) -> RoomState:
    """troubled: looks in a row at which the shop was in trouble and this event wanted."""
    if room.mode == "off":
        return "none"
    if room.over or room.sold_out:
        return "none" if room.state == "none" and room.mode == "automatic" else "closed"
    match room.state:
        case "open" if room.mode == "automatic" and _is_calm(room):
            return "none"
        case "open":
            return "open"
        case "none" if room.mode == "automatic":
            return "open" if troubled >= _TROUBLED else "none"
    # Of a room that was closed, tickets have come back: those who still wait go on in their order.
    return "open" if room.mode == "automatic" else _opening(room, gather)


def _opening(room: Facts, gather: timedelta) -> RoomState:
    if room.opens_at is None or room.now >= room.opens_at:
        return "open"
    return "gathering" if room.state == "gathering" or room.now >= room.opens_at - gather else "none"


def _is_calm(room: Facts) -> bool:
    return room.calm_since is not None and room.now - room.calm_since >= _CALM
