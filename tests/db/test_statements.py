"""What a statement gives and what it raises, each fault provoked on the real server."""

import asyncio
import time
from datetime import UTC, datetime
from decimal import Decimal
from uuid import uuid4

import pytest

from backend.db.errors import ConnectionLost, LockTimeout, NoAnswer, QueryTimeout, Rejected, Unavailable
from tests.db.conftest import DATABASE, Admin, Opener, eventually

DIES_THE_FIRST_TIME = """
SELECT CASE nextval('runs') WHEN 1 THEN pg_terminate_backend(pg_backend_pid()) AND pg_sleep(5) IS NULL ELSE true END
"""


async def test_values_come_back_as_python_has_them(open_database: Opener) -> None:
    db = await open_database()
    one, two = uuid4(), uuid4()
    params = {"uuid": one, "uuids": [one, two], "json": {"seats": [1, {"row": "A"}]}, "text": "100 %"}
    row = await db.fetch_one(
        "SELECT %(uuid)s, %(uuids)s::uuid[], %(json)s::jsonb, %(json)s::jsonb::text, %(text)s, '%%', 9.99,"
        " ARRAY[1, 2], NULL, timestamptz '2027-06-01 20:00+02'",
        params,
    )
    assert row == (
        one,
        [one, two],
        {"seats": [1, {"row": "A"}]},
        '{"seats": [1, {"row": "A"}]}',
        "100 %",
        "%",
        Decimal("9.99"),
        [1, 2],
        None,
        datetime(2027, 6, 1, 18, tzinfo=UTC),
    )
    assert row[-1].utcoffset().total_seconds() == 0


async def test_a_statement_without_parameters_is_sent_as_it_stands(open_database: Opener) -> None:
    db = await open_database()
    assert await db.fetch_value("SELECT format('%s %%', 5)") == "5 %"


async def test_rows_can_be_had_as_all_one_or_a_single_value(open_database: Opener) -> None:
    db = await open_database()
    two_rows = "SELECT n, -n FROM generate_series(1, 2) n"
    assert await db.fetch_all(two_rows) == [(1, -1), (2, -2)]
    assert await db.fetch_one(two_rows) == (1, -1)
    assert await db.fetch_value(two_rows) == 1
    none = "SELECT 1 WHERE false"
    assert (await db.fetch_all(none), await db.fetch_one(none), await db.fetch_value(none)) == ([], None, None)


async def test_execute_counts_the_rows_it_touched(open_database: Opener) -> None:
    db = await open_database()
    await db.execute("CREATE TABLE seat (id int)")
    assert await db.execute("INSERT INTO seat SELECT generate_series(1, 5)") == 5


async def test_several_statements_in_one_call_succeed_or_fail_together(open_database: Opener) -> None:
    db = await open_database(maxsize=1)
    await db.execute("CREATE TABLE seat (id int PRIMARY KEY)")
    with pytest.raises(Rejected):
        await db.execute("INSERT INTO seat VALUES (1); INSERT INTO seat VALUES (2), (2)")
    assert await db.fetch_all("INSERT INTO seat VALUES (7); SELECT id FROM seat") == [(7,)]


async def test_a_slow_statement_is_a_query_timeout_and_its_connection_stays(open_database: Opener) -> None:
    db = await open_database(maxsize=1, lock_timeout=0.05, statement_timeout=0.1)
    backend = await db.fetch_value("SELECT pg_backend_pid()")
    with pytest.raises(QueryTimeout, match="statement timeout"):
        await db.fetch_all("SELECT pg_sleep(5)")
    assert await db.fetch_value("SELECT pg_backend_pid()") == backend


async def test_a_statement_timeout_does_not_pass_for_a_cancelled_task(open_database: Opener) -> None:
    db = await open_database(lock_timeout=0.05, statement_timeout=0.1)
    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as group:
            group.create_task(db.fetch_all("SELECT pg_sleep(5)"))
    assert [type(error) for error in caught.value.exceptions] == [QueryTimeout]


async def test_a_statement_timeout_is_told_from_a_cancellation_in_a_task_being_cancelled(open_database: Opener) -> None:
    db = await open_database(lock_timeout=0.05, statement_timeout=0.1)

    errors: list[Exception] = []

    async def clean_up_when_cancelled() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await db.execute("SELECT pg_sleep(5)")
            except QueryTimeout as error:
                errors.append(error)

    task = asyncio.create_task(clean_up_when_cancelled())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [type(error) for error in errors] == [QueryTimeout]


async def test_a_held_lock_is_a_lock_timeout(open_database: Opener, admin: Admin) -> None:
    db = await open_database(maxsize=1, lock_timeout=0.1)
    await db.execute("CREATE TABLE pool AS SELECT 1 AS id, 10 AS available")
    admin.value("BEGIN; UPDATE pool SET available = 9 WHERE id = 1")
    with pytest.raises(LockTimeout):
        await db.execute("UPDATE pool SET available = 8 WHERE id = 1")
    admin.value("ROLLBACK")
    assert await db.execute("UPDATE pool SET available = 8 WHERE id = 1") == 1


async def test_a_deadlock_is_a_lock_timeout(open_database: Opener, admin: Admin) -> None:
    db = await open_database(lock_timeout=0, statement_timeout=0, client_timeout=5.0)
    await db.execute("CREATE TABLE pool AS SELECT generate_series(1, 2) AS id")
    admin.value(f"ALTER DATABASE {DATABASE} SET deadlock_timeout = '50ms'")
    deadlocked = []

    async def lock_both(first: int, second: int, meeting: asyncio.Barrier) -> None:
        try:
            async with db.transaction() as tx:
                await tx.execute("SELECT * FROM pool WHERE id = %(id)s FOR UPDATE", {"id": first})
                await meeting.wait()
                await tx.execute("SELECT * FROM pool WHERE id = %(id)s FOR UPDATE", {"id": second})
        except LockTimeout as error:
            deadlocked.append(str(error))

    meeting = asyncio.Barrier(2)
    await asyncio.gather(lock_both(1, 2, meeting), lock_both(2, 1, meeting))
    assert deadlocked == ["deadlock detected"]


