"""An outbox to fill, and sinks to watch."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from backend.db.pool import Database
from backend.messaging.events import Failure, OutboxEvent, Outcome
from backend.messaging.loops import Pause
from backend.messaging.relay import Relay, Retries

QUICK = Pause(0.005, 0.02)
EAGER = Retries(attempts=3, first=0.01, longest=0.01)


class Outbox:
    """Writes events as the shop's functions do, and looks at what became of them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def add(self, type_: str = "order.paid", number: int = 1, **payload: Any) -> list[int]:
        rows = await self.database.fetch_all(
            "INSERT INTO outbox (type, payload) SELECT %(type)s, %(payload)s FROM generate_series(1, %(n)s)"
            " RETURNING id",
            {"type": type_, "payload": payload, "n": number},
        )
        return [row[0] for row in rows]

    async def unrouted(self) -> int:
        return int(await self.database.fetch_value("SELECT count(*) FROM outbox WHERE routed_at IS NULL"))

    async def deliveries(self) -> list[tuple[str, int, str, int]]:
        """(sink, event, status, attempts) of what is not delivered."""
        sql = "SELECT sink, outbox_id, status, attempts FROM delivery ORDER BY sink, outbox_id"
        return [tuple(row) for row in await self.database.fetch_all(sql)]

    async def errors(self) -> list[str]:
        return [row[0] for row in await self.database.fetch_all("SELECT error FROM delivery ORDER BY outbox_id")]

    async def all_are(self, sink: str, status: str) -> bool:
        """Whether there are deliveries of this sink, and all have this status."""
        return {row[2] for row in await self.deliveries() if row[0] == sink} == {status}

    async def has_delivered(self, sink: str) -> bool:
        return all(row[0] != sink for row in await self.deliveries())

    async def lease_is_over(self) -> None:
        """What time would do."""
        await self.database.execute("UPDATE delivery SET next_attempt_at = now()")

    async def empty(self) -> bool:
        """Whether everything was routed and delivered."""
        return await self.unrouted() == 0 and await self.deliveries() == []


Answer = Callable[[OutboxEvent], Outcome]


@dataclass
class Recorder:
    """A sink that writes down what it gets. answer: what it says of an event; held: it answers once this is set."""

    name: str = "recorder"
    wants: frozenset[str] = frozenset({"order.paid"})
    needs_address: bool = False
    batch: int = 10
    concurrency: int = 1
    timeout: float = 5.0
    answer: Answer = lambda _event: "relayed"
    held: asyncio.Event | None = None
    got: list[int] = field(default_factory=list)

    async def deliver(self, events: Sequence[OutboxEvent]) -> Sequence[Outcome]:
        self.got += [event.id for event in events]
        if self.held is not None:
            await self.held.wait()
        return [self.answer(event) for event in events]


def refuse(_event: OutboxEvent) -> Outcome:
    return Failure("the printer is on fire")


@dataclass
class Meter:
    """Figures by name, as the metrics keep them."""

    figures: dict[tuple[str, ...], float] = field(default_factory=dict)
    key: tuple[str, ...] = ()

    def labels(self, *values: str) -> "Meter":
        return Meter(self.figures, values)

    def inc(self, amount: float = 1) -> None:
        self.figures[self.key] = self.figures.get(self.key, 0) + amount

    def set(self, value: float) -> None:
        self.figures[self.key] = value

    def forget(self) -> None:
        self.figures.pop(self.key, None)


class Meters:
    def __init__(self) -> None:
        self.outbox_pending = Meter()
        self.outbox_oldest = Meter()
        self.relayed = Meter()


def relay_to(db: Database, *sinks: Any, metrics: Any = None, retries: Retries = EAGER) -> Relay:
    return Relay(db, sinks, metrics, retries=retries, pause=QUICK)


@asynccontextmanager
async def running(*jobs: Any) -> AsyncIterator[None]:
    """Have `job.run()` of each run meanwhile."""
    tasks = [asyncio.create_task(job.run()) for job in jobs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def truth(value: object) -> bool:
    """For `eventually`, which awaits."""
    return bool(value)


async def holds(found: Awaitable[object], expected: object) -> bool:
    return bool(await found == expected)
