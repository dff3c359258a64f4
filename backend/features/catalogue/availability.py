"""Live availability: what the relay says has changed is read once for everybody and goes to those who watch."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from backend.db.errors import DatabaseError
from backend.db.pool import Database
from backend.features.catalogue.store import read_events, seat_versions
from backend.features.catalogue.views import availability, changes_at
from backend.memory import Clock, Freshness, Memory
from backend.web.sse import Hub

_log = logging.getLogger(__name__)

_POLL = 5.0  # a safety net for notifications that were lost, or a relay that is not running
_PAUSE = 0.1  # between two reads: what changes meanwhile is read together
_FIRST = Freshness(fresh=0.5, usable=0.9, most=1000)


@dataclass(frozen=True, slots=True)
class State:
    """data: the encoded availability of one event. version: milliseconds, later is newer.

    changes_at: when the clock alone makes it another one.
    """

    data: bytes
    version: int
    changes_at: datetime | None


class AvailabilityFeed:
    """Publishes the newest state of the events that somebody watches. `run` it for as long as the process serves."""

    def __init__(self, db: Database, hub: Hub, clock: Clock = time.time) -> None:
        self._db = db
        self._hub = hub
        self._clock = clock
        self._changed: set[int] = set()
        self._told = asyncio.Event()
        self._alarms: dict[int, float] = {}  # by event, when a sale opens or ends next
        self._first: Memory[int, State | None] = Memory(self._read_first, _FIRST, clock)

    async def state(self, event_id: int) -> State | None:
        """The state now, at most a second old; None when there is no such event."""
        return self._first.ready(event_id) or await self._first.get(event_id)

    def changed(self, events: Iterable[int]) -> None:
        """Read these events soon, if anybody watches them."""
        self._changed.update(events)
        self._told.set()

    def everything_changed(self) -> None:
        self.changed(self._hub.watched)

    async def run(self) -> None:
        """Publish what is told, what changes by the clock alone, and everything now and then."""
        loop = asyncio.get_running_loop()
        everything_at = loop.time() + _POLL
        while True:
            await self._wait(everything_at - loop.time())
            if loop.time() >= everything_at:
                everything_at = loop.time() + _POLL
                self.everything_changed()
            changed = self._hub.watched & (self._changed | self._due())
            self._changed.clear()
            self._told.clear()
            try:
                for event_id, state in (await self._read(changed)).items():
                    self._hub.publish(event_id, state.data, state.version)
            except DatabaseError as error:
                _log.warning("live availability is not up to date: %s", error)
            await asyncio.sleep(_PAUSE)

    async def _wait(self, longest: float) -> None:
        """Until somebody tells of a change or the clock makes one."""
        now = self._clock()
        wait = min([longest, *(at - now for at in self._alarms.values())])
        with suppress(TimeoutError):
            async with asyncio.timeout(max(wait, 0)):
                await self._told.wait()

    def _due(self) -> set[int]:
        """The events whose alarm has gone off; it is set anew when they are read."""
        now = self._clock()
        due = {event_id for event_id, at in self._alarms.items() if at <= now}
        for event_id in due:
            del self._alarms[event_id]
        return due

    async def _read_first(self, event_id: int) -> tuple[State | None, datetime | None]:
        state = (await self._read([event_id])).get(event_id)
        self._told.set()  # there may be a new alarm
        return state, state.changes_at if state else None

    async def _read(self, ids: Collection[int]) -> dict[int, State]:
        if not ids:
            return {}
        # Taken before the read: whatever it finds is at least as new as its version says.
        moment = self._clock()
        now, version = datetime.fromtimestamp(moment, UTC), int(moment * 1000)
        events = await read_events(self._db, ids)
        seated = [event.id for event in events if event.seated]
        seats = await seat_versions(self._db, seated) if seated else {}
        states = {}
        for event in events:
            data = orjson.dumps(availability(event, now, version, seats.get(event.id)))
            states[event.id] = State(data, version, changes_at([event], now))
        self._set_alarms(states)
        return states

    def _set_alarms(self, states: Mapping[int, State]) -> None:
        for event_id, state in states.items():
            if state.changes_at is not None:
                self._alarms[event_id] = state.changes_at.timestamp()
