"""How many a room admits in a second: from what the shop measures of itself, without any I/O.

The inlet follows the measurements as TCP follows lost packets: it grows while all is well, faster before it has met its
first trouble, and is cut to about what is carried when the promise is about to be broken.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from backend.telemetry.stock import CHECKOUTS, Tally

Mood = Literal["well", "tense", "strained", "crowded", "troubled"]

FIRST_INLET, LEAST_INLET, MOST_INLET = 20.0, 1.0, 2000.0  # admissions a second, the first and the last of all rooms
MOST_OUT: Final = 2000  # admissions that nobody has used yet: one process serves as many in a second, all at once
_RAMP = 0.1  # of the inlet, added in a second while nothing has been in the way yet
_STEP, _LEAST_STEP, _MOST_STEP = 0.03, 0.5, 5.0  # likewise after a cut; in admissions, those of all rooms
_TENSE_STEP = 0.02  # of the inlet, while it is nearly enough
_LEAST_LEFT, _MOST_LEFT = 0.5, 0.8  # of the inlet, by one cut
_CARRIED = 0.8  # of what was carried while too much came
_LAG = 2.0  # seconds from an admission to the stock, of the quickest: so much is on its way when a cut is made
_LONGEST_PAUSE = 5.0  # seconds of the inlet that a cut makes up for at most
_PATIENCE = timedelta(seconds=4)  # after a cut, until it can show
_BURST = 1.5  # seconds of the inlet that may be made up for after a pause
_SETTLE = 15.0  # seconds over which the pace is averaged
_STRAIN = 0.75  # of what the pool may be busy
_TWO = 2  # one alone may be chance


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
    tallies: by event, of those that have reported. last: of those that are quiet as well, as rates are everybody's.
    """

    processes: int
    quiet: int
    silent: int
    shed: int
    busy: float
    tallies: Mapping[int, Tally]
    last: Mapping[int, Tally]

    def rates(self, event_id: int) -> Tally:
        """Of a second."""
        return self.last.get(event_id) or Tally()

    @property
    def nothing_new(self) -> bool:
        return bool(self.quiet) and not self.processes

    @property
    def wanted(self) -> int:
        """Requests for tickets, whichever."""
        return sum(tally.arrived for event, tally in self.last.items() if event != CHECKOUTS)


def mood(vitals: Vitals, event_id: int, objectives: Objectives) -> Mood:
    """How buying goes for those whom the event's room admits; what only other events' buyers meet is not its matter.

    troubled: the promise is being broken. crowded: it will be, because more has come in than is answered. strained: it
    would be soon, so nobody should add to it. tense: a little could be added.
    """
    tallies = [vitals.tallies[each] for each in (event_id, CHECKOUTS) if each in vitals.tallies]
    if vitals.busy > objectives.busy or (vitals.silent and not vitals.processes and not vitals.quiet):
        return "troubled"
    if any(
        _too_many(each.late, each, objectives.late) or _too_many(each.failed, each, objectives.failed)
        for each in tallies
    ):
        return "troubled"
    if any(_too_many(each.stuck, each, objectives.late) for each in tallies):
        return "crowded"
    slow = any(_too_many(each.slow, each, objectives.late) for each in tallies)
    # Requests of buying that were shed are not known by event; of others anybody can send too many.
    if slow or vitals.silent or vitals.nothing_new or vitals.shed or vitals.busy > objectives.busy * _STRAIN:
        return "strained"
    return "tense" if any(_too_many(each.tense, each, objectives.late) for each in tallies) else "well"


def _too_many(part: int, tally: Tally, share: float) -> bool:
    return part >= _TWO and part > share * (tally.answered + tally.pending)


def cut(inlet: float, carried: int, slowed: timedelta | None) -> float:
    """Of an inlet that is too much. carried: tickets' requests answered well. slowed: since the last cut."""
    if slowed is not None and slowed < _PATIENCE:
        return inlet
    return max(LEAST_INLET, min(max(carried * _CARRIED, inlet * _LEAST_LEFT), inlet * _MOST_LEFT))


def grown(inlet: float, now_is: Mood, slowed: timedelta | None, all_rooms: AllRooms) -> float:
    """Of an inlet that has been needed. slowed: since the last cut, None if there was none."""
    if now_is not in {"well", "tense"}:
        return inlet
    step = inlet * _RAMP
    if slowed is not None:
        step = min(max(inlet * _STEP, _LEAST_STEP / all_rooms.open), _MOST_STEP / all_rooms.open)
    if now_is == "tense":
        step = min(step, inlet * _TENSE_STEP)
    return max(inlet, min(inlet + step, MOST_INLET - (all_rooms.inlet - inlet)))


def debt(before: float, after: float, pending: int) -> float:
    """Admissions to hold back after a cut: too many have been let in, and some of them are still on their way."""
    return min(pending + (before - after) * _LAG, after * _LONGEST_PAUSE) if after < before else 0.0


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
    """Admissions a second, averaged over the last ones, from the first on: else it would seem slow for a while."""
    weight = min(1.0, elapsed / _SETTLE) if pace else 1.0
    return pace + (admitted / max(elapsed, 1e-3) - pace) * weight
