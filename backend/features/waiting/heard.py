"""What the governor has heard of the serving processes: each word counts once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.features.waiting.inlet import Vitals
from backend.telemetry.stock import Tally

_KNOWN = frozenset(field.name for field in fields(Tally))


class Said(NamedTuple):
    """The last word of a process, see the query pulses. fresh: of the moment. tallies: counts by name, by event."""

    process: UUID
    at: datetime
    fresh: bool
    shed: int
    busy: float
    tallies: Mapping[str, Mapping[str, int]]


class Heard:
    """Remembers what was heard, so that one bad second of a process that died is not taken for several."""

    def __init__(self) -> None:
        self._at: dict[UUID, datetime] = {}

    def listen(self, words: Sequence[Said]) -> Vitals:
        """What is new since the last time."""
        fresh = [each for each in words if each.fresh]
        new = [each for each in fresh if self._at.get(each.process) != each.at]
        self._at = {each.process: each.at for each in words}
        return Vitals(
            processes=len(new),
            quiet=len(fresh) - len(new),
            silent=len(words) - len(fresh),
            shed=sum(each.shed for each in new),
            busy=max((each.busy for each in new), default=0.0),
            tallies=_added_up(new),
            last=_added_up(fresh),
        )


def _added_up(words: Sequence[Said]) -> dict[int, Tally]:
    tallies: defaultdict[int, Tally] = defaultdict(Tally)
    for each in words:
        for event, counts in each.tallies.items():
            # A newer release may tell more.
            tallies[int(event)].add(Tally(**{name: count for name, count in counts.items() if name in _KNOWN}))
    return dict(tallies)
