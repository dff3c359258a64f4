"""How many are admitted, and when a room opens and closes: rules without any I/O.

The inlet follows the shop's own measurements as TCP follows lost packets: it grows while all is well, faster before it
has met its first trouble, and is halved when the promise is about to be broken.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from backend.domain.offers import RoomState

Mood = Literal["well", "strained", "troubled"]

FIRST_INLET, LEAST_INLET, MOST_INLET = 20.0, 1.0, 2000.0  # admissions a second, the first and the last of all rooms
_STEP = 5.0  # added in a second, to all rooms
_USED = 0.5  # of an inlet that has arrived at the stock, before it grows: people take a while until their hold
_RAMP = 1.15  # times in a second, before the first trouble
_CUT = 0.5
_PATIENCE = timedelta(seconds=3)  # after a cut, until it can show: who was admitted before is still buying
MOST_OUT = 2000  # admissions that nobody has used yet: one process serves as many in a second, should all come at once
_BURST = 1.5  # seconds of the inlet that may be made up for after a pause
_SETTLE = 15.0  # seconds over which the pace is averaged
_STRAIN = 0.75  # of what the pool may be busy
_TROUBLED = 2  # looks in a row, before a room opens by itself
_DEMAND, _SHARE = 5, 0.2  # requests to hold, at least so many and of all so large a share, that make an event wanted
_CALM = timedelta(seconds=60)  # before a room that has opened by itself goes away


@dataclass(frozen=True, slots=True)
class Objectives:
    """Of the promise. late, failed: shares of requests that may be. busy: share of time of the pool's connections."""

    late: float
    failed: float
    busy: float


@dataclass(frozen=True, slots=True)
class AllRooms:
    """What they have together, as they share one shop. open: how many are. inlet: admissions a second. out: unused."""

    open: int
    inlet: float
    out: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """What the serving processes have told since the last look; see the table pulse. busy: of the busiest.

    processes: those that have reported. quiet: those that have nothing new to tell yet. silent: those that should have.
    """

    processes: int
    quiet: int
    silent: int
    answered: int
    late: int
    slow: int
    failed: int
    shed: int
    busy: float


def mood(vitals: Vitals, objectives: Objectives) -> Mood:
    """troubled: the promise is being broken. strained: it would be soon, so nobody should add to it."""
    if vitals.busy > objectives.busy or (vitals.silent and not vitals.processes and not vitals.quiet):
        return "troubled"
    if _too_many(vitals.late, vitals, objectives.late) or _too_many(vitals.failed, vitals, objectives.failed):
        return "troubled"
    slow = _too_many(vitals.slow, vitals, objectives.late)
    # Requests of buying that were shed are among those that failed; of others anybody can send too many.
    unknown = vitals.silent or (vitals.quiet and not vitals.processes)
    if slow or unknown or vitals.shed or vitals.busy > objectives.busy * _STRAIN:
        return "strained"
    return "well"


def _too_many(part: int, vitals: Vitals, share: float) -> bool:
    """One alone may be chance."""
    return part >= 2 and vitals.answered > 0 and part > share * vitals.answered


def next_inlet(
    inlet: float, now_is: Mood, *, used: bool, slowed: timedelta | None, all_rooms: AllRooms | None = None
) -> float:
    """used: whether the last second's was needed. slowed: how long ago it was cut, None if never."""
    all_rooms = all_rooms or AllRooms(1, inlet, 0)
    if now_is == "troubled":
        waits = slowed is not None and slowed < _PATIENCE
        return inlet if waits else max(LEAST_INLET, inlet * _CUT)
    if now_is == "strained" or not used:
        return inlet
    grown = inlet * _RAMP if slowed is None else inlet + _STEP / all_rooms.open
    return max(inlet, min(grown, MOST_INLET - (all_rooms.inlet - inlet)))


def admissions(credit: float, inlet: float, elapsed: float, *, left: int, out: int) -> tuple[int, float]:
    """How many to admit now, and the credit that remains.

    elapsed: seconds since the last time. left: tickets. out: admissions that nobody has used yet, of which there are
    never more than tickets.
    """
    credit = min(credit + inlet * elapsed, inlet * _BURST + 1)
    most = math.floor(credit)
    allowed = max(0, min(most, left - out, MOST_OUT - out))
    return allowed, credit - allowed


def next_pace(pace: float, admitted: int, elapsed: float) -> float:
    """Admissions a second, averaged over the last ones."""
    weight = min(1.0, elapsed / _SETTLE)
    return pace + (admitted / max(elapsed, 1e-3) - pace) * weight


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


def decide(  # noqa: PLR0913 - all that a decision follows from
    room: Facts, now_is: Mood, vitals: Vitals, wanted: int, gather: timedelta, *, all_rooms: AllRooms | None = None
) -> Decision:
    """wanted: requests for tickets of this event that reached the stock. gather: before the sale places are taken."""
    all_rooms = all_rooms or together([room])
    demanded = wanted >= _DEMAND and wanted >= _SHARE * vitals.answered
    troubled = room.troubled + 1 if now_is == "troubled" and demanded else 0
    if vitals.quiet and not vitals.processes:
        troubled = room.troubled  # nothing new: what was in a row still is
    state = next_state(room, troubled, gather)
    calm = now_is == "well" and not room.waiting and not room.out
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
    used = most > 0 and wanted >= room.inlet * _USED
    inlet = next_inlet(room.inlet, now_is, used=used, slowed=room.slowed, all_rooms=all_rooms)
    return Decision(
        state,
        most,
        inlet,
        credit,
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
