"""Governs the waiting rooms: one worker at a time opens and closes them, and decides who is admitted."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import orjson

from backend.db.errors import DatabaseError
from backend.db.pool import Database
from backend.domain.ids import uuid7
from backend.domain.offers import RoomState
from backend.features.waiting import inlet as inlets
from backend.features.waiting import rules
from backend.features.waiting.heard import Heard, Said
from backend.features.waiting.inlet import Objectives
from backend.features.waiting.places import queries
from backend.features.waiting.rules import Decision, Facts
from backend.features.waiting.waiting import SLOWEST_POLL
from backend.telemetry.metrics import WaitingMetrics

_log = logging.getLogger(__name__)

GOVERN_SECONDS: Final = 1.0
_LEASE = timedelta(seconds=3)
AWAY: Final = timedelta(seconds=3 * SLOWEST_POLL)
_LOST = timedelta(minutes=10)
_GAP = SLOWEST_POLL  # seconds without a governor, after which nobody knows who is still there
_PAGE, _GONE, _MOST = 1000, 5000, 1000
_FRONT = 5000  # that may be next: more than are ever admitted at a look
# Seconds of a look for what grows with the number of places; what is not done by then waits for the next look.
_LONG, _SWEEP = 0.4, 0.2
_FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Terms:
    """gather: how long before a sale places are taken. lasts: an admission. away: who is unseen for so long."""

    gather: timedelta
    lasts: timedelta
    away: timedelta = AWAY


class Governor:
    """One of those who may govern: whoever holds the lease does."""

    def __init__(self, database: Database, metrics: WaitingMetrics, objectives: Objectives, terms: Terms) -> None:
        self._database = database
        self._metrics = metrics
        self._objectives = objectives
        self._terms = terms
        self._me = uuid7()
        self._looked_to = _FIRST_ID
        self._ends = 0.0
        self._heard = Heard()
        self._paused_until: dict[int, datetime] = {}

    async def govern(self) -> None:
        """Look at every room once; nothing while another worker does."""
        if not await self._database.fetch_value(queries.lead, {"me": self._me, "lease": _LEASE}):
            self._metrics.waiting.forget()
            self._metrics.inlet.forget()
            return
        await self._database.execute(queries.set_up_rooms)
        rooms = [Facts(*row) for row in await self._database.fetch_all(queries.rooms_to_govern)]
        waiting, inlet = 0, 0.0
        if rooms:
            try:
                await self._mark_away(rooms)
            except DatabaseError:
                _log.exception("who is away could not be found out")
            self._ends = time.monotonic() + _LONG
            words = [Said(*row) for row in await self._database.fetch_all(queries.pulses)]
            vitals = self._heard.listen(words)
            all_rooms = rules.together(rooms)
            for room in rooms:
                now_is = inlets.mood(vitals, room.event_id, self._objectives)
                decision = rules.decide(room, now_is, vitals, self._terms.gather, all_rooms)
                waiting += await self._govern_room(room, decision)
                inlet += decision.inlet if decision.state == "open" else 0.0
        self._metrics.waiting.set(waiting)
        self._metrics.inlet.set(inlet)

    async def stop(self) -> None:
        """Leave it to the next worker at once."""
        with suppress(DatabaseError):
            await self._database.execute(queries.step_down, {"me": self._me})

    async def _govern_room(self, room: Facts, decision: Decision) -> int:
        """How many wait for it. What goes wrong with one room is not to stop the others."""
        try:
            if decision.most and not self._is_paused(room):
                await self._mark_away_in_front(room)
            await self._carry_out(room, decision)
            return await self._look_after(room, decision.state)
        except DatabaseError:
            _log.exception("the waiting room of event %s could not be governed", room.event_id)
            return room.waiting

    async def _carry_out(self, room: Facts, decision: Decision) -> None:
        """All of it or nothing, and nothing when somebody else has governed the room meanwhile."""
        event = {"event": room.event_id}
        admitted: list[tuple[int, float]] = []
        async with self._database.transaction() as tx:
            if not await tx.fetch_value(queries.lock_room, {**event, "governed_at": room.governed_at}):
                return
            if decision.state == "open" and room.state != "open":
                await tx.execute(queries.open_room, event)
            if decision.most and not self._is_paused(room):
                values = {**event, "most": decision.most, "lasts": self._terms.lasts, "away": self._terms.away}
                values["front"] = _FRONT
                admitted = await tx.fetch_all(queries.admit, values)
            await tx.execute(queries.keep_room, {**event, **_kept(room, decision, [number for number, _ in admitted])})
            if decision.state != room.state:
                await tx.execute(queries.tell_of_room, {"events": orjson.dumps([room.event_id]).decode()})
        self._metrics.admitted.inc(len(admitted))
        for _, waited in admitted:
            self._metrics.waited.observe(waited)
        if decision.state != room.state:
            _log.info("the waiting room of event %s is now: %s", room.event_id, decision.state)

    def _is_paused(self, room: Facts) -> bool:
        """After a time without a governor, or without a database, nobody is away until they had time to ask again."""
        if room.elapsed > _GAP:
            self._paused_until[room.event_id] = room.now + timedelta(seconds=SLOWEST_POLL)
        return room.now < self._paused_until.get(room.event_id, room.now)

    async def _look_after(self, room: Facts, state: RoomState) -> int:
        """Draw, see which admissions were used, give up who is lost; answers how many wait."""
        if state == "none":
            return 0
        event = {"event": room.event_id}
        if state == "open" and (room.state != "open" or not room.numbered):
            while not await self._database.fetch_value(queries.draw, {**event, "most": _PAGE}) and self._has_time:
                pass
        await self._database.execute(queries.use_admissions, event)
        if not self._is_paused(room):
            await self._give_up_lost_places(room)
        return int(await self._database.fetch_value(queries.count_waiting, {**event, "most": _GONE}))

    @property
    def _has_time(self) -> bool:
        return time.monotonic() < self._ends

    async def _mark_away_in_front(self, room: Facts) -> None:
        """Until somebody is there, so that an admission need not look past all who are away."""
        values = {"event": room.event_id, "away": self._terms.away, "most": _PAGE}
        while True:
            ((looked, away),) = await self._database.fetch_all(queries.mark_away_in_front, values)
            if away < looked or looked < _PAGE or not self._has_time:
                return

    async def _mark_away(self, rooms: Sequence[Facts]) -> None:
        """Go on through all places from where the last look has ended, to count only those whose holders are there."""
        events = [room.event_id for room in rooms if not self._is_paused(room)]
        values = {"events": events, "away": self._terms.away, "most": _PAGE}
        self._ends = time.monotonic() + _SWEEP
        while True:
            found = await self._database.fetch_all(queries.mark_away, {**values, "after": self._looked_to})
            self._looked_to = found[0][0] if found else _FIRST_ID
            if not found or not self._has_time:
                return

    async def _give_up_lost_places(self, room: Facts) -> None:
        values = {"event": room.event_id, "lost": _LOST, "most": _PAGE}
        while await self._database.execute(queries.give_up_lost_places, values) >= _PAGE and self._has_time:
            pass


def _kept(room: Facts, decision: Decision, admitted: Sequence[int]) -> dict[str, object]:
    """The columns of keep_room."""
    return {
        "state": decision.state,
        "opens_at": room.opens_at,
        "inlet": decision.inlet,
        "credit": decision.credit + decision.most - len(admitted),
        "admitted": len(admitted),
        "pace": inlets.next_pace(room.pace, len(admitted), room.elapsed),
        "stalled": decision.stalled,
        "admitted_to": max(admitted, default=0),
        "slowed_at": decision.slowed_at,
        "troubled": decision.troubled,
        "calm_since": decision.calm_since,
    }


async def forget_places(database: Database) -> None:
    """Delete places that were left or whose events are over, addresses that no longer count, and old pulses."""
    for query in (queries.forget_places, queries.forget_left_places, queries.forget_addresses):
        while await database.execute(query, {"most": _MOST}) >= _MOST:
            pass
    await database.execute(queries.forget_pulses)
