"""Governs the waiting rooms: one worker at a time opens and closes them, and decides who is admitted."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import orjson

from backend.db.errors import DatabaseError, QueryTimeout
from backend.db.pool import Database
from backend.domain.ids import uuid7
from backend.domain.offers import RoomState
from backend.features.waiting import rules
from backend.features.waiting.places import queries
from backend.features.waiting.rules import Decision, Facts, Objectives, Vitals
from backend.features.waiting.waiting import SLOWEST_POLL
from backend.telemetry.metrics import WaitingMetrics

_log = logging.getLogger(__name__)

GOVERN_SECONDS: Final = 1.0
_LEASE = timedelta(seconds=3)
AWAY: Final = timedelta(seconds=3 * SLOWEST_POLL)
_LOST = timedelta(minutes=10)
_GAP = SLOWEST_POLL  # seconds without a governor, after which nobody knows who is still there
_DRAW, _GONE, _MOST = 1000, 5000, 1000
_MANY = 20_000  # that wait: to count them takes a while, so it is done less often
_NEVER = datetime.min.replace(tzinfo=UTC)
_SELDOM, _SWEEP = timedelta(seconds=5), timedelta(seconds=30)


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
        self._counted: dict[int, datetime] = {}
        self._swept: dict[int, datetime] = {}
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
            (pulses,) = await self._database.fetch_all(queries.pulses)
            vitals = Vitals(*pulses)
            arrivals: dict[int, int] = dict(await self._database.fetch_all(queries.arrivals))
            now_is = rules.mood(vitals, self._objectives)
            for room in rooms:
                decision = rules.decide(room, now_is, vitals, arrivals.get(room.event_id, 0), self._terms.gather)
                await self._carry_out(room, decision)
                waiting += await self._look_after(room, decision.state)
                inlet += decision.inlet if decision.state == "open" else 0.0
        self._metrics.waiting.set(waiting)
        self._metrics.inlet.set(inlet)

    async def stop(self) -> None:
        """Leave it to the next worker at once."""
        with suppress(DatabaseError):
            await self._database.execute(queries.step_down, {"me": self._me})

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
        """Draw, see which admissions were used, count who waits; answers how many do."""
        if state == "none":
            return 0
        event = {"event": room.event_id}
        if state == "open" and (room.state != "open" or not room.numbered):
            while not await self._database.fetch_value(queries.draw, {**event, "most": _DRAW}):
                pass
        await self._database.execute(queries.use_admissions, event)
        try:
            return await self._count(room)
        except QueryTimeout:
            _log.warning("too many wait for event %s to be counted in time", room.event_id)
            return room.waiting

    async def _count(self, room: Facts) -> int:
        """How many wait, having given up the places that nobody has asked after for long."""
        if room.waiting > _MANY and room.now - self._counted.get(room.event_id, _NEVER) < _SELDOM:
            return room.waiting
        self._counted[room.event_id] = room.now
        event = {"event": room.event_id}
        if room.now - self._swept.get(room.event_id, _NEVER) >= _SWEEP and not self._is_paused(room):
            self._swept[room.event_id] = room.now
            await self._database.execute(queries.give_up_lost_places, {**event, "lost": _LOST})
        values = {**event, "away": self._terms.away, "most": _GONE}
        return int(await self._database.fetch_value(queries.count_waiting, values))


def _kept(room: Facts, decision: Decision, admitted: Sequence[int]) -> dict[str, object]:
    """The columns of keep_room."""
    return {
        "state": decision.state,
        "opens_at": room.opens_at,
        "inlet": decision.inlet,
        "credit": decision.credit + decision.most - len(admitted),
        "pace": rules.next_pace(room.pace, len(admitted), room.elapsed),
        "stalled": decision.stalled,
        "admitted_to": max(admitted, default=0),
        "slowed_at": decision.slowed_at,
        "troubled": decision.troubled,
        "calm_since": decision.calm_since,
    }


async def forget_places(database: Database) -> None:
    """Delete places of events that are over, addresses that no longer count, and what ended processes have said."""
    for query in (queries.forget_places, queries.forget_addresses):
        while await database.execute(query, {"most": _MOST}) >= _MOST:
            pass
    await database.execute(queries.forget_pulses)
