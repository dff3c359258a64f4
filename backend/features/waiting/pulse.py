"""What this process meets from second to second, written down for the governor of the waiting rooms."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from backend.db.errors import DatabaseError
from backend.db.pool import Database
from backend.domain.ids import uuid7
from backend.features.waiting.gate import Gate
from backend.features.waiting.places import Places, queries
from backend.features.waiting.rooms import Rooms
from backend.memory import Clock
from backend.messaging.loops import every
from backend.telemetry.metrics import Metrics

EVERY = 1.0  # seconds
_JOURNEY = "book"
_AT_EASE = 0.25  # of what the promise allows: a shop that takes longer serves well, but more would be too many


@dataclass(frozen=True, slots=True)
class _Read:
    """The process's counters at one moment."""

    at: float
    answered: float
    fast: float
    at_ease: float
    failed: float
    shed: float
    busy: float


class Pulse:
    """under: seconds within which the promise wants requests answered."""

    def __init__(
        self, database: Database, metrics: Metrics, gate: Gate, under: float, clock: Clock = time.monotonic
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._gate = gate
        self._under = under
        self._clock = clock
        self._process = uuid7()
        self._last = self._read()

    async def write(self) -> None:
        """Write what has happened since the last time."""
        last, now = self._last, self._read()
        self._last = now
        arrivals, self._gate.arrivals = self._gate.arrivals, type(self._gate.arrivals)()
        answered = now.answered - last.answered
        late, slow = answered - (now.fast - last.fast), answered - (now.at_ease - last.at_ease)
        # Who is turned away by the room says nothing about how buying goes, however long it took.
        turned_away = self._metrics.http.turned_away
        away = [turned_away.popleft() for _ in range(len(turned_away))]
        values = {
            "process": self._process,
            "answered": max(0, int(answered) - len(away)),
            "late": max(0, int(late) - sum(each > self._under for each in away)),
            "slow": max(0, int(slow) - sum(each > self._under * _AT_EASE for each in away)),
            "failed": int(now.failed - last.failed),
            "shed": int(now.shed - last.shed),
            "busy": (now.busy - last.busy) / max(1e-3, now.at - last.at),
            "arrivals": {str(event): count for event, count in arrivals.items()},
        }
        await self._database.fetch_all(queries.pulse, values, urgent=True)

    async def stop(self) -> None:
        """This process says nothing more, which is not to be taken for silence."""
        with suppress(DatabaseError):
            await self._database.execute(queries.stop_pulse, {"process": self._process})

    def _read(self) -> _Read:
        http, pool = self._metrics.http, self._metrics.pool
        answered, failed = http.answered(_JOURNEY)
        return _Read(
            at=self._clock(),
            answered=answered,
            fast=http.answered_within(_JOURNEY, self._under),
            at_ease=http.answered_within(_JOURNEY, self._under * _AT_EASE),
            failed=failed,
            shed=http.shed.value,
            busy=pool.busy_share_seconds(),
        )


async def keep_up(rooms: Rooms, places: Places, pulse: Pulse) -> None:
    """Once a second: read the rooms, and while there are any, write how things go and who was seen. Until cancelled."""

    async def once() -> None:
        await rooms.refresh()
        if len(rooms):
            await pulse.write()
            await places.write_seen()

    await every(EVERY, once, "keeping up with the waiting rooms")
