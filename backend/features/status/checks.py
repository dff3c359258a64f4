"""The invariants' latest result, kept where every process can show it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from backend.db.pool import Database
from backend.db.queries import load_queries

queries = load_queries(__package__)
_MOST_SHOWN = 50

Result = tuple[list[str], datetime | None]
"""What is broken, and when that was found out; None before the first check."""

Check = Callable[[], Awaitable[Result]]


class SharedCheck:
    """One check at a time, for all who ask while it runs and for `keep` seconds after: asking often costs no more."""

    def __init__(self, check: Check, keep: float = 3.0) -> None:
        self._check = check
        self._keep = keep
        self._latest: asyncio.Task[Result] | None = None
        self._kept_until = 0.0

    async def __call__(self) -> Result:
        """The result of the latest check, or what it failed with."""
        loop = asyncio.get_running_loop()
        if self._latest is None or (self._latest.done() and loop.time() >= self._kept_until):
            self._latest = loop.create_task(self._run())
        # Whoever leaves, for one because it takes too long, ends nobody else's check.
        return await asyncio.shield(self._latest)

    async def close(self) -> None:
        """End what runs."""
        if self._latest is not None:
            self._latest.cancel()
            await asyncio.wait([self._latest])

    async def _run(self) -> Result:
        try:
            return await self._check()
        finally:
            self._kept_until = asyncio.get_running_loop().time() + self._keep


async def record_check(database: Database, broken: Sequence[str]) -> None:
    """Keep this result as the latest."""
    await database.execute(queries.record_check, {"broken": list(broken[:_MOST_SHOWN])}, retry=True)


async def last_check(database: Database) -> Result:
    """The latest result that a worker has kept."""
    row = await database.fetch_one(queries.last_check, retry=True)
    return (list(row[0]), row[1]) if row else ([], None)
