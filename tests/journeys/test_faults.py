"""The database goes away, the process is told to stop, a whole crowd comes: nothing is lost and nothing sold twice."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from backend.db.migrate import migrate
from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from tests.box_office import BoxOffice, eventually
from tests.journeys.conftest import OpenShop
from tests.shop import Answer, Shop, backend_process, free_ports, running_shop, together
from tools.programs.postgres import Server


@pytest.fixture
async def fragile_shop(own_server: Server, tmp_path: Path) -> AsyncIterator[Shop]:
    await migrate(own_server.dsn)
    database = await Database.open(DatabaseOptions(dsn=own_server.dsn, gate_timeout=5.0))
    async with running_shop(BoxOffice(database), own_server.dsn, tmp_path) as shop:
        yield shop
    await database.close(patience=1.0)


async def test_the_database_is_restarted_while_customers_buy(fragile_shop: Shop, own_server: Server) -> None:
    shop = fragile_shop
    sale = await shop.box_office.publish(capacity=100_000, price=1000)
    assert (await shop.check_out(await shop.basket(sale))).status == 200
    answers: list[Answer] = []
    going = True

    async def buy() -> None:
        while going:
            held = await shop.hold(sale)
            answers.append(held)
            if held.status == 201:
                answers.append(await shop.check_out(held.body["basket_id"]))
            else:
                await asyncio.sleep(0.05)

    async def buys_again() -> bool:
        held = await shop.hold(sale)
        return held.status == 201 and (await shop.check_out(held.body["basket_id"])).status == 200

    buyers = [asyncio.ensure_future(buy()) for _ in range(10)]
    await eventually(lambda: _true(len(answers) > 50))
    await asyncio.to_thread(own_server.stop)
    seen = len(answers)
    await eventually(lambda: _true(len(answers) > seen + 30))
    await asyncio.to_thread(own_server.start)
    await eventually(buys_again, within=5.0)
    going = False
    await asyncio.gather(*buyers)

    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 201, 202, 503}, statuses
    assert statuses[503] >= 30
    assert all("Retry-After" in answer.headers for answer in answers if answer.status == 503)
    told = {answer.body["order_id"] for answer in answers if answer.status == 200}
    assert await shop.box_office.value("SELECT count(*) FROM orders WHERE status = 'paid'") >= len(told)
    assert await shop.broken() == []


async def _true(condition: bool) -> bool:  # noqa: FBT001 - wraps one
    return condition


async def test_ten_thousand_tickets_and_five_hundred_buyers(open_shop: OpenShop) -> None:
    async with open_shop() as shop:
        sale = await shop.box_office.publish(capacity=10_000)
        results: Counter[int] = Counter()

        async def buy(number: int) -> None:
            quantity = number % 10 + 1
            while True:
                answer = await shop.hold(sale, quantity)
                results[answer.status] += 1
                if answer.status != 201:
                    left = answer.body["available_tickets"]
                    if not left:
                        return
                    quantity = min(quantity, left)

        await asyncio.gather(*(buy(number) for number in range(500)))
        assert set(results) == {201, 409}
        assert await shop.box_office.available(sale) == 0
        assert await shop.box_office.value("SELECT sum(quantity) FROM hold") == 10_000
        assert await shop.broken() == []


async def test_a_process_told_to_stop_during_a_sale_finishes_what_it_answers(box_office: BoxOffice, dsn: str) -> None:
    sale = await box_office.publish(capacity=100_000)
    port, metrics_port = free_ports(2)
    variables = {
        "ENVIRONMENT": "test", "HOST": "127.0.0.1", "PORT": str(port), "METRICS_PORT": str(metrics_port),
        "DATABASE_URL": dsn, "SECRET_KEY": "a secret for tests only",
    }  # fmt: skip
    held: list[str] = []
    async with (
        backend_process(variables, "serve") as process,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}", cookie_jar=aiohttp.DummyCookieJar()) as client,
    ):

        async def ready() -> bool:
            try:
                async with client.get("/readiness") as response:
                    return response.status == 200
            except aiohttp.ClientError:
                return False

        async def buy() -> None:
            body = orjson.dumps({"event_id": sale.event_id})
            while True:
                try:
                    async with client.post("/api/basket", data=body) as response:
                        assert response.status == 201
                        held.append((await response.json())["basket_id"])
                except aiohttp.ClientError:
                    return  # no longer listening

        await eventually(ready, within=15)
        buyers = [asyncio.ensure_future(buy()) for _ in range(20)]
        await eventually(lambda: _true(len(held) > 200))
        process.send_signal(signal.SIGINT)
        await asyncio.gather(*buyers)
        assert await asyncio.wait_for(process.wait(), 15) == 0
    assert await box_office.value("SELECT count(DISTINCT basket_id) FROM hold") >= len(set(held)) > 200
    assert await box_office.broken() == []


async def test_limits_hold_back_one_client_and_nobody_else(open_shop: OpenShop) -> None:
    async with open_shop(limit_tickets_per_address=4, trusted_hops=1) as shop:
        sale = await shop.box_office.publish()

        async def hold(address: str) -> Answer:
            body = {"event_id": sale.event_id, "quantity": 2}
            return await shop.ask("POST", "/api/basket", body, X_Forwarded_For=f"198.51.100.9, {address}")

        answers = await together(*(hold("192.0.2.1") for _ in range(5)), hold("192.0.2.2"))
        assert Counter(answer.status for answer in answers[:5]) == {201: 2, 429: 3}
        assert next(answer for answer in answers if answer.status == 429).headers["Retry-After"]
        assert answers[5].status == 201


async def test_requests_beyond_the_rate_of_one_address_are_turned_away(open_shop: OpenShop) -> None:
    async with open_shop(limit_requests_per_second=5) as shop:
        answers = await together(*(shop.ask("GET", "/api/events") for _ in range(30)))
        statuses = Counter(answer.status for answer in answers)
        assert statuses[200] >= 5
        assert statuses[429] >= 10
