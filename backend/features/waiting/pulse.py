"""What this process meets from second to second, written down for the governor of the waiting rooms."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass

from backend.db.errors import DatabaseError
from backend.db.pool import Database
from backend.domain.ids import uuid7
from backend.features.waiting.places import Places, queries
from backend.features.waiting.rooms import Rooms
from backend.memory import Clock
from backend.messaging.loops import every
from backend.telemetry.metrics import Metrics

EVERY = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class _Read:
    """The process's counters at one moment."""

    at: float
    shed: float
    busy: float


class Pulse:
    def __init__(self, database: Database, metrics: Metrics, clock: Clock = time.monotonic) -> None:
        self._database = database
        self._metrics = metrics
        self._clock = clock
        self._process = uuid7()
        self._last = self._read()

    async def write(self) -> None:
        """Write what has happened since the last time."""
        last, now = self._last, self._read()
        self._last = now
        values = {
            "process": self._process,
            "shed": int(now.shed - last.shed),
            "busy": (now.busy - last.busy) / max(1e-3, now.at - last.at),
            "tallies": {str(event): asdict(tally) for event, tally in self._metrics.stock.read().items()},
        }
        await self._database.fetch_all(queries.pulse, values, urgent=True)

    def pass_over(self) -> None:
        """What has happened until now is not told."""
        self._last = self._read()
        self._metrics.stock.read()

    async def stop(self) -> None:
        """This process says nothing more, which is not to be taken for silence."""
        with suppress(DatabaseError):
            await self._database.execute(queries.stop_pulse, {"process": self._process})

    def _read(self) -> _Read:
        return _Read(self._clock(), self._metrics.http.shed.value, self._metrics.pool.busy_share_seconds())


async def keep_up(rooms: Rooms, places: Places, pulse: Pulse) -> None:
    """Once a second: read the rooms, and while there are any, write how things go and who was seen. Until cancelled."""

    async def once() -> None:
        await rooms.refresh()
        if len(rooms):
            await pulse.write()
            await places.write_seen()
        else:
            pulse.pass_over()  # so that the first word is of a second and not of all that was before

    await every(EVERY, once, "keeping up with the waiting rooms")
