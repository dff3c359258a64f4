"""One shop for all load tests: the real application, worker and payment provider, with the demo season on sale."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.catalogue.seed import seed
from tests.box_office import BoxOffice
from tests.shop import Shop, running_shop
from tools.programs.postgres import Server


@pytest.fixture(scope="package")
def stocked(server: Server, template: str) -> Iterator[str]:
    """A database of their own."""
    yield server.create_database("shop_under_load", template=template)
    server.drop_database("shop_under_load")


@pytest.fixture(scope="package")
async def shop(stocked: str) -> AsyncIterator[Shop]:
    database = await Database.open(DatabaseOptions(dsn=stocked, gate_timeout=5.0))
    await seed(database, environment="test", now=datetime.now(UTC))
    with TemporaryDirectory(prefix="load-") as folder:
        async with running_shop(BoxOffice(database), stocked, Path(folder)) as shop:
            yield shop
    await asyncio.sleep(0)
    await database.close(patience=1.0)
