"""The rooms as a serving process knows them: read once a second, and asked by everybody who waits."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime

from backend.db.pool import Database
from backend.domain.offers import RoomState
from backend.features.waiting.places import queries

_SURER, _SLOWER = 1.5, 2.0  # an estimate reaches from so many times the pace to so many times slower
_SLOWEST = 0.05  # admissions a second, below which nobody can say when


@dataclass(frozen=True, slots=True)
class Room:
    """What the governor last wrote of a room; see the table. position and estimate follow from it."""

    event_id: int
    state: RoomState
    numbered: bool
    opens_at: datetime | None
    next_number: int
    admitted_to: int
    inlet: float
    pace: float
    stalled: bool
    waiting: int
    gone: list[int]

    def position(self, number: int) -> int:
        """1 is next. Whoever was away when their turn came is next again.

        Only the first of those who are gone are known by number; but nobody stands behind more than wait at all.
        """
        ahead = number - self.admitted_to - bisect_left(self.gone, number)
        waiting = self.waiting + max(0, number + 1 - self.next_number)  # with those who came after this was read
        return max(1, min(ahead, waiting))

    def may_be_admitted(self, number: int) -> bool:
        """Whether the database has to be asked; of all others it is known that they wait."""
        if number <= self.admitted_to:
            return True
        at = bisect_left(self.gone, number)
        return at < len(self.gone) and self.gone[at] == number

    def estimate(self, position: int) -> tuple[int, int] | None:
        """Seconds until the admission, from and to; None while nobody is admitted."""
        pace = max(self.inlet, self.pace)
        if self.state != "open" or self.stalled or pace < _SLOWEST:
            return None
        slow = max(_SLOWEST, min(self.pace or self.inlet, self.inlet)) / _SLOWER
        return math.floor(position / (pace * _SURER)), math.ceil(position / slow) + 2


class Rooms:
    """The rooms of this moment, by event."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rooms: dict[int, Room] = {}

    def __len__(self) -> int:
        return len(self._rooms)

    def of(self, event_id: int) -> Room | None:
        return self._rooms.get(event_id)

    async def refresh(self) -> None:
        """Read them anew; while the database is away, those that were known stay."""
        rows = await self._database.fetch_all(queries.rooms, retry=True, urgent=True)
        self._rooms = {row[0]: Room(*row) for row in rows}
