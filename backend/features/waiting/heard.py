"""What the governor has heard of the serving processes: each word counts once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.features.waiting.rules import Vitals


class Said(NamedTuple):
    """The last word of a process; see the query pulses. fresh: it is of the moment."""

    process: UUID
    at: datetime
    fresh: bool
    answered: int
    late: int
    slow: int
    failed: int
    shed: int
    busy: float
    arrivals: Mapping[str, int]


class Heard:
    """Remembers what was heard, so that one bad second of a process that died is not taken for several."""

    def __init__(self) -> None:
        self._at: dict[UUID, datetime] = {}

    def listen(self, words: Sequence[Said]) -> tuple[Vitals, Counter[int]]:
        """What is new since the last time, and how many wanted tickets of which event."""
        fresh = [each for each in words if each.fresh]
        new = [each for each in fresh if self._at.get(each.process) != each.at]
        self._at = {each.process: each.at for each in words}
        vitals = Vitals(
            processes=len(new),
            quiet=len(fresh) - len(new),
            silent=len(words) - len(fresh),
            answered=sum(each.answered for each in new),
            late=sum(each.late for each in new),
            slow=sum(each.slow for each in new),
            failed=sum(each.failed for each in new),
            shed=sum(each.shed for each in new),
            busy=max((each.busy for each in new), default=0.0),
        )
        wanted: Counter[int] = Counter()
        for each in new:
            wanted.update({int(event): count for event, count in each.arrivals.items()})
        return vitals, wanted
