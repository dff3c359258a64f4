"""The invariants' latest result, kept where every process can show it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from backend.db.pool import Database
from backend.db.queries import load_queries

queries = load_queries(__package__)
_MOST_SHOWN = 50

Result = tuple[list[str], datetime | None]
"""What is broken, and when that was found out; None before the first check."""

Check = Callable[[], Awaitable[Result]]


async def record_check(database: Database, broken: Sequence[str]) -> None:
    """Keep this result as the latest."""
    await database.execute(queries.record_check, {"broken": list(broken[:_MOST_SHOWN])}, retry=True)


async def last_check(database: Database) -> Result:
    """The latest result that a worker has kept."""
    row = await database.fetch_one(queries.last_check, retry=True)
    return (list(row[0]), row[1]) if row else ([], None)
