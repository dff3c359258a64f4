"""One shop for all tests of the waiting room, governed by hand: nothing happens in it until a test says so."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from backend.db.options import DatabaseOptions
from backend.db.pool import Database
from backend.features.waiting.governor import Governor, Terms
from backend.telemetry.metrics import Metrics
from backend.telemetry.promise import load_promise
from tests.box_office import BoxOffice, Sale, eventually
from tests.features.waiting.people import OBJECTIVES, Person, put_room
from tests.shop import Shop, running_shop
from tools.programs.postgres import Server


@dataclass
class Rooms:
    """A shop with waiting rooms, and who governs them."""

    shop: Shop
    governor: Governor
    metrics: Metrics
    terms: Terms

    async def sale(self, mode: str = "on", **more: Any) -> Sale:
        """An event with a room that is open, unless its sale is to come."""
        sale = await self.shop.box_office.publish(**more)
        await put_room(self.shop.box_office, sale, mode)
        await self.govern(2)
        state = await self.shop.box_office.value(
            "SELECT state FROM room WHERE event_id = %(event)s", event=sale.event_id
        )
        await eventually(lambda: self._shows(sale, state))
        return sale

    async def govern(self, times: int = 1) -> None:
        for _ in range(times):
            # As if a second had gone by.
            await self.shop.box_office.database.execute("UPDATE room SET governed_at = now() - interval '1 second'")
            await self.governor.govern()

    async def person(self, sale: Sale) -> Person:
        """Somebody with a place."""
        person = Person(self.shop, sale)
        assert (await person.take()).status == 201, person.said
        return person

    async def admitted(self, sale: Sale) -> Person:
        person = await self.person(sale)
        await self.govern()
        await person.until("admitted")
        return person

    async def _shows(self, sale: Sale, state: str) -> bool:
        return bool((await self.shop.ask("GET", f"/api/events/{sale.event_id}")).body["waiting_room"] == state)


@pytest.fixture(scope="session")
async def rooms(server: Server, template: str) -> AsyncIterator[Rooms]:
    dsn = server.create_database("waiting_rooms", template=template)
    database = await Database.open(
        DatabaseOptions(dsn=dsn, gate_timeout=5.0, statement_timeout=5.0, client_timeout=6.0)
    )
    metrics = Metrics(load_promise())
    terms = Terms(gather=timedelta(minutes=30), lasts=timedelta(minutes=5))
    governor = Governor(database, metrics.waiting, OBJECTIVES, terms)
    with TemporaryDirectory(prefix="tickets-") as folder:
        async with running_shop(BoxOffice(database), dsn, Path(folder), worker=False, trusted_hops=1) as shop:
            yield Rooms(shop, governor, metrics, terms)
    await database.close(patience=1.0)
    server.drop_database("waiting_rooms")
