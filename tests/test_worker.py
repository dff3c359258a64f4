"""The worker: what must happen without any customer's request happens, once, and goes on after any trouble."""

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from backend import worker
from backend.db.migrate import migrate
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.box_office import BoxOffice, Sale, eventually
from tests.messaging.letters import PostOffice, post_office
from tests.shop import Shop, backend_process, free_ports, running_shop, variables, working
from tools.programs.postgres import Server


@pytest.fixture
async def office() -> AsyncIterator[PostOffice]:
    async with post_office() as office:
        yield office


@pytest.fixture
async def shop(box_office: BoxOffice, dsn: str, tmp_path: Path, office: PostOffice) -> AsyncIterator[Shop]:
    """A shop that nobody works behind yet."""
    smtp = f"smtp://127.0.0.1:{office.port}"
    async with running_shop(box_office, dsn, tmp_path, worker=False, smtp_url=smtp) as shop:
        yield shop


async def buy(shop: Shop, sale: Sale, buyer: int) -> str:
    """A ticket, paid by card; answers where to cancel it."""
    held = await shop.hold(sale)
    bought = await shop.check_out(held.body["basket_id"], email=f"{buyer}@example.com")
    assert bought.status == 200, bought.body
    return f"/api/orders/{bought.body['order_id']}/cancel?token={bought.body['order_token']}"


def subjects(office: PostOffice) -> Counter[str]:
    """How many letters of each kind."""
    return Counter(re.sub(r" (for|of) .*|(?<=:) .*", "", str(letter["Subject"])) for letter in office.letters)


async def test_tickets_are_back_within_two_seconds_of_their_time(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=10)
    seats = await shop.box_office.publish(capacity=10, seated=True)
    async with working(shop.settings) as port:
        await shop.hold(sale, 4)
        await shop.hold(seats, 3)
        await shop.box_office.database.execute("UPDATE hold SET expires_at = now() + interval '0.4 s'")
        expired = "NOT EXISTS (SELECT 1 FROM hold WHERE state = 'held')"
        await shop.settled(expired)
        late = await shop.box_office.value("SELECT extract(epoch FROM now() - max(expires_at)) FROM hold")
        assert late < 2
        assert [await shop.box_office.available(each) for each in (sale, seats)] == [10, 10]
        assert await shop.box_office.value("SELECT count(*) FROM seat WHERE hold_id IS NOT NULL") == 0
        assert (await shop.metrics(port))["holds_expired_total"] == 2
    assert await shop.broken() == []


async def test_what_does_not_agree_is_told_everywhere_until_it_agrees_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "_CHECK_SECONDS", 0.1)
    assert (await shop.ask("GET", "/api/status")).body["invariants"] == {
        "broken": [],
        "checked_at": None,
        "known": True,
    }
    sale = await shop.box_office.publish(capacity=10)
    change = partial(shop.box_office.database.execute, params={"pool": sale.pool_id})
    async with working(shop.settings) as port:

        async def told() -> tuple[list[str], float, float]:
            metrics = await shop.metrics(port)
            status = (await shop.ask("GET", "/api/status")).body["invariants"]
            return status["broken"], metrics.get("invariants_broken", -1), metrics.get("tickets_oversold", -1)

        async def tells(broken: list[str], oversold: int) -> bool:
            return await told() == (broken, len(broken), oversold)

        await eventually(lambda: tells([], 0))
        # Sold beyond the capacity, as only a bug or a hand in the database can.
        await shop.hold(sale, 3)
        await change("UPDATE pool SET capacity = 2, available = 0 WHERE id = %(pool)s")
        expected = f"stock: pool {sale.pool_id}: capacity 2, available 0, held 3, sold 0"
        await eventually(lambda: tells([expected], 1))
        assert f"invariant broken: {expected}" in caplog.text
        await change("UPDATE hold SET state = 'cancelled', pool_id = %(pool)s")
        await change("UPDATE pool SET available = 2 WHERE id = %(pool)s")
        await eventually(lambda: tells([], 0))
    checked_at = (await shop.ask("GET", "/api/status")).body["invariants"]["checked_at"]
    assert checked_at.endswith("Z")


