"""Live availability: what the relay says has changed is read once for everybody and goes to those who watch."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from backend.db.errors import DatabaseError
from backend.db.pool import Database
from backend.features.catalogue.memory import Clock, Freshness, Memory
from backend.features.catalogue.store import read_events, seat_versions
from backend.features.catalogue.views import availability, changes_at
from backend.web.sse import Hub

_log = logging.getLogger(__name__)

_POLL = 5.0  # a safety net for notifications that were lost, or a relay that is not running
_PAUSE = 0.1  # between two reads: what changes meanwhile is read together
_FIRST = Freshness(fresh=0.5, usable=0.9, most=1000)


@dataclass(frozen=True, slots=True)
class State:
    """data: the encoded availability of one event. version: milliseconds, later is newer."""

    data: bytes
    version: int


class AvailabilityFeed:
    """Publishes the newest state of the events that somebody watches. `run` it for as long as the process serves."""

    def __init__(self, db: Database, hub: Hub, clock: Clock = time.time) -> None:
        self._db = db
        self._hub = hub
        self._clock = clock
        self._changed: set[int] = set()
        self._told = asyncio.Event()
        self._next_change: float | None = None
        self._first: Memory[int, State | None] = Memory(self._read_first, _FIRST, clock)

    async def state(self, event_id: int) -> State | None:
        """The state now, at most a second old; None when there is no such event."""
        return self._first.ready(event_id) or await self._first.get(event_id)

    def changed(self, events: Iterable[int]) -> None:
        """Read these events soon, if anybody watches them."""
        self._changed.update(self._hub.watched.intersection(events))
        if self._changed:
            self._told.set()

    def everything_changed(self) -> None:
        self.changed(self._hub.watched)

    async def run(self) -> None:
        """Publish what is told, what changes by the clock alone, and everything now and then."""
        while True:
            if not await self._wait():
                self._changed.update(self._hub.watched)
            changed, self._changed = self._changed, set()
            self._told.clear()
            try:
                await self._publish(changed)
            except DatabaseError as error:
                _log.warning("live availability is not up to date: %s", error)
            await asyncio.sleep(_PAUSE)

    async def _wait(self) -> bool:
        """Whether somebody has told of a change before the clock makes one, or it is time to look at all."""
        wait = _POLL
        if self._next_change is not None:
            wait = max(0.0, min(wait, self._next_change - self._clock()))
        try:
            async with asyncio.timeout(wait):
                return await self._told.wait()
        except TimeoutError:
            return False

    async def _publish(self, events: Collection[int]) -> None:
        self._next_change = None
        for event_id, state in (await self._read(events)).items():
            self._hub.publish(event_id, state.data, state.version)

    async def _read_first(self, event_id: int) -> tuple[State | None, datetime | None]:
        return (await self._read([event_id])).get(event_id), None

    async def _read(self, ids: Collection[int]) -> dict[int, State]:
        if not ids:
            return {}
        # Taken before the read: whatever it finds is at least as new as its version says.
        moment = self._clock()
        now, version = datetime.fromtimestamp(moment, UTC), int(moment * 1000)
        events = await read_events(self._db, ids)
        seated = [event.id for event in events if event.seated]
        seats = await seat_versions(self._db, seated) if seated else {}
        self._remember(changes_at(events, now))
        return {
            event.id: State(orjson.dumps(availability(event, now, version, seats.get(event.id))), version)
            for event in events
        }

    def _remember(self, moment: datetime | None) -> None:
        """The next sale that opens or ends is news too."""
        if moment is not None:
            soonest = self._next_change or float("inf")
            self._next_change = min(soonest, moment.timestamp())
