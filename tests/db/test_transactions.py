# ruff: noqa: PT012 (the block is what raises)

import asyncio

import pytest

from backend.db.errors import ConnectionLost, QueryTimeout, Rejected
from backend.db.pool import Database
from tests.db.conftest import Admin, Opener, eventually


@pytest.fixture
async def db(open_database: Opener) -> Database:
    database: Database = await open_database(maxsize=1, lock_timeout=0.05, statement_timeout=0.2)
    await database.execute("CREATE TABLE seat (id int PRIMARY KEY)")
    return database


async def test_a_block_is_committed_when_it_ends(db: Database, admin: Admin) -> None:
    async with db.transaction() as tx:
        assert await tx.execute("INSERT INTO seat VALUES (%(id)s)", {"id": 1}) == 1
        assert await tx.fetch_all("SELECT id FROM seat") == [(1,)]
        assert await tx.fetch_one("SELECT id FROM seat") == (1,)
        assert await tx.fetch_value("SELECT id FROM seat") == 1
        assert admin.value("SELECT count(*) FROM seat") == 0
    assert admin.value("SELECT count(*) FROM seat") == 1


async def test_an_exception_undoes_the_block_and_keeps_the_connection(db: Database, admin: Admin) -> None:
    backend = await db.fetch_value("SELECT pg_backend_pid()")
    with pytest.raises(ZeroDivisionError):
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO seat VALUES (1)")
            raise ZeroDivisionError
    assert admin.value("SELECT count(*) FROM seat") == 0
    assert await db.fetch_value("SELECT pg_backend_pid()") == backend


async def test_a_statement_timeout_undoes_the_block_and_keeps_the_connection(db: Database) -> None:
    backend = await db.fetch_value("SELECT pg_backend_pid()")
    with pytest.raises(QueryTimeout):
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO seat VALUES (1)")
            await tx.execute("SELECT pg_sleep(5)")
    assert await db.fetch_one("SELECT count(*), pg_backend_pid() FROM seat") == (0, backend)


async def test_a_block_that_hides_a_failed_statement_does_not_pass_for_committed(db: Database, admin: Admin) -> None:
    with pytest.raises(Rejected, match="nothing was committed"):
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO seat VALUES (1)")
            with pytest.raises(Rejected):
                await tx.execute("INSERT INTO seat VALUES (1)")
    assert admin.value("SELECT count(*) FROM seat") == 0
    assert await db.execute("INSERT INTO seat VALUES (1)") == 1


async def test_a_connection_lost_at_commit_is_told(db: Database, admin: Admin) -> None:
    with pytest.raises(ConnectionLost):
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO seat VALUES (1)")
            admin.end_sessions()
    assert await db.fetch_value("SELECT count(*) FROM seat") == 0


async def test_a_cancelled_block_is_undone_and_leaves_no_session_behind(db: Database, admin: Admin) -> None:
    inside = asyncio.Event()

    async def hold_open() -> None:
        async with db.transaction() as tx:
            await tx.execute("INSERT INTO seat VALUES (1)")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hold_open())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await eventually(lambda: admin.sessions() == 0)
    assert await db.fetch_value("SELECT count(*) FROM seat") == 0


async def test_a_block_left_idle_is_ended_by_the_server(open_database: Opener, admin: Admin) -> None:
    db = await open_database(maxsize=1, idle_in_transaction_timeout=0.05)
    with pytest.raises(ConnectionLost):
        async with db.transaction() as tx:
            await tx.execute("SELECT 1")
            await eventually(lambda: admin.sessions() == 0)
            await tx.execute("SELECT 1")
    assert await db.fetch_value("SELECT 1") == 1


async def test_a_block_without_statements_asks_the_server_nothing(db: Database) -> None:
    async with db.transaction():
        pass
    async with db.transaction() as tx:
        assert await tx.fetch_value("SELECT txid_current_if_assigned()") is None
