import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.db.listen import News
from backend.db.pool import Database
from backend.features.catalogue import availability
from backend.features.catalogue.apply import apply_events
from backend.features.catalogue.catalogue import Catalogue
from backend.features.catalogue.routes import CATALOGUE, catalogue_routes
from backend.telemetry.logs import LogOptions, RequestLog
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from backend.web.edge import Edge, EdgeOptions
from backend.web.health import Health
from backend.web.sse import Hub
from tests.box_office import BoxOffice, eventually
from tests.features.catalogue.samples import season, write


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> float:
        return self.now.timestamp()

    def pass_seconds(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Visitor:
    """A customer in front of a running catalogue, who can also see behind it."""

    def __init__(self, db: Database, dsn: str, folder: Path) -> None:
        self.db = db
        self.dsn = dsn
        self.clock = Clock()
        self.hub = Hub()
        self.catalogue = Catalogue(db, self.hub, self.clock)
        self.box_office = BoxOffice(db)
        self.heard: list[News] = []
        self.client: aiohttp.ClientSession
        self._folder = folder

    async def publish(self, *events: str, before: str = "") -> list[int]:
        """Apply a file of these events, as of the visitor's clock; answer their numbers."""
        path = write(self._folder, season(*events, before=before))
        return [change.event_id for change in await apply_events(self.db, path, now=self.clock.now)]

    async def ask(self, path: str, **request: Any) -> tuple[int, Any]:
        """Status and JSON body."""
        async with self.client.get(path, **request) as answer:
            return answer.status, await answer.json(content_type=None)

    async def names(self, query: str = "") -> list[str]:
        """The events that a search finds, in its order."""
        status, body = await self.ask(f"/api/events{query}")
        assert status == 200, body
        assert body["count"] == len(body["events"])
        return [event["name"] for event in body["events"]]

    async def news(self, count: int) -> None:
        """Wait until so many news have been taken in, the first connection's included."""

        async def heard() -> bool:
            return len(self.heard) >= count

        await eventually(heard)

    async def take(self, pool: str, quantity: int) -> None:
        """Somebody holds so many of a pool's tickets, as far as the list can see."""
        await self.db.execute(
            "UPDATE pool SET available = available - %(quantity)s WHERE name = %(pool)s",
            {"pool": pool, "quantity": quantity},
        )


@pytest.fixture
async def visitor(db: Database, dsn: str, tmp_path: Path) -> AsyncIterator[Visitor]:
    made = Visitor(db, dsn, tmp_path)
    app = web.Application()
    app[CATALOGUE] = made.catalogue
    made.hub.serve(app)
    metrics = Metrics(load_promise())
    health = Health(warmed=True, schema_current=True)
    Edge(EdgeOptions(), metrics.http, health, RequestLog(LogOptions(sample=0.0))).serve(app, catalogue_routes)
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as client:
        made.client = client
        yield made


@pytest.fixture
async def live(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Visitor]:
    """The visitor, with a catalogue that hears what other processes change, and does not look by itself."""
    monkeypatch.setattr(availability, "_POLL", 600.0)
    catalogue = visitor.catalogue
    take = catalogue.take

    def taken(news: News) -> None:
        take(news)
        visitor.heard.append(news)

    catalogue.take = taken  # type: ignore[method-assign] # announces the calls
    jobs = [asyncio.create_task(job) for job in (catalogue.follow(visitor.dsn), catalogue.feed.run())]
    await visitor.news(1)
    yield visitor
    for job in jobs:
        job.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*jobs)