async def test_the_client_gives_up_on_a_silent_server_and_leaves_no_query_behind(
    open_database: Opener, admin: Admin
) -> None:
    db = await open_database(
        lock_timeout=0, statement_timeout=0, client_timeout=0.2, connection_check_interval=0.05, maxsize=1
    )
    started = time.monotonic()
    with pytest.raises(NoAnswer):
        await db.fetch_all("SELECT pg_sleep(60)", retry=True)
    assert 0.2 <= time.monotonic() - started < 0.4  # once: asking a silent server again would only wait again
    await eventually(lambda: admin.sessions() == 0)
    assert await db.fetch_value("SELECT 1") == 1


async def test_bad_data_is_rejected_by_name_without_quoting_it(open_database: Opener) -> None:
    db = await open_database(maxsize=1)
    await db.execute("CREATE TABLE customer (email text CONSTRAINT one_account UNIQUE)")
    await db.execute("INSERT INTO customer VALUES ('ada@example.com')")
    with pytest.raises(Rejected) as caught:
        await db.execute("INSERT INTO customer VALUES (%(email)s)", {"email": "ada@example.com"})
    assert (caught.value.sqlstate, caught.value.constraint) == ("23505", "one_account")
    assert "ada@example.com" not in str(caught.value)


@pytest.mark.parametrize("text", ["a\0b", "\ud800"])
async def test_text_that_postgresql_cannot_hold_is_rejected(open_database: Opener, text: str) -> None:
    db = await open_database()
    with pytest.raises(Rejected) as caught:
        await db.fetch_value("SELECT %(text)s", {"text": text})
    assert caught.value.sqlstate == "22021"


async def test_wrong_sql_is_rejected_with_its_position(open_database: Opener) -> None:
    db = await open_database()
    with pytest.raises(Rejected) as caught:
        await db.fetch_value("SELECT nonsense")
    assert (caught.value.sqlstate, caught.value.position) == ("42703", 8)


async def test_a_read_is_repeated_once_after_its_connection_was_lost(open_database: Opener, admin: Admin) -> None:
    db = await open_database()
    admin.value("CREATE SEQUENCE runs")
    assert await db.fetch_value(DIES_THE_FIRST_TIME, retry=True) is True
    assert admin.value("SELECT last_value FROM runs") == 2


async def test_a_write_is_not_repeated_after_its_connection_was_lost(open_database: Opener, admin: Admin) -> None:
    db = await open_database()
    admin.value("CREATE SEQUENCE runs")
    with pytest.raises(ConnectionLost) as caught:
        await db.execute(DIES_THE_FIRST_TIME)
    assert not isinstance(caught.value, NoAnswer)
    assert admin.value("SELECT last_value FROM runs") == 1
    assert await db.fetch_value("SELECT 1") == 1


async def test_a_connection_that_died_while_idle_is_not_handed_out(open_database: Opener, admin: Admin) -> None:
    db = await open_database(maxsize=3)
    await db.warm()
    admin.end_sessions()
    await eventually(lambda: all(connection.closed for connection in db._gate._free))
    assert await asyncio.gather(*(db.execute("SELECT 1") for _ in range(3))) == [1, 1, 1]


async def test_a_server_that_became_read_only_is_left_for_the_new_primary(open_database: Opener) -> None:
    db = await open_database(maxsize=1)
    await db.execute("CREATE TABLE seat (id int)")
    before = await db.fetch_value(
        "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY; SELECT pg_backend_pid()",
    )
    with pytest.raises(Unavailable, match="read-only"):
        await db.execute("INSERT INTO seat VALUES (1)")
    assert await db.fetch_value("SELECT pg_backend_pid()") != before
    assert await db.execute("INSERT INTO seat VALUES (1)") == 1


async def test_a_server_out_of_means_is_unavailable(open_database: Opener) -> None:
    db = await open_database(maxsize=1)
    await db.execute("SET temp_file_limit = '64kB'; SET work_mem = '64kB'")
    with pytest.raises(Unavailable, match="temporary file size exceeds") as caught:
        await db.fetch_all("SELECT n FROM generate_series(1, 100000) n ORDER BY random()")
    assert not isinstance(caught.value, ConnectionLost)


async def test_a_refused_connection_is_unavailable(open_database: Opener, dsn: str) -> None:
    db = await open_database(dsn=dsn.replace(DATABASE, "missing"))
    with pytest.raises(Unavailable, match="does not exist") as caught:
        await db.fetch_value("SELECT 1")
    assert not isinstance(caught.value, ConnectionLost)


async def test_an_answer_that_comes_while_it_is_given_up_is_none(open_database: Opener) -> None:
    """The event loop was held up so long that the answer and the end of the patience are due in the same turn."""
    db = await open_database(lock_timeout=0, statement_timeout=0, client_timeout=0.4, gate_timeout=5.0, maxsize=1)
    await db.fetch_value("SELECT 1")  # connects
    asking = asyncio.ensure_future(db.fetch_value("SELECT 2"))
    await asyncio.sleep(0)
    time.sleep(0.5)  # noqa: ASYNC251 - what holds the loop up is the point
    with pytest.raises(NoAnswer):
        await asking
    assert await db.fetch_value("SELECT 3") == 3
