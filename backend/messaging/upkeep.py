"""What keeps the outbox small, and what brings back deliveries that were given up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from backend.db.pool import Database
from backend.db.queries import load_queries

queries = load_queries(__package__)

KEEP = timedelta(days=35)


async def redrive(db: Database, sink: str | None = None) -> int:
    """Have deliveries that were given up tried again, of one sink or of all; how many there are."""
    return await db.execute(queries.redrive, {"sink": sink})


class Upkeep:
    """Deletes events that were routed, and marks of consumed ones, when they are older than `keep`; in small steps.

    consumers: the names under which queue consumers mark what they have handled.
    """

    def __init__(self, db: Database, consumers: Sequence[str] = (), keep: timedelta = KEEP) -> None:
        self._db = db
        self._consumers = tuple(consumers)
        self._keep = keep
        self._walked = 0  # up to this outbox id; what stays is not looked at again by this process

    async def sweep(self) -> None:
        """Delete all that is old by now. For `every`, once an hour or so."""
        old = {"age": self._keep}
        while (last := await self._db.fetch_value(queries.forget_events, {**old, "after": self._walked})) is not None:
            self._walked = last
        for consumer in self._consumers:
            while await self._db.execute(queries.forget_consumed, {**old, "consumer": consumer}) > 0:
                pass
