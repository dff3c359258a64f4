"""The database goes away in the middle, and nothing is lost."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from tempfile import TemporaryDirectory

from backend.db.errors import DatabaseError
from backend.db.migrate import migrate
from backend.db.pool import Database, DatabaseOptions
from tests.box_office import eventually
from tests.messaging.post_room import Outbox, Recorder, relay_to, running, truth
from tools.programs.postgres import postgres


async def test_through_a_restart_of_the_database_each_event_is_delivered_once() -> None:
    with TemporaryDirectory(prefix="tickets-") as folder, postgres(Path(folder)) as server:
        await asyncio.to_thread(lambda: asyncio.run(migrate(server.dsn)))
        db = await Database.open(DatabaseOptions(dsn=server.dsn))
        outbox, sink = Outbox(db), Recorder()
        await outbox.add(number=400)
        async with running(relay_to(db, sink)):
            await eventually(lambda: truth(len(sink.got) >= 50))
            await asyncio.to_thread(server.restart)
            await eventually(lambda: works(outbox.add(number=100)))
            # A claim may have been made whose answer was lost: it is leased for a while, and time is made to pass.
            await outbox.lease_is_over()
            await eventually(lambda: works(outbox.empty()), within=10)
        events = [row[0] for row in await db.fetch_all("SELECT id FROM outbox ORDER BY id")]
        await db.close(patience=1.0)
    assert sorted(sink.got) == events, "each once: what was handed over is recorded as soon as the database is back"


async def works(attempt: Awaitable[object]) -> bool:
    """Whether it answers, and answers something that is true."""
    try:
        return bool(await attempt)
    except DatabaseError:
        return False
