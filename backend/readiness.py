"""Whether a process can work: its database has answered, with the schema that it needs."""

from __future__ import annotations

import asyncio
import logging

from backend.db.errors import DatabaseError
from backend.db.migrate import required_version, schema_version
from backend.db.pool import Database
from backend.web.health import Health

log = logging.getLogger(__name__)
_LOOK_SECONDS = 1.0


async def watch_database(database: Database, health: Health) -> None:
    """Warm up, then keep knowing whether the database answers; readiness never asks it itself."""
    required = required_version()
    up = False
    health.database_up = lambda: up
    while True:
        try:
            if not health.warmed:
                await database.warm()
                health.warmed = True
            if not health.schema_current:
                health.schema_current = await schema_version(database) >= required
            await database.fetch_value("SELECT 1")
            up = True
        except DatabaseError as error:
            if up or not health.warmed:
                log.warning("the database does not answer: %s", error)
            up = False
        await asyncio.sleep(_LOOK_SECONDS)
