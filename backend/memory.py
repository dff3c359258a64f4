"""Values by key, made once for everyone who asks within a moment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")
Clock = Callable[[], float]
"""Unix seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How old a value may be, in seconds, and how many are kept.

    fresh: until then it is simply answered. usable: until then it is answered once more while it is made anew.
    """

    fresh: float
    usable: float
    most: int


@dataclass(frozen=True, slots=True)
class _Kept(Generic[Value]):
    value: Value
    made: float
    fresh_until: float
    usable_until: float


class Memory(Generic[Key, Value]):
    """make: the value of a key, and when it changes by itself (None: never), however fresh it is by then."""

    def __init__(
        self,
        make: Callable[[Key], Awaitable[tuple[Value, datetime | None]]],
        freshness: Freshness,
        clock: Clock = time.time,
    ) -> None:
        self._make = make
        self._freshness = freshness
        self._clock = clock
        self._kept: dict[Key, _Kept[Value]] = {}
        self._making: dict[Key, asyncio.Task[Value]] = {}

    def ready(self, key: Key) -> Value | None:
        """The value when it is fresh, at the cost of a lookup; None says no more than: ask `get`."""
        kept = self._kept.get(key)
        # A clock that was set back must not make an old value fresh.
        if kept is not None and kept.made <= self._clock() < kept.fresh_until:
            return kept.value
        return None

    async def get(self, key: Key) -> Value:
        """The value, made anew unless it is fresh; however many ask at a time, it is made once."""
        kept = self._kept.get(key)
        now = self._clock()
        if kept is not None and kept.made <= now < kept.fresh_until:
            return kept.value
        task = self._making.get(key) or self._start(key)
        if kept is not None and kept.made <= now < kept.usable_until:
            return kept.value
        # Shielded: whoever asked first may leave, the others still want it.
        return await asyncio.shield(task)

    def forget(self, key: Key) -> None:
        """Make it anew for whoever asks from now on."""
        self._kept.pop(key, None)
        self._making.pop(key, None)

    def forget_all(self) -> None:
        self._kept.clear()
        self._making.clear()

    def _start(self, key: Key) -> asyncio.Task[Value]:
        task = asyncio.create_task(self._run(key), name="memory")
        self._making[key] = task
        task.add_done_callback(_look_at)
        return task

    async def _run(self, key: Key) -> Value:
        me = asyncio.current_task()
        made = self._clock()
        try:
            value, changes_at = await self._make(key)
        finally:
            forgotten = self._making.get(key) is not me
            if not forgotten:
                del self._making[key]
        if not forgotten:
            self._keep(key, value, made, changes_at)
        return value

    def _keep(self, key: Key, value: Value, made: float, changes_at: datetime | None) -> None:
        self._kept.pop(key, None)
        if len(self._kept) >= self._freshness.most:  # the one that nobody has asked for the longest
            del self._kept[next(iter(self._kept))]
        last = changes_at.timestamp() if changes_at else float("inf")
        fresh_until = min(made + self._freshness.fresh, last)
        self._kept[key] = _Kept(value, made, fresh_until, min(made + self._freshness.usable, last))


def _look_at(task: asyncio.Task[Value]) -> None:
    """A failure that nobody waits for any more is no news: the next one to ask meets it again."""
    if not task.cancelled():
        task.exception()
