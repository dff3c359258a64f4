"""The demonstration season: demo.yaml, applied like any event file, with some of its seats already taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from backend.db.pool import Database
from backend.domain.ids import uuid7
from backend.features.catalogue.apply import Change, apply_events, queries

DEMO = Path(__file__).with_name("demo.yaml")
_SOLD_OUT = "the-small-hours"
_HALF_FULL = "the-snow-road"
_GAP = 5  # of so many parties in a row of the half-full hall, one has not come


class SeedRefusedError(ValueError):
    """Demonstration events have no place in production."""


@dataclass(frozen=True, slots=True)
class _Party:
    """People who go together. seats: '{}' in general admission, else an array literal of seat ids."""

    size: int
    seats: str = "{}"


async def seed(db: Database, *, environment: str, now: datetime) -> list[Change]:
    """Publish the demonstration season; again, it changes nothing but events that are over, which get a new date."""
    if environment == "prod":
        raise SeedRefusedError("seed puts demonstration events on sale, so it refuses to run in prod")
    changes = await apply_events(db, DEMO, now=now)
    await _sell_out(db, _SOLD_OUT)
    await _sell_some_seats(db, _HALF_FULL)
    return changes


async def _sell_out(db: Database, slug: str) -> None:
    for type_id, available, most in await db.fetch_all(queries.ticket_types_of, {"slug": slug}):
        full, rest = divmod(available, most)
        await _give_away(db, type_id, [_Party(most)] * full + [_Party(rest)] * bool(rest))


async def _sell_some_seats(db: Database, slug: str) -> None:
    for type_id, _, _ in await db.fetch_all(queries.ticket_types_of, {"slug": slug}):
        rows = await db.fetch_all(queries.seats_of_type, {"type": type_id})
        parties = [party for place, (_, seats) in enumerate(rows) for party in _parties(place, seats)]
        await _give_away(db, type_id, parties)


def _parties(row: int, seats: Sequence[int]) -> list[_Party]:
    """Twos, threes and fours from the middle of the row outwards, fewer towards the back."""
    middle = len(seats) // 2
    reach = max(3, middle - 2 - row)
    parties, place = [], middle - reach
    while place < middle + reach:
        size = 2 + (row * 3 + place) % 3
        if (row + place) % _GAP:
            chosen = seats[place : place + size]
            parties.append(_Party(len(chosen), "{" + ",".join(map(str, chosen)) + "}"))
        place += size
    return parties


async def _give_away(db: Database, type_id: int, parties: Sequence[_Party]) -> None:
    """Orders of the box office that cost nothing, one for each party that still finds its seats."""
    if not parties:
        return
    ids = {name: [uuid7() for _ in parties] for name in ("holds", "baskets", "orders", "payments")}
    values = {
        **ids,
        "type": type_id,
        "groups": len(parties),
        "quantities": [party.size for party in parties],
        "seats": [party.seats for party in parties],
    }
    async with db.transaction() as tx:
        for step in (queries.give_away, queries.charge_nothing, queries.confirm_gifts):
            await tx.execute(step, values)
