"""Who gets a connection when, and who is told no."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from backend.db.errors import Busy, ConnectionLost, Unavailable
from backend.db.gate import Gate, NoMetrics
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.db.conftest import Admin, Opener, eventually
from tests.db.proxy import Proxy

SLEEP = "SELECT pg_sleep(%(seconds)s)"


async def until_in_use(db: Database, connections: int) -> None:
    await eventually(lambda: len(db._gate._used) == connections)


async def seconds_of(work: Callable[[], Any], error: type[Exception]) -> float:
    started = time.monotonic()
    with pytest.raises(error):
        await work()
    return time.monotonic() - started


async def test_warming_opens_every_connection(open_database: Opener, admin: Admin) -> None:
    db = await open_database(maxsize=5)
    assert admin.sessions() == 0
    await db.warm()
    assert admin.sessions() == 5


async def test_there_are_never_more_connections_than_allowed(open_database: Opener, admin: Admin) -> None:
    db = await open_database(maxsize=3, gate_timeout=5.0)
    warming = asyncio.create_task(db.warm())
    seen = []

    async def ask() -> None:
        await db.execute("SELECT pg_sleep(0.01)")
        seen.append(admin.sessions())

    await asyncio.gather(*(ask() for _ in range(12)), warming)
    assert len(seen) == 12
    assert max(seen) == 3


async def test_a_caller_waits_no_longer_than_the_gate_allows(open_database: Opener) -> None:
    db = await open_database(maxsize=1, gate_timeout=0.25)
    holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.45}))
    await until_in_use(db, 1)
    assert 0.2 < await seconds_of(lambda: db.execute("SELECT 1"), Busy) < 0.35
    await holding


async def test_a_crowd_waits_for_as_long_as_the_gate_allows(open_database: Opener) -> None:
    db = await open_database(maxsize=1, gate_timeout=5.0)
    holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.1}))
    await until_in_use(db, 1)
    assert await asyncio.gather(holding, *(db.execute("SELECT 1") for _ in range(900))) == [1] * 901


async def test_too_many_callers_are_turned_away_at_once(open_database: Opener) -> None:
    db = await open_database(maxsize=1, max_waiting=4, gate_timeout=5.0)
    holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.2}))
    await until_in_use(db, 1)
    waiting = [asyncio.create_task(db.execute("SELECT 1")) for _ in range(4)]
    await asyncio.sleep(0)
    assert await seconds_of(lambda: db.execute("SELECT 1"), Busy) < 0.05
    assert await db.fetch_all("SELECT 1", urgent=True) == [(1,)]  # waited, though the queue was full
    assert await asyncio.gather(holding, *waiting) == [1] * 5


async def test_the_urgent_go_first_and_in_the_order_they_came(open_database: Opener) -> None:
    db = await open_database(maxsize=1, gate_timeout=5.0)
    holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.1}))
    await until_in_use(db, 1)
    served: list[str] = []

    async def ask(name: str, *, urgent: bool = False) -> None:
        await db.fetch_all("SELECT 1", urgent=urgent)
        served.append(name)

    await asyncio.gather(holding, ask("a"), ask("b"), ask("first", urgent=True), ask("second", urgent=True))
    assert served == ["first", "second", "a", "b"]


async def test_callers_are_served_in_the_order_they_came(open_database: Opener) -> None:
    db = await open_database(maxsize=2, gate_timeout=5.0)
    holding = [asyncio.create_task(db.execute(SLEEP, {"seconds": 0.1})) for _ in range(2)]
    await until_in_use(db, 2)
    served: list[int] = []

    async def ask(number: int) -> None:
        async with db.transaction() as tx:
            served.append(number)
            await tx.execute("SELECT 1")

    await asyncio.gather(*holding, *(ask(number) for number in range(100)))
    assert served == list(range(100))


async def test_a_newcomer_does_not_overtake_those_who_wait(open_database: Opener) -> None:
    db = await open_database(maxsize=1, gate_timeout=5.0)
    served = []

    async def greedy() -> None:
        for _ in range(20):
            await db.execute("SELECT 1")
            served.append("greedy")

    async def patient() -> None:
        await db.execute("SELECT 1")
        served.append("patient")

    await asyncio.gather(greedy(), greedy(), patient())
    assert served.index("patient") <= 2


async def test_a_connection_that_hangs_while_opening_blocks_no_free_one(open_database: Opener, proxy: Proxy) -> None:
    db = await open_database(dsn=proxy.dsn, maxsize=3, gate_timeout=1.0)
    await db.execute("SELECT 1")
    proxy.freeze_new()
    holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.1}))
    await until_in_use(db, 1)
    started = time.monotonic()
    waiting = [asyncio.create_task(db.execute("SELECT 1")) for _ in range(3)]
    await eventually(lambda: proxy.taken == 3)
    assert await asyncio.gather(holding, *waiting) == [1] * 4
    assert time.monotonic() - started < 0.3
    assert proxy.taken == 3  # two more were tried, as many as may be opened at once


async def test_a_server_that_never_answers_is_unavailable_at_the_gate(open_database: Opener, proxy: Proxy) -> None:
    proxy.freeze()
    db = await open_database(dsn=proxy.dsn, gate_timeout=0.1)
    asking = [seconds_of(lambda: db.execute("SELECT 1"), Unavailable) for _ in range(20)]
    assert max(await asyncio.gather(*asking)) < 0.3
    assert proxy.taken == 2


async def test_a_connection_attempt_ends_in_time(open_database: Opener, proxy: Proxy) -> None:
    proxy.freeze()
    db = await open_database(dsn=proxy.dsn, connect_timeout=0.2)
    assert 0.2 <= await seconds_of(db.warm, Unavailable) < 0.4


async def test_an_old_connection_is_replaced_although_it_is_never_idle(open_database: Opener) -> None:
    db = await open_database(maxsize=1, max_age=0.1)
    backends: set[int] = set()
    give_up = time.monotonic() + 3.0
    while len(backends) < 3 and time.monotonic() < give_up:
        backends.add(await db.fetch_value("SELECT pg_backend_pid()"))
    assert len(backends) == 3


async def test_connections_do_not_all_grow_old_at_once(open_database: Opener) -> None:
    db = await open_database(maxsize=10, max_age=1000.0)
    await db.warm()
    ends = [connection.expires_at - asyncio.get_running_loop().time() for connection in db._gate._free]
    assert len({round(end) for end in ends}) > 5
    assert 799 < min(ends) < max(ends) < 1201


class TestCancelled:
    """A caller who goes away takes no connection along."""

    async def test_while_it_waits(self, open_database: Opener) -> None:
        db = await open_database(maxsize=1)
        holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.1}))
        await until_in_use(db, 1)
        waiting = asyncio.create_task(db.execute("SELECT 1"))
        await eventually(lambda: len(db._gate._waiting) == 1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert len(db._gate._waiting) == 0
        assert await holding == 1
        assert await db.fetch_value("SELECT 1") == 1

    async def test_in_the_moment_it_is_served(self, dsn: str) -> None:
        gate = Gate(DatabaseOptions(dsn=dsn, maxsize=1), NoMetrics())
        connection = await gate.wait()
        waiting = asyncio.create_task(gate.wait())
        await eventually(lambda: len(gate._waiting) == 1)
        gate.release(connection)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert gate.take() is connection
        gate.release(connection)
        await gate.close(0.0)

    async def test_in_the_moment_before_it_would_be_served(self, dsn: str) -> None:
        gate = Gate(DatabaseOptions(dsn=dsn, maxsize=1), NoMetrics())
        connection = await gate.wait()
        leaving, staying = (asyncio.create_task(gate.wait()) for _ in range(2))
        await eventually(lambda: len(gate._waiting) == 2)
        leaving.cancel()
        gate.release(connection)
        assert await staying is connection
        assert leaving.cancelled()
        gate.release(connection)
        await gate.close(0.0)

    async def test_while_its_connection_is_opened(self, open_database: Opener) -> None:
        db = await open_database(maxsize=1)
        asking = asyncio.create_task(db.execute("SELECT 1"))
        await asyncio.sleep(0)
        assert len(db._gate._opening) == 1
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert await db.fetch_value("SELECT 1") == 1
        assert db._gate.size == 1

    async def test_while_its_statement_runs(self, open_database: Opener, admin: Admin) -> None:
        db = await open_database(maxsize=2, statement_timeout=0, client_timeout=60, connection_check_interval=0.05)
        await db.warm()
        asking = asyncio.create_task(db.execute(SLEEP, {"seconds": 30}))
        await eventually(lambda: admin.sessions("active") == 1)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        await eventually(lambda: admin.sessions("active") == 0)
        assert await asyncio.gather(*(db.execute(SLEEP, {"seconds": 0.05}) for _ in range(2))) == [1, 1]
        assert admin.sessions() == 2


class TestClosing:
    async def test_lets_what_runs_finish(self, open_database: Opener, admin: Admin) -> None:
        db = await open_database()
        running = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.2}))
        await until_in_use(db, 1)
        await db.close(patience=3.0)
        assert await running == 1
        await eventually(lambda: admin.sessions() == 0)

    async def test_breaks_off_what_takes_too_long(self, open_database: Opener, admin: Admin) -> None:
        db = await open_database(statement_timeout=0, client_timeout=60, connection_check_interval=0.05)
        running = asyncio.create_task(db.execute(SLEEP, {"seconds": 30}))
        await until_in_use(db, 1)
        started = time.monotonic()
        await db.close(patience=0.2)
        assert 0.2 <= time.monotonic() - started < 0.4
        with pytest.raises(ConnectionLost):
            await running
        await eventually(lambda: admin.sessions() == 0)

    async def test_turns_away_those_who_wait_and_those_who_come(self, open_database: Opener) -> None:
        db = await open_database(maxsize=1, gate_timeout=5.0)
        running = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.1}))
        await until_in_use(db, 1)
        waiting = asyncio.create_task(db.execute("SELECT 1"))
        await eventually(lambda: len(db._gate._waiting) == 1)
        await db.close()
        assert await running == 1
        for late in (waiting, db.execute("SELECT 1"), db.warm()):
            with pytest.raises(Unavailable, match="closing"):
                await late

    async def test_ends_a_connection_being_opened(self, open_database: Opener, proxy: Proxy) -> None:
        proxy.freeze()
        db = await open_database(dsn=proxy.dsn)
        asking = asyncio.create_task(db.execute("SELECT 1"))
        await eventually(lambda: proxy.taken == 1)
        await db.close()
        with pytest.raises(Unavailable):
            await asking
        assert not db._gate._opening


class Record:
    """Metrics that remember."""

    def __init__(self) -> None:
        self.used_and_idle: list[tuple[int, int]] = []
        self.busy_seconds: list[float] = []
        self.waits: list[float] = []
        self.refused = 0

    def connections(self, used: int, idle: int) -> None:
        self.used_and_idle.append((used, idle))

    def busy(self, seconds: float) -> None:
        self.busy_seconds.append(seconds)

    def waited(self, seconds: float) -> None:
        self.waits.append(seconds)

    def timed_out(self) -> None:
        self.refused += 1


async def test_the_pool_reports_use_waits_and_refusals(open_database: Opener) -> None:
    record = Record()
    db = await open_database(maxsize=1, gate_timeout=0.15, metrics=record)
    await db.warm()
    assert record.used_and_idle[-1] == (0, 1)
    holding = asyncio.create_task(db.execute(SLEEP, {"seconds": 0.2}))
    await until_in_use(db, 1)
    assert record.used_and_idle[-1] == (1, 0)
    with pytest.raises(Busy):
        await db.execute("SELECT 1")
    await asyncio.gather(holding, db.execute("SELECT 1"))
    assert record.used_and_idle[-1] == (0, 1)
    assert record.refused == 1
    assert record.waits[0] == 0.0
    assert 0.01 < record.waits[1] < 0.15
    assert 0.2 <= record.busy_seconds[0] < 0.3


@pytest.mark.parametrize(
    "wrong",
    [
        {"maxsize": 0},
        {"max_waiting": 0},
        {"lock_timeout": 0.6},
        {"statement_timeout": 0.2},
        {"client_timeout": 0.5},
        {"statement_timeout": 0, "client_timeout": 0.1},
    ],
)
def test_limits_that_contradict_each_other_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"timeouts must grow|maxsize|max_waiting"):
        DatabaseOptions(**{"dsn": "", **wrong})  # type: ignore[arg-type] # the point of the test
