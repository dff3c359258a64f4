"""How much goes on sale when: what has to be known before customers come."""

from __future__ import annotations

from datetime import datetime

from backend.db.pool import Database
from backend.features.catalogue.apply import queries


async def tickets_opening(db: Database, *, since: datetime, until: datetime) -> int:
    """Tickets that go on sale in this span of time, all events together, sold or not."""
    found = await db.fetch_value(queries.tickets_opening, {"since": since, "until": until})
    return int(found)
