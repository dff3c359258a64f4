"""What other processes NOTIFY, on a connection of its own.

Notifications only say that something happened; while the connection is away they are lost. So every (re)connection
yields a `News` that says to read everything anew.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from backend.db.driver import Connection, connect
from backend.db.errors import DatabaseError
from backend.db.options import DatabaseOptions

_log = logging.getLogger(__name__)

_POLL = 15.0  # a connection whose other end has vanished looks just like a quiet one, so it is asked now and then
_ANSWER = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 2.0


@dataclass(frozen=True)
class News:
    """resync: some may have been missed, read everything. notices: (channel, payload), each once, oldest first."""

    resync: bool
    notices: tuple[tuple[str, str], ...] = ()


async def listen(dsn: str, channels: Sequence[str]) -> AsyncGenerator[News, None]:
    """News without end, through lost connections; a slow reader gets what has gathered in one piece.

    Close it (`contextlib.aclosing`) or cancel its reader to hang up. Not through a connection pooler.
    """
    failures = 0
    while True:
        try:
            async with aclosing(_news(dsn, channels)) as items:
                async for item in items:
                    failures = 0
                    yield item
        except DatabaseError as error:
            failures += 1
            pause = _pause(failures)
            _log.warning("notifications interrupted, trying again in %.1f s: %s", pause, error)
            await asyncio.sleep(pause)


async def _news(dsn: str, channels: Sequence[str]) -> AsyncGenerator[News, None]:
    options = DatabaseOptions(dsn=dsn, application_name="aegistickets-listen", client_timeout=_ANSWER)
    connection = await connect(options)
    try:
        await connection.execute(";".join(f'LISTEN "{channel}"' for channel in channels))
        yield News(resync=True)
        while True:
            first = await _next(connection)
            yield News(resync=False, notices=tuple(dict.fromkeys([first, *connection.notifications()])))
    finally:
        connection.close()


async def _next(connection: Connection) -> tuple[str, str]:
    # The same task waits through all polls: a wait that is given up and repeated can lose what arrives in between.
    notice = asyncio.ensure_future(connection.notification())
    try:
        while not (await asyncio.wait({notice}, timeout=_POLL))[0]:
            await connection.execute("SELECT 1")
        return notice.result()
    finally:
        notice.cancel()
        await asyncio.gather(notice, return_exceptions=True)


def _pause(failures: int) -> float:
    longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(failures, 10))
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 (keeps processes from coming back all at once)
