import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import psycopg2
import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.db.proxy import Proxy
from tools.programs.postgres import Server

Opener = Callable[..., Any]

DATABASE = "bare"


class Admin:
    """Looks at the server from outside of the code under test."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn)
        self._connection.autocommit = True

    def value(self, sql: str, *params: object) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, params or None)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def sessions(self, state: str = "%") -> int:
        """Connections of the code under test to this database."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        return int(self.value(f"{query} AND backend_type = 'client backend' AND state LIKE %s", state))

    def end_sessions(self) -> None:
        self.value(
            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    def close(self) -> None:
        self._connection.close()


@pytest.fixture(scope="session")
def bare_dsn(server: Server) -> str:
    return server.create_database(DATABASE)


@pytest.fixture
def dsn(bare_dsn: str) -> str:
    """A database that is empty and has nobody else in it; emptying one is much quicker than making one."""
    admin = Admin(bare_dsn)
    admin.end_sessions()
    admin.value(f"DROP SCHEMA public CASCADE; CREATE SCHEMA public; ALTER DATABASE {DATABASE} RESET ALL")
    admin.close()
    return bare_dsn


@pytest.fixture
def admin(dsn: str) -> Iterator[Admin]:
    admin = Admin(dsn)
    yield admin
    admin.close()


@pytest.fixture
async def open_database(dsn: str) -> AsyncIterator[Opener]:
    """Open databases with options of the test's choice; they are closed after it."""
    opened: list[Database] = []

    async def open_one(*, metrics: Any = None, **options: Any) -> Database:
        database = await Database.open(DatabaseOptions(**{"dsn": dsn, **options}), metrics)
        opened.append(database)
        return database

    yield open_one
    for database in opened:
        await database.close(patience=0.0)


@pytest.fixture
async def proxy(dsn: str) -> AsyncIterator[Proxy]:
    async with Proxy(dsn).running() as running:
        yield running


async def eventually(condition: Callable[[], object], within: float = 3.0) -> None:
    """Wait until the condition holds; fail when it still does not after `within` seconds."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 (what is waited for happens in another process)
            await asyncio.sleep(0.01)
