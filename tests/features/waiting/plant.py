"""A shop that can hold so many tickets a second and no more, and a crowd before it: simulated, so in no time.

It is made for rules without any I/O: people reach the stock one to three seconds after their admission, stand in one
line there, and what is told of them is up to a second old when it is looked at, as it is in a real shop.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from backend.features.waiting import inlet as inlets
from backend.features.waiting.inlet import Mood, Vitals
from backend.features.waiting.rules import Facts, decide, together
from backend.telemetry.stock import StockMeter
from tests.features.waiting.people import OBJECTIVES


@dataclass
class Plant:
    """rate: holds a second. seconds: each hold's, one admitted person after another; inlets, moods: at each look."""

    rate: float
    room: Facts
    seconds: list[float] = field(default_factory=list)
    inlets: list[float] = field(default_factory=list)
    moods: list[Mood] = field(default_factory=list)

    def run(self, looks: int, seed: int = 1) -> None:
        dice = Random(seed)
        clock = [0.0]
        meter = StockMeter(0.8, lambda: clock[0])
        events: list[tuple[float, int, str]] = []
        asked: dict[int, object] = {}
        free_at, number = 0.0, 0
        told = Vitals(1, 0, 0, 0, 0.1, {}, {})
        for look in range(looks):
            heapq.heappush(events, (look + dice.uniform(0.2, 0.8), -1, "pulse"))
            heapq.heappush(events, (look + 1.0, -2, "look"))
            while True:
                clock[0], who, what = heapq.heappop(events)
                if what == "come":
                    asking = asked[who] = meter.asking(self.room.event_id)
                    asking.__enter__()
                    free_at = max(free_at, clock[0]) + 1 / self.rate
                    self.seconds.append(free_at - clock[0])
                    heapq.heappush(events, (free_at, who, "done"))
                elif what == "done":
                    asked.pop(who).__exit__(None, None, None)  # type: ignore[attr-defined] # the heap holds it as any context
                elif what == "pulse":
                    tallies = meter.read()
                    told = replace(told, tallies=tallies, last=tallies)
                else:
                    break
            admitted = self._look(told)
            for _ in range(admitted):
                number += 1
                heapq.heappush(events, (clock[0] + dice.uniform(0.2, 3.0), number, "come"))

    def _look(self, told: Vitals) -> int:
        now_is = inlets.mood(told, self.room.event_id, OBJECTIVES)
        decision = decide(self.room, now_is, told, timedelta(minutes=30), together([self.room]))
        self.inlets.append(decision.inlet)
        self.moods.append(now_is)
        now = self.room.now + timedelta(seconds=1)
        self.room = replace(
            self.room, inlet=decision.inlet, credit=decision.credit, slowed_at=decision.slowed_at,
            governed_at=self.room.now, now=now,
        )  # fmt: skip
        return decision.most