async def test_two_workers_do_everything_once(shop: Shop, office: PostOffice) -> None:
    sale = await shop.box_office.publish(capacity=100, price=1000)
    orders = await asyncio.gather(*(buy(shop, sale, number) for number in range(40)))
    for cancel in orders[:8]:
        assert (await shop.ask("POST", cancel, {})).status == 200
    await asyncio.gather(*(shop.hold(sale) for _ in range(30)))  # and nobody pays for these
    await shop.box_office.database.execute("UPDATE hold SET expires_at = now() WHERE state = 'held'")
    async with working(shop.settings) as one, working(shop.settings) as other:
        # The letter about tickets that were given back before it was written is not sent.
        expected = {"Your ticket": 32, "Cancelled:": 8, "Your refund": 8}
        await eventually(lambda: all_delivered(shop, office, sum(expected.values())), within=15)
        await shop.settled("NOT EXISTS (SELECT 1 FROM hold WHERE state = 'held')")
        counted = [await shop.metrics(port) for port in (one, other)]
    assert subjects(office) == expected
    assert len({letter["Message-ID"] for letter in office.letters}) == len(office.letters)
    relayed = [metrics['events_relayed_total{result="relayed",sink="mail"}'] for metrics in counted]
    assert sum(relayed) == len(office.letters)
    assert all(relayed), "one of them did it all"
    assert sum(metrics["holds_expired_total"] for metrics in counted) == 30
    assert await shop.box_office.value("SELECT count(*) FROM refund WHERE status = 'done'") == 8
    assert await shop.box_office.available(sale) == 100 - 32
    assert await shop.broken() == []


async def all_delivered(shop: Shop, office: PostOffice, letters: int) -> bool:
    """Whether so many letters came and nothing more is on its way."""
    waiting = """
        SELECT count(*) FROM delivery
        UNION ALL SELECT count(*) FROM outbox WHERE routed_at IS NULL
        UNION ALL SELECT count(*) FROM refund WHERE status <> 'done'
    """
    return len(office.envelopes) >= letters and not any(count for (count,) in await shop.box_office.rows(waiting))


async def test_five_seconds_after_an_outage_everything_goes_on(
    own_server: Server, office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_CHECK_SECONDS", 0.5)
    await migrate(own_server.dsn)
    async with AsyncExitStack() as stack:
        database = await Database.open(DatabaseOptions(dsn=own_server.dsn))
        stack.push_async_callback(database.close, patience=1.0)
        box_office, smtp = BoxOffice(database), f"smtp://127.0.0.1:{office.port}"
        shop = await stack.enter_async_context(running_shop(box_office, own_server.dsn, tmp_path, smtp_url=smtp))
        sale = await box_office.publish(capacity=10)
        await eventually(lambda: box_office.value("SELECT checked_at FROM invariant_check"))
        await asyncio.to_thread(own_server.restart)
        back = datetime.now(UTC)

        async def sells() -> bool:
            return (await shop.hold(sale, 3)).status == 201

        async with asyncio.timeout(5):
            await eventually(sells)
            await buy(shop, sale, 1)
            await database.execute("UPDATE hold SET expires_at = now() WHERE state = 'held'")
            checked = "EXISTS (SELECT 1 FROM invariant_check WHERE checked_at > %(back)s AND broken = '{}')"
            await shop.settled(f"(SELECT available = 9 FROM pool) AND {checked}", back=back)
            await eventually(lambda: all_delivered(shop, office, 1))
        assert await shop.broken() == []


async def test_told_to_stop_it_finishes_its_letters_and_leaves_the_rest_to_the_next(
    shop: Shop, office: PostOffice
) -> None:
    sale = await shop.box_office.publish(capacity=200)
    await asyncio.gather(*(buy(shop, sale, number) for number in range(60)))
    async with backend_process(variables(shop.settings), "worker") as process:
        await eventually(lambda: arrived(office, 5), within=15)
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await process.wait() == 0
    assert 5 <= len(office.envelopes) < 60
    async with working(shop.settings):
        await eventually(lambda: all_delivered(shop, office, 60), within=15)
    assert set(Counter(letter["To"] for letter in office.letters).values()) == {1}


async def arrived(office: PostOffice, letters: int) -> bool:
    return len(office.envelopes) >= letters


async def test_a_worker_is_ready_once_its_database_has_answered_with_the_schema_that_it_needs(shop: Shop) -> None:
    async def ready(port: int) -> tuple[int, str]:
        async with shop.client.get(f"http://127.0.0.1:{port}/readiness") as answer:
            return answer.status, (await answer.json())["status"]

    async def says(port: int, status: int, word: str) -> bool:
        return await ready(port) == (status, word)

    (nobody,) = free_ports(1)
    away = shop.settings.model_copy(update={"database_url": f"postgresql://127.0.0.1:{nobody}/away"})
    async with working(away) as port:
        assert await ready(port) == (503, "warming up")
    await shop.box_office.database.execute("UPDATE schema_migrations SET version = -version WHERE version > 1")
    async with working(shop.settings) as port:
        await eventually(lambda: says(port, 503, "schema too old"))
        await shop.box_office.database.execute("UPDATE schema_migrations SET version = -version WHERE version < 0")
        await eventually(lambda: says(port, 200, "ready"))
