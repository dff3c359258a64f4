"""What the shop says of itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from tests.box_office import BoxOffice
from tests.shop import ROOT, Shop, running_shop


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
    assert stale == {"broken": [], "checked_at": None}
    assert fresh["broken"] == [f"stock: pool {sale.pool_id}: capacity 10, available 9, held 0, sold 0"]
    assert abs(datetime.fromisoformat(fresh["checked_at"]) - datetime.now(UTC)) < timedelta(seconds=5)
