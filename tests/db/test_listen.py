import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from backend.db import listen as module
from backend.db.listen import News, listen
from tests.db.conftest import Admin, eventually
from tests.db.proxy import Proxy

ANEW = News(resync=True)


async def next_of(news: AsyncGenerator[News, None], within: float = 3.0) -> News:
    async with asyncio.timeout(within):
        return await anext(news)


def notify(admin: Admin, channel: str, payload: str) -> None:
    admin.value("SELECT pg_notify(%s, %s)", channel, payload)


async def test_first_everything_is_read_then_what_is_notified(dsn: str, admin: Admin) -> None:
    async with aclosing(listen(dsn, ["availability", "orders"])) as news:
        assert await next_of(news) == ANEW
        notify(admin, "orders", "7")
        assert await next_of(news) == News(resync=False, notices=(("orders", "7"),))


async def test_a_slow_reader_gets_what_gathered_without_repeats(dsn: str, admin: Admin) -> None:
    async with aclosing(listen(dsn, ["availability"])) as news:
        await next_of(news)
        for number in range(200):
            notify(admin, "availability", f"event {number % 2}")
        notify(admin, "availability", "end")
        heard: list[str] = []
        while "end" not in heard:
            heard += [payload for _, payload in (await next_of(news)).notices]
        assert set(heard) == {"event 0", "event 1", "end"}
        assert len(heard) < 20


async def test_nothing_is_lost_between_hearing_the_first_and_asking_for_more(dsn: str, admin: Admin) -> None:
    async with aclosing(listen(dsn, ["availability"])) as news:
        await next_of(news)
        heard: list[str] = []
        for number in range(50):
            notify(admin, "availability", str(number))
            if number % 7 == 0:
                heard += [payload for _, payload in (await next_of(news)).notices]
        while len(heard) < 50:
            heard += [payload for _, payload in (await next_of(news)).notices]
        assert heard == [str(number) for number in range(50)]


async def test_after_a_lost_connection_everything_is_read_anew(dsn: str, admin: Admin) -> None:
    async with aclosing(listen(dsn, ["availability"])) as news:
        await next_of(news)
        admin.end_sessions()
        assert await next_of(news) == ANEW
        notify(admin, "availability", "event 1")
        assert await next_of(news) == News(resync=False, notices=(("availability", "event 1"),))


async def test_a_connection_whose_other_end_vanished_is_given_up(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL", 0.1)
    monkeypatch.setattr(module, "_ANSWER", 0.6)
    async with aclosing(listen(proxy.dsn, ["availability"])) as news:
        await next_of(news)
        proxy.freeze()
        again = asyncio.create_task(next_of(news, within=5.0))
        await eventually(lambda: proxy.taken >= 2)
        proxy.thaw()
        assert await again == ANEW


async def test_a_quiet_channel_stays_open(dsn: str, admin: Admin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_POLL", 0.02)
    async with aclosing(listen(dsn, ["availability"])) as news:
        await next_of(news)
        heard = asyncio.create_task(next_of(news))
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT 1'"
        await eventually(lambda: admin.value(asked) == 1)
        notify(admin, "availability", "event 1")
        assert (await heard).notices == (("availability", "event 1"),)


async def test_hanging_up_leaves_no_session_behind(dsn: str, admin: Admin) -> None:
    async def read() -> None:
        async with aclosing(listen(dsn, ["availability"])) as news:
            async for _ in news:
                connected.set()

    connected = asyncio.Event()
    reading = asyncio.create_task(read())
    await connected.wait()
    assert admin.sessions() == 1
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await eventually(lambda: admin.sessions() == 0)


def test_pauses_grow_and_stay_short() -> None:
    pauses = [module._pause(failures) for failures in (1, 2, 3, 50)]
    assert 0.1 <= pauses[0] <= 0.2
    assert 1.0 <= pauses[-1] <= 2.0
