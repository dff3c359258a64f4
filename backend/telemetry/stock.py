"""How buying goes, event by event: what has come to the stock, how long it took, and what is not answered yet."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Final

from backend.domain.errors import DomainError
from backend.memory import Clock

CHECKOUTS: Final = 0  # all events' together: they contend for no stock
ELSEWHERE: Final = -1  # events that have no waiting room
_SLOW, _TENSE = 1 / 4, 1 / 16  # of what the promise allows: so slow is well still, but more would soon be too many
# Refusals that took the same way as a sale. Others may be made as cheap and as many as somebody likes, and would hide
# how those fare who buy.
_BY_STOCK = frozenset({"sold-out", "seat-gone"})


@dataclass(slots=True)
class Tally:
    """Requests of one kind, of a second or so.

    answered: sales, refusals for want of stock, and failures. late: slower than the promise, answered or not. slow,
    tense: slower than a quarter and a sixteenth of it. pending: without an answer. stuck: of them, for longer than a
    quarter.
    """

    arrived: int = 0
    answered: int = 0
    late: int = 0
    slow: int = 0
    tense: int = 0
    failed: int = 0
    pending: int = 0
    stuck: int = 0

    def add(self, other: Tally) -> None:
        self.arrived += other.arrived
        self.answered += other.answered
        self.late += other.late
        self.slow += other.slow
        self.tense += other.tense
        self.failed += other.failed
        self.pending += other.pending
        self.stuck += other.stuck


class StockMeter:
    """under: seconds within which the promise wants requests answered."""

    def __init__(self, under: float, clock: Clock = perf_counter) -> None:
        self._under = under
        self._clock = clock
        self._tallies: defaultdict[int, Tally] = defaultdict(Tally)
        self._under_way: dict[_Asking, None] = {}

    def asking(self, kind: int) -> _Asking:
        """For the time of one request. kind: its event, CHECKOUTS or ELSEWHERE."""
        return _Asking(self, kind)

    def read(self) -> dict[int, Tally]:
        """What has happened since the last time, and what is under way."""
        tallies, self._tallies = self._tallies, defaultdict(Tally)
        now = self._clock()
        for asking in self._under_way:
            tally, seconds = tallies[asking.kind], now - asking.began
            tally.pending += 1
            tally.stuck += seconds > self._under * _SLOW
            self._time(tally, seconds)
        return tallies

    def begin(self, asking: _Asking) -> None:
        asking.began = self._clock()
        self._under_way[asking] = None
        self._tallies[asking.kind].arrived += 1

    def end(self, asking: _Asking, error: BaseException | None) -> None:
        del self._under_way[asking]
        seconds = self._clock() - asking.began
        left = isinstance(error, asyncio.CancelledError) and seconds <= self._under
        if left or (isinstance(error, DomainError) and error.slug not in _BY_STOCK):
            return
        tally = self._tallies[asking.kind]
        tally.answered += 1
        tally.failed += error is not None and not isinstance(error, DomainError)
        self._time(tally, seconds)

    def _time(self, tally: Tally, seconds: float) -> None:
        if seconds > self._under * _TENSE:
            tally.tense += 1
            tally.slow += seconds > self._under * _SLOW
            tally.late += seconds > self._under


class _Asking:
    """One request, as a context."""

    __slots__ = ("_meter", "began", "kind")

    def __init__(self, meter: StockMeter, kind: int) -> None:
        self._meter = meter
        self.kind = kind
        self.began = 0.0

    def __enter__(self) -> None:
        self._meter.begin(self)

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: TracebackType | None) -> None:
        self._meter.end(self, error)
