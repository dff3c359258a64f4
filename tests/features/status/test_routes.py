"""What the shop says of itself."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from slo import series
from tests.box_office import BoxOffice, eventually
from tests.prometheus import FakePrometheus, Recorded, drip
from tests.shop import ROOT, Shop, running_shop
from tools.programs.postgres import Server


@pytest.fixture
async def shop(box_office: BoxOffice, dsn: str, tmp_path: Path) -> AsyncIterator[Shop]:
    async with running_shop(box_office, dsn, tmp_path, worker=False) as shop:
        yield shop


async def test_the_objectives_are_those_of_the_promise(shop: Shop) -> None:
    status = (await shop.ask("GET", "/api/status")).body
    promised = yaml.safe_load((ROOT / "slo.yaml").read_text())
    assert status["service"] == promised["service"]
    assert status["objectives"]["availability"] == promised["objectives"]["availability"]
    assert status["objectives"]["latency"] == promised["objectives"]["latency"]
    assert abs(datetime.fromisoformat(status["now"]) - datetime.now(UTC)) < timedelta(seconds=5)


async def test_a_fresh_check_finds_what_was_broken_a_moment_ago(shop: Shop) -> None:
    sale = await shop.box_office.publish(capacity=10)
    await shop.box_office.database.execute("UPDATE pool SET available = 9")
    stale = (await shop.ask("GET", "/api/status")).body["invariants"]
    fresh = (await shop.ask("GET", "/api/status?fresh=1")).body["invariants"]
    assert stale == {"broken": [], "checked_at": None, "known": True}
    assert fresh["broken"] == [f"stock: pool {sale.pool_id}: capacity 10, available 9, held 0, sold 0"]
    assert abs(datetime.fromisoformat(fresh["checked_at"]) - datetime.now(UTC)) < timedelta(seconds=5)


async def test_without_prometheus_it_says_so_and_how_to_add_it(shop: Shop) -> None:
    status = (await shop.ask("GET", "/api/status")).body
    assert status["prometheus"] == "missing"
    assert "PROMETHEUS_URL" in status["advice"]
    assert {line["left"] for line in status["budgets"]} == {None}


async def test_all_who_ask_share_what_prometheus_was_asked_once(
    box_office: BoxOffice, dsn: str, tmp_path: Path
) -> None:
    labels = {"slo": "availability", "journey": "book"}
    fake = FakePrometheus([Recorded(series.BUDGET_LEFT, labels, {0: 0.4})])
    async with (
        fake.serving() as url,
        running_shop(box_office, dsn, tmp_path, worker=False, prometheus_url=url) as shop,
    ):
        answers = await asyncio.gather(*(shop.ask("GET", "/api/status") for _ in range(50)))
    assert {line["left"] for answer in answers for line in answer.body["budgets"]} == {0.4, None}
    assert len(fake.asked) == 3


async def test_a_prometheus_that_never_answers_costs_nobody_more_than_two_seconds(
    box_office: BoxOffice, dsn: str, tmp_path: Path
) -> None:
    async with (
        FakePrometheus(fault=drip).serving() as url,
        running_shop(box_office, dsn, tmp_path, worker=False, prometheus_url=url) as shop,
    ):
        answer = await shop.ask("GET", "/api/status")
    assert (answer.status, answer.body["prometheus"]) == (200, "unreachable")


async def test_while_the_database_is_away_the_rest_is_shown(
    box_office: BoxOffice, own_server: Server, tmp_path: Path
) -> None:
    async with running_shop(box_office, own_server.dsn, tmp_path, worker=False) as shop:
        await asyncio.to_thread(own_server.stop)

        async def unknown() -> bool:
            answer = await shop.ask("GET", "/api/status")
            return answer.status == 200 and not answer.body["invariants"]["known"]

        await eventually(unknown, within=10)
