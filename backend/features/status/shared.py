"""Work that everybody may ask for, done once for all who ask while it runs and for a while after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Found = TypeVar("Found")


class Shared(Generic[Found]):
    """One run at a time, for all who ask while it runs and for `keep` seconds after: asking often costs no more."""

    def __init__(self, find: Callable[[], Awaitable[Found]], keep: float) -> None:
        self._find = find
        self._keep = keep
        self._latest: asyncio.Task[Found] | None = None
        self._kept_until = 0.0

    async def __call__(self) -> Found:
        """What the latest run has found, or what it failed with."""
        loop = asyncio.get_running_loop()
        if self._latest is None or (self._latest.done() and loop.time() >= self._kept_until):
            self._latest = loop.create_task(self._run())
            self._latest.add_done_callback(_look_at)
        # Whoever leaves, for one because it takes too long, ends nobody else's run.
        return await asyncio.shield(self._latest)

    async def close(self) -> None:
        """End what runs."""
        if self._latest is not None:
            self._latest.cancel()
            await asyncio.wait([self._latest])

    async def _run(self) -> Found:
        try:
            return await self._find()
        finally:
            self._kept_until = asyncio.get_running_loop().time() + self._keep


def _look_at(task: asyncio.Task[Found]) -> None:
    """A failure that nobody waits for any more is no news: the next one to ask meets it."""
    if not task.cancelled():
        task.exception()
