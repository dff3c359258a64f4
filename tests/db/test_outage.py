"""PostgreSQL goes away and comes back; nobody waits for long and nothing is lost."""

import asyncio
import os
import resource
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from backend.db.errors import ConnectionLost, DatabaseError, NoAnswer, Unavailable
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.db.conftest import Admin, Opener, eventually
from tests.db.proxy import Proxy
from tools.programs.postgres import Server


@pytest.fixture
async def own_database(own_server: Server) -> AsyncIterator[Database]:
    database = await Database.open(DatabaseOptions(dsn=own_server.dsn))
    await database.execute("CREATE TABLE sale (buyer int, number int)")
    yield database
    await database.close(patience=0.0)


async def test_buying_goes_on_right_after_a_restart_and_no_confirmed_sale_is_lost(
    own_server: Server, own_database: Database
) -> None:
    db = own_database
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    last_failure = 0.0
    done = asyncio.Event()

    async def buyer(name: int) -> None:
        nonlocal slowest, last_failure
        number = 0
        while not done.is_set():
            number += 1
            started = time.monotonic()
            try:
                await db.execute("INSERT INTO sale VALUES (%(b)s, %(n)s)", {"b": name, "n": number})
                outcomes["sold"] += 1
            except DatabaseError as error:
                outcomes["unknown" if isinstance(error, ConnectionLost) else "refused"] += 1
                last_failure = time.monotonic()
            slowest = max(slowest, time.monotonic() - started)
            await asyncio.sleep(0.005)

    buyers = [asyncio.create_task(buyer(name)) for name in range(20)]
    await eventually(lambda: outcomes["sold"] > 200)
    await asyncio.to_thread(own_server.stop)
    await eventually(lambda: outcomes["refused"] > 20)
    await asyncio.to_thread(own_server.start)
    back = time.monotonic()
    before = outcomes["sold"]
    await eventually(lambda: outcomes["sold"] > before + 200, within=5.0)
    done.set()
    await asyncio.gather(*buyers)
    assert last_failure - back < 0.5
    assert slowest < 0.5
    rows = await db.fetch_value("SELECT count(*) FROM sale")
    assert outcomes["sold"] <= rows <= outcomes["sold"] + outcomes["unknown"]


async def test_while_postgresql_is_down_the_answer_is_quick(own_server: Server, own_database: Database) -> None:
    await asyncio.to_thread(own_server.stop)
    slowest = 0.0
    started = asked = time.monotonic()
    while asked - started < 0.5:
        with pytest.raises(Unavailable):
            await own_database.execute("SELECT 1")
        slowest = max(slowest, time.monotonic() - asked)
        asked = time.monotonic()
        await asyncio.sleep(0.001)
    assert slowest < 0.15


async def test_a_hung_postgresql_is_given_up_on_and_used_again_when_it_is_back(
    open_database: Opener, proxy: Proxy
) -> None:
    db = await open_database(dsn=proxy.dsn, maxsize=4, connect_timeout=1.0)
    await db.warm()
    proxy.freeze()
    started = time.monotonic()
    failures = await asyncio.gather(*(db.fetch_value("SELECT 1", retry=True) for _ in range(4)), return_exceptions=True)
    assert [type(failure) for failure in failures] == [NoAnswer] * 4
    while time.monotonic() - started < 1.5:
        asked = time.monotonic()
        with pytest.raises(Unavailable):
            await db.fetch_value("SELECT 1")
        assert time.monotonic() - asked < 0.4
    proxy.thaw()
    back = time.monotonic()
    answer = None
    while answer is None and time.monotonic() - back < 5.0:
        with suppress(Unavailable):
            answer = await db.fetch_value("SELECT 1")
    assert time.monotonic() - back < 1.5
    assert answer == 1


async def test_every_connection_ended_at_once_costs_a_reader_nothing(open_database: Opener, admin: Admin) -> None:
    db = await open_database(maxsize=5)
    await db.warm()
    reading = [asyncio.create_task(db.fetch_value("SELECT 7 FROM pg_sleep(0.1)", retry=True)) for _ in range(5)]
    await eventually(lambda: admin.sessions("active") == 5)
    admin.end_sessions()
    assert await asyncio.gather(*reading) == [7] * 5


async def test_a_lost_connection_is_noticed_among_thousands_of_customers(open_database: Opener, admin: Admin) -> None:
    """Descriptors over 1023 are more than select() takes, which aiopg asks when a connection breaks."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    customers = [os.open(os.devnull, os.O_RDONLY) for _ in range(1100)]
    try:
        db = await open_database(maxsize=1, statement_timeout=0, client_timeout=2.0)
        asking = asyncio.create_task(db.execute("SELECT pg_sleep(60)"))
        await eventually(lambda: admin.sessions("active") == 1)
        admin.end_sessions()
        with pytest.raises(ConnectionLost) as caught:
            await asking
        assert not isinstance(caught.value, NoAnswer)
        assert await db.fetch_value("SELECT 1") == 1
    finally:
        for customer in customers:
            os.close(customer)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_looking_up_the_host_does_not_stop_the_event_loop(
    open_database: Opener, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]

    def slow_dns(host: str, *_: object, **__: object) -> list[object]:
        assert host == "database.example"
        time.sleep(0.3)
        return list(answer)

    monkeypatch.setattr(socket, "getaddrinfo", slow_dns)
    db = await open_database(dsn=proxy.dsn.replace("localhost", "database.example"), gate_timeout=2.0)
    asking = asyncio.create_task(db.fetch_value("SELECT 1"))
    longest = 0.0
    while not asking.done():
        before = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - before)
    assert await asking == 1
    assert longest < 0.15


async def test_an_unknown_host_is_unavailable(open_database: Opener) -> None:
    db = await open_database(dsn="postgresql://postgres@nowhere.invalid/tickets", gate_timeout=5.0)
    with pytest.raises(Unavailable) as caught:
        await db.execute("SELECT 1")
    assert "no connection within" not in str(caught.value)
