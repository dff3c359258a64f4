"""What the worker does for the inventory: give back what has expired, and check that everything still agrees."""

from __future__ import annotations

from dataclasses import dataclass

from backend.db.pool import Database
from backend.db.queries import load_sql
from backend.features.inventory.holds import queries
from backend.telemetry.metrics import Metrics

INVARIANTS = load_sql(__package__, "invariants.sql")
_MOST = 1000  # holds a statement: bounded, so that no pool is locked for long


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that should be true and is not."""

    invariant: str
    subject: str
    figures: str
    oversold: int

    def __str__(self) -> str:
        return f"{self.invariant}: {self.subject}: {self.figures}"


async def give_back_expired(database: Database) -> tuple[int, int]:
    """Release every hold that is due, and end the orders that were not paid for; how many of each that were."""
    holds = orders = 0
    for query in (queries.expire_holds, queries.lapse_orders):
        expired = _MOST
        while expired >= _MOST:
            expired, lapsed = await database.fetch_one(query, {"most": _MOST}) or (0, 0)
            holds += expired
            orders += lapsed
    return holds, orders


async def forget_extensions(database: Database) -> None:
    """Delete the answers to extensions whose baskets are long over: nobody asks for them again."""
    while await database.execute(queries.forget_extensions, {"most": _MOST}) >= _MOST:
        pass


def count_expired(metrics: Metrics, holds: int, orders: int) -> None:
    """Count holds that expired, and orders that lapsed by it."""
    metrics.holds_expired.inc(holds)
    metrics.orders.labels("lapsed").inc(orders)


async def broken_invariants(database: Database) -> list[Broken]:
    """What is wrong with stock, orders and money; nothing, always, or somebody must be woken."""
    return [Broken(*row) for row in await database.fetch_all(INVARIANTS, retry=True)]
